/**
 * One conversation, either side of it: seals and opens packets, keeps the peer's address, the idle
 * limit and the close. What the packets say is the payload's. Knows nothing of handshakes: who made
 * it says when the peer has confirmed it. wire/README.md §3.
 */
import {assert} from '../assert.ts';
import {datagramSizeInitial} from '../limit.ts';
import type {Crypto} from '../platform/crypto.ts';
import type {Address, DatagramSizes, Transmit} from '../platform/datagram.ts';
import {earlier, later, type Micros, millis, never} from '../unit.ts';
import {Reader, Writer} from '../wire/codec.ts';
import {decodeFrame, encodeFrame, frameTable} from '../wire/frame.ts';
import type {DropReason} from './drop.ts';
import type {PacketBuffer} from './packet-buffer.ts';
import {fullNumber, numberSize, readU32} from './packet-header.ts';
import {type PacketKeys, tagSize} from './packet-keys.ts';
import type {PathAllowance} from './path-allowance.ts';
import {PathMtu} from './path-mtu.ts';
import {closeCode, type Payload, type SessionHandle} from './payload.ts';
import {PeerPath} from './peer-path.ts';
import {ReplayWindow} from './replay-window.ts';
import {SkippedNumbers} from './skipped-numbers.ts';

/** How a session ended: `self` and `peer` closed it, the rest happened to it. */
export type SessionEnd = {
	readonly by: 'self' | 'peer' | 'malformed' | 'idle' | 'silent' | 'limit' | 'defect';
	readonly code: number;
	readonly text: string;
};

export type SessionOptions = {
	readonly crypto: Crypto;
	readonly now: Micros;
	readonly keys: PacketKeys;
	readonly path: PathAllowance;
	/** Of the first packets' header: salt or ticket. */
	readonly prefix: Uint8Array;
	readonly buffer: PacketBuffer;
	/** Microseconds without a packet of the peer. */
	readonly idleTimeout: number;
	/** Microseconds until the peer must have confirmed; it is pinged until then, and kept alive. */
	readonly confirmTimeout?: number;
	/** Of the header once the peer has confirmed, where it is known from the start. */
	readonly plainPrefix?: Uint8Array;
	/** Gives the payload when the first packet was opened; undefined: the session is refused. */
	readonly accept?: (session: Session) => Payload | undefined;
	/** Whether an address is known to be the peer's without a challenge. */
	readonly isHome?: (address: Address) => boolean;
	/** How large datagrams may become; absent: they stay at the initial size. */
	readonly sizes?: DatagramSizes | undefined;
	/** There may be something to send, and timers may have changed. */
	readonly onWake?: () => void;
	readonly onEnd?: (end: SessionEnd) => void;
};

export class Session implements SessionHandle {
	readonly #options: SessionOptions;
	readonly #keys: PacketKeys;
	readonly #window = new ReplayWindow();
	/** Only if the payload's numbers skip. */
	#skipped: SkippedNumbers | undefined;
	#payload: Payload | undefined;
	#state: 'open' | 'closing' | 'closed' = 'open';
	#now: Micros;

	#prefix: Uint8Array;
	#confirmed = false;
	#nextNumber = 0;
	#forgedCount = 0;

	readonly #paths: PeerPath;
	readonly mtu: PathMtu;

	#pingDue = false;
	/** The peer has asked for a packet, whatever is in it. */
	#answerDue = false;
	#heardAt: Micros;
	/** When something of the payload came last: from then on the session is only kept alive. */
	#usedAt: Micros;
	#pingAt: Micros;
	#pingPause = pingPauseFirst;
	#confirmBy: Micros;

	#close: {readonly code: number; readonly text: string} = {code: 0, text: ''};
	#closeDue = false;
	#closeAgainAt: Micros;
	#forgetAt = never;

	constructor(options: SessionOptions) {
		const {crypto, keys, now, path, prefix, isHome, sizes} = options;
		this.#options = options;
		this.#keys = keys;
		this.#paths = new PeerPath({path, random: crypto.random, now, isHome});
		this.mtu = new PathMtu(sizes ?? {max: datagramSizeInitial});
		this.#prefix = prefix;
		this.#now = now;
		this.#heardAt = now;
		this.#usedAt = now;
		this.#closeAgainAt = now;
		this.#pingAt = never;
		this.#confirmBy = never;
	}

	get payloadMax(): number {
		return this.mtu.size - this.overhead;
	}

	get overhead(): number {
		return this.#prefix.length + numberSize + tagSize;
	}

	get validated(): boolean {
		return this.#paths.main.validated;
	}

	get peer(): Address {
		return this.#paths.main.address;
	}

	get confirmed(): boolean {
		return this.#confirmed;
	}

	/** Neither closed nor closing. */
	get open(): boolean {
		return this.#state === 'open';
	}

	/** Nothing is left to do: it may be forgotten. */
	get ended(): boolean {
		return this.#state === 'closed';
	}

	wasSkipped(from: number, to: number): boolean {
		if (to >= this.#nextNumber) return true;
		return this.#skipped?.hasAny(from, to) ?? false;
	}

	wake(): void {
		this.#options.onWake?.();
	}

	/** Gives the session what it is for. An initiator's begins to send now. */
	attach(payload: Payload, now: Micros): void {
		assert(this.#payload === undefined && this.open, 'a payload is attached once');
		this.#payload = payload;
		if (payload.skips) this.#skipped = new SkippedNumbers(this.#options.crypto);
		this.#now = now;
		this.#heardAt = now;
		this.#usedAt = now;
		if (this.#options.confirmTimeout !== undefined) {
			this.#confirmBy = later(now, this.#options.confirmTimeout);
			this.#pingDue = true;
			this.#pingAt = later(now, this.#pingPause);
			this.#pingPause *= 2;
		}
		this.wake();
	}

	/** The peer has what the first packets' headers carry: the rest go with `prefix`. */
	confirm(prefix: Uint8Array | undefined = this.#options.plainPrefix): void {
		assert(prefix !== undefined, 'the connection id of the peer is known');
		this.#prefix = prefix;
		this.#confirmed = true;
		this.#confirmBy = never;
		if (this.#pingAt !== never) this.#noteHeard(this.#now);
	}

	close(code: number, text: string): void {
		this.#end({by: 'self', code, text});
	}

	/**
	 * Something in it threw what it must not, so nothing in it can be relied on: ends it. Called
	 * again, because it cannot even be ended, forgets it at once.
	 */
	abandon(): void {
		if (this.#state !== 'open') this.#state = 'closed';
		else this.#end({by: 'defect', code: closeCode.unavailable, text: 'internal error'});
	}

	/** A packet that names this session; opened in place. Answers why, if it is dropped. */
	handlePacket(
		data: Uint8Array,
		headerSize: number,
		phase: number,
		from: Address,
		now: Micros,
	): DropReason | undefined {
		if (this.#state === 'closed') return 'stranger';
		if (data.length < headerSize + tagSize) return 'short';
		this.#now = now;
		const wire = readU32(data, headerSize - numberSize);
		const number = fullNumber(this.#window.largest, wire);
		if (!this.#window.accepts(number)) return 'replayed';
		if (!this.#keys.open(data, headerSize, data.length, number, phase)) {
			if (++this.#forgedCount >= forgedMax) this.#end(limitReached);
			return 'forged';
		}
		const newest = number > this.#window.largest;
		this.#window.mark(number);
		this.#noteHeard(now);
		if (this.#paths.onPacket(from, data.length, newest && this.open, now)) this.#moved();
		if (this.#payload === undefined) this.#accept();
		if (this.#state === 'closing') this.#repeatClose();
		else this.#read(number, data, headerSize, from);
		this.wake();
		return undefined;
	}

	handleTimeout(now: Micros): void {
		this.#now = now;
		if (this.#state !== 'open') {
			if (now >= this.#forgetAt) this.#state = 'closed';
			return;
		}
		if (now >= this.#confirmBy) {
			this.#end({by: 'silent', code: closeCode.idle, text: 'no reply'});
			return;
		}
		if (this.#payload !== undefined && now >= this.#idleAt) {
			this.#end({by: 'idle', code: closeCode.idle, text: 'silence'});
			return;
		}
		if (now >= this.#pingAt) {
			this.#pingDue = true;
			this.#pingAt = later(now, this.#pingPause);
			this.#pingPause *= 2;
		}
		this.#paths.handleTimeout();
		this.#payload?.handleTimeout(now);
		this.wake();
	}

	/** May change after any other call. */
	pollTimeout(): Micros {
		if (this.#state === 'closed') return never;
		if (this.#state === 'closing') return this.#forgetAt;
		let at = earlier(this.#pingAt, this.#confirmBy);
		const {main, candidate, challenge} = this.#paths;
		if (candidate !== undefined && this.#mayBegin(candidate.path)) {
			at = earlier(at, candidate.dueAt);
		}
		if (this.#payload === undefined) return at;
		at = earlier(at, this.#idleAt);
		// What waits for the peer's next packet to be allowed waits for no time.
		if (challenge !== undefined && this.#mayBegin(main)) at = earlier(at, challenge.dueAt);
		return this.#mayFill(main) ? earlier(at, this.#payload.pollTimeout()) : at;
	}

	pollTransmit(now: Micros): Transmit | undefined {
		this.#now = now;
		if (this.#state === 'closed') return undefined;
		if (this.#state === 'closing') return this.#pollClose();
		return this.#pollElsewhere() ?? this.#pollProbe() ?? this.#pollMain();
	}

	get #idleAt(): Micros {
		return later(this.#heardAt, this.#options.idleTimeout);
	}

	/** The peer is there. It is asked again after some silence, as long as that is of use. */
	#noteHeard(now: Micros): void {
		this.#heardAt = now;
		if (this.#options.confirmTimeout === undefined || !this.#confirmed) return;
		const isOfUse = now - this.#usedAt < keepAliveMax;
		const pause = Math.min(keepAlivePause, this.#options.idleTimeout / 2);
		this.#pingAt = isOfUse ? later(now, pause) : never;
		this.#pingPause = pingPauseFirst;
	}

	#accept(): void {
		if (this.#options.accept === undefined || !this.open) return;
		const payload = this.#options.accept(this);
		if (payload !== undefined) this.attach(payload, this.#now);
		else this.#end({by: 'self', code: closeCode.unavailable, text: 'no such session'});
	}

	/** The session's own frames come first in a packet; the rest is the payload's. */
	#read(number: number, data: Uint8Array, headerSize: number, from: Address): void {
		let offset = headerSize;
		const end = data.length - tagSize;
		if (offset < end && data[offset]! <= frameTable.pathResponse.type) {
			const reader = new Reader(data, headerSize, end);
			if (!this.#readOwn(reader, from)) return;
			offset = reader.offset;
		}
		const rest = data.subarray(offset, end);
		if (rest.length > 0) this.#usedAt = this.#now;
		const code = this.#payload?.handlePacket(number, rest, data.length, this.#now);
		if (code !== undefined) this.#end({by: 'malformed', code, text: 'refused'});
	}

	/** False if the session has ended. */
	#readOwn(reader: Reader, from: Address): boolean {
		while (reader.left > 0 && reader.bytes[reader.offset]! <= frameTable.pathResponse.type) {
			if (reader.bytes[reader.offset] === frameTable.padding.type) {
				reader.offset++;
				continue;
			}
			const frame = decodeFrame(reader);
			switch (frame?.name) {
				case 'ping':
					this.#answerDue = true;
					break;
				case 'close':
					return this.#handleClose(frame.code, frame.text);
				case 'pathChallenge':
					this.#paths.onChallenge(frame.data, from);
					break;
				case 'pathResponse':
					if (this.#paths.onResponse(frame.data)) this.#moved();
					break;
				default:
					this.#end({by: 'malformed', code: closeCode.malformed, text: 'malformed frame'});
					return false;
			}
		}
		return true;
	}

	#handleClose(code: number, text: Uint8Array): boolean {
		const shown = new TextDecoder().decode(text.subarray(0, closeTextMax));
		this.#state = 'closed';
		this.#finish({by: 'peer', code, text: shown});
		return false;
	}

	/** The peer is at another address: what was known of the path is void. */
	#moved(): void {
		this.mtu.reset();
		this.#payload?.pathChanged(this.#now);
	}

	/** Packets to an address that is not the peer's yet: a question, or an answer to one. */
	#pollElsewhere(): Transmit | undefined {
		if (!this.#paths.isElsewhereDue(this.#now)) return undefined;
		const {path} = this.#paths.candidate!;
		const to = this.#begin(path, datagramSizeInitial);
		if (to === undefined) return undefined;
		this.#paths.putElsewhere(to, this.#now);
		return this.#seal(to, path);
	}

	/** A packet that is worth nothing but its size. */
	#pollProbe(): Transmit | undefined {
		const {main} = this.#paths;
		const payload = this.#payload;
		if (!this.#confirmed || !main.validated || payload?.pollProbe === undefined) return undefined;
		const size = this.mtu.probeSize(this.#now);
		if (size === 0 || size > (payload.probeMax?.(this.#now) ?? 0)) return undefined;
		const to = this.#begin(main, size);
		if (to === undefined || !payload.pollProbe(this.#nextNumber, to, this.#now)) return undefined;
		to.zero(to.room);
		this.mtu.onProbe(this.#nextNumber, size, this.#now);
		return this.#seal(to, main);
	}

	#pollMain(): Transmit | undefined {
		const {main} = this.#paths;
		const to = this.#begin(main, this.mtu.size);
		if (to === undefined) return undefined;
		const start = to.offset;
		this.#putOwn(to);
		const own = to.offset;
		const payload = this.#mayFill(main) ? this.#payload : undefined;
		if (!(payload?.pollPacket(this.#nextNumber, to, this.#now) ?? false)) to.rewind(own);
		if (this.#state !== 'open') return this.pollTransmit(this.#now);
		assert(!to.overflowed, 'the payload has rewound what did not fit');
		if (to.offset === start) {
			if (!this.#answerDue) return undefined;
			to.u8(frameTable.padding.type);
		}
		this.#answerDue = false;
		const size = to.offset - this.#options.buffer.offset + tagSize;
		this.mtu.onSent(this.#nextNumber, size, this.#now);
		return this.#seal(to, main);
	}

	#putOwn(to: Writer): void {
		this.#paths.putMain(to, this.#now);
		if (this.#pingDue) encodeFrame('ping', {}, to);
		this.#pingDue = false;
	}

	#pollClose(): Transmit | undefined {
		if (!this.#closeDue || this.#keys.exhausted) return undefined;
		const {main} = this.#paths;
		const to = this.#begin(main, datagramSizeInitial);
		if (to === undefined) return undefined;
		this.#closeDue = false;
		const text = new TextEncoder().encode(this.#close.text).subarray(0, closeTextMax);
		encodeFrame('close', {code: this.#close.code, text}, to);
		return this.#seal(to, main);
	}

	/** A straggler has not heard of the end: says it again, but not to each packet. */
	#repeatClose(): void {
		if (this.#now < this.#closeAgainAt) return;
		this.#closeDue = true;
		this.#closeAgainAt = later(this.#now, closePause);
	}

	/** Whether there is room for the session's own frames. */
	#mayBegin(path: PathAllowance): boolean {
		return path.room >= this.overhead + ownSizeMax;
	}

	/** Whether there is room for a packet that is worth its header. */
	#mayFill(path: PathAllowance): boolean {
		return path.room >= datagramSizeInitial / 2;
	}

	/** Starts a packet to the path's address: undefined if its allowance has no room for one. */
	#begin(path: PathAllowance, sizeMax: number): Writer | undefined {
		if (this.#keys.exhausted) {
			this.#end(limitReached);
			return undefined;
		}
		if (!this.#mayBegin(path)) return undefined;
		const size = Math.min(sizeMax, path.room);
		while (this.#skipped?.has(this.#nextNumber)) this.#nextNumber++;
		const {buffer} = this.#options;
		buffer.reserve(size);
		const to = new Writer(buffer.bytes, buffer.offset, buffer.offset + size - tagSize);
		to.put(this.#prefix);
		to.u32(this.#nextNumber % 2 ** 32);
		return to;
	}

	#seal(to: Writer, path: PathAllowance): Transmit {
		const {buffer} = this.#options;
		const headerSize = this.#prefix.length + numberSize;
		const size = to.offset - buffer.offset + tagSize;
		const data = to.bytes.subarray(buffer.offset, buffer.offset + size);
		data[0]! |= this.#keys.sendPhase;
		this.#keys.seal(data, headerSize, size, this.#nextNumber++);
		this.#keys.update();
		buffer.take(size);
		assert(path.take(size), 'more than an address may be sent');
		return {data, to: path.address};
	}

	#end(end: SessionEnd): void {
		if (this.#state !== 'open') return;
		this.#state = 'closing';
		this.#close = end;
		this.#closeDue = true;
		this.#closeAgainAt = later(this.#now, closePause);
		this.#forgetAt = later(this.#now, closingTime);
		this.#finish(end);
	}

	#finish(end: SessionEnd): void {
		const payload = this.#payload;
		this.#payload = undefined;
		this.#options.onEnd?.(end);
		this.wake();
		payload?.closed(end.code, end.text);
	}
}

const limitReached: SessionEnd = {by: 'limit', code: closeCode.limit, text: 'limit of a key'};

/** Octets that the session's own frames may take in one packet: two path frames and a ping. */
const ownSizeMax = 2 * 9 + 1;
const closeTextMax = 255;
/** Until a round trip is known. RFC 9002 §6.2.2 takes the same second. */
const pingPauseFirst = 1_000_000;
/**
 * Silence until a ping: 30 s are short enough for most routers that map addresses (RFC 9000
 * §10.1.2), 15 s the shortest that RFC 8085 §3.5 has, so one ping may get lost and be repeated.
 */
const keepAlivePause = millis(15_000);
/**
 * So long a session without use is kept: a search of large files or a publish may take as long.
 * Then the source gets its place back, and who wants something after all dials again.
 */
const keepAliveMax = millis(3_600_000);
/** Between repeats of a close, in microseconds. */
const closePause = 100_000;
/** A closed session stays to tell stragglers. */
const closingTime = millis(3000);
/** RFC 9001 §6.6: the integrity limit of ChaCha20-Poly1305; that of AES-GCM is higher. */
const forgedMax = 2 ** 36;
