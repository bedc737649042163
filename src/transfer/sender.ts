/**
 * The source's side of a transfer: it answers wants with blocks, as fast as it is granted and as
 * the receipts prove. It does no work per client beyond reading the ranges that are asked for, and
 * keeps a bounded table. wire/README.md §5.
 */
import {RoundTrip} from '../congestion/round-trip.ts';
import {datagramSizeInitial, feedbackRest, packetOverhead} from '../limit.ts';
import {closeCode, type Payload, type SessionHandle} from '../session/payload.ts';
import {type Micros, never} from '../unit.ts';
import {Reader, type Writer} from '../wire/codec.ts';
import {DataFields} from '../wire/data-frame.ts';
import {
	dataFlagSourceLimited,
	decodeFrame,
	encodeFrame,
	type Frame,
	type FrameValue,
} from '../wire/frame.ts';
import {HeadOffer} from './head-offer.ts';
import {Outbox, patchWant, type ReadRequest, type SenderSource} from './outbox.ts';
import {Pacer} from './pacer.ts';
import {type ProvenFlight, ProvenPath} from './proven-path.ts';
import {type RateCap, RateTurns} from './rate-cap.ts';
import type {HeadDiff} from './request.ts';
import {SentLog} from './sent-log.ts';

export type {ReadRequest, SenderSource, Want} from './outbox.ts';

export type SenderOptions = {
	readonly session: SessionHandle;
	readonly source: SenderSource;
	readonly now: Micros;
	/** Rates never to be exceeded, as the network counts octets; others may have a part in them. */
	readonly caps?: readonly RateCap[];
	/** Octets read or being read and not yet sent; default 1 MiB. */
	readonly readAheadMax?: number | undefined;
	/** What the receiver's address has proved in an earlier session. */
	readonly lent?: ProvenFlight | undefined;
	/** Packets without blocks that follow the last block, so that its loss is seen. */
	readonly tailProbes?: number | undefined;
};

export type SendStatistics = {
	packetsOut: number;
	bytesOut: number;
	/** Octets of blocks. */
	blockBytesOut: number;
	feedbacksIn: number;
	wantsIn: number;
	refusals: number;
};

export class Sender implements Payload {
	readonly skips = true;
	readonly #session: SessionHandle;
	readonly #source: SenderSource;
	readonly #outbox: Outbox;
	readonly #log = new SentLog();
	readonly #pacer = new Pacer();
	readonly #turns: RateTurns;
	readonly #roundTrip = new RoundTrip();
	readonly #proven: ProvenPath;
	readonly #heads: HeadOffer;
	readonly #data = new DataFields();
	readonly #tailProbes: number;
	readonly #readAheadMax: number;
	#packetsOut = 0;
	#feedbacksIn = 0;
	/** The newest feedback, when it came, and whether a packet has said so. */
	#version = 0;
	#versionAt = 0;
	#echoed = true;
	/** When the first packet since the last feedback was sent; Infinity: none was. */
	#unansweredAt = Infinity;
	#now = 0;
	/** When a packet must go out even if it has no blocks; Infinity: none is due. */
	#answerAt = Infinity;
	/** Packets that follow the last block and are still to be sent; when the next is due. */
	#probesLeft = 0;
	#probeAt = 0;
	/** Octets that the receiver lets be sent in total; how fast is the pacer's. */
	#grantTotal = 0;
	/** Packets to be marked as sent by a source that had less to send than it was granted. */
	#limitedLeft = 0;
	/** Octets of probes of the path's MTU. */
	#probedBytes = 0;
	#closed = false;

	constructor(options: SenderOptions) {
		this.#session = options.session;
		this.#source = options.source;
		this.#outbox = new Outbox(options.source);
		this.#readAheadMax = options.readAheadMax ?? readAheadDefault;
		this.#proven = new ProvenPath(this.#log, this.#roundTrip, options.lent);
		this.#heads = new HeadOffer();
		this.#tailProbes = options.tailProbes ?? tailProbesDefault;
		this.#turns = new RateTurns(options.caps ?? []);
	}

	get statistics(): SendStatistics {
		return {
			packetsOut: this.#packetsOut,
			bytesOut: this.#log.total,
			blockBytesOut: this.#outbox.blockBytes,
			feedbacksIn: this.#feedbacksIn,
			wantsIn: this.#outbox.wantCount,
			refusals: this.#outbox.refusalCount,
		};
	}

	/** What the receiver's address has proved, for its next session. */
	get proven(): ProvenFlight | undefined {
		return this.#proven.record;
	}

	/** Nothing is wanted that has not been sent. */
	get idle(): boolean {
		return this.#outbox.empty;
	}

	/**
	 * The next stretch to read, if with it no more than so many octets are read or being read and
	 * not yet sent; its answer may change after every other call.
	 */
	pollRead(readAheadMax = this.#readAheadMax): ReadRequest | undefined {
		if (this.#closed) return undefined;
		const size = Math.min(readSizeMax, Math.max(readSizeMin, this.#rate * readTime));
		return this.#outbox.pollRead(Math.floor(size), readAheadMax, this.#rate * enoughTime);
	}

	/**
	 * What was read, exactly `length` octets that are not changed before `done` is called, or a
	 * refuse code. Reads may end in any order. Wakes the session.
	 */
	handleRead(request: ReadRequest, result: Uint8Array | number, done?: () => void): void {
		this.#outbox.handleRead(request, result, done);
		if (!this.#closed) this.#session.wake();
	}

	/** A newer snapshot: tells the receiver, and repeats it until that is receipted. */
	offerHead(statement: Uint8Array, diffs: readonly HeadDiff[]): void {
		this.#heads.add(statement, diffs);
		if (!this.#closed) this.#session.wake();
	}

	handlePacket(
		_number: number,
		payload: Uint8Array,
		_datagramSize: number,
		now: Micros,
	): number | undefined {
		if (this.#closed) return undefined;
		this.#now = now;
		const from = new Reader(payload);
		while (from.left > 0) {
			const frame = decodeFrame(from);
			if (from.failed) return closeCode.malformed;
			if (frame === undefined) break;
			const code = this.#onFrame(frame, now);
			if (code !== undefined) return code;
		}
		return undefined;
	}

	pollPacket(number: number, to: Writer, now: Micros): boolean {
		if (this.#closed) return false;
		this.#now = now;
		const start = to.offset;
		to.shorten(this.#payloadMax);
		if (this.#outbox.empty && !this.#echoed) this.#answerAt = now;
		const blocks = this.#mayFill(now);
		const probe = this.#probesLeft > 0 && now >= this.#probeAt;
		const head = this.#heads.due(now);
		if (!blocks && !probe && !head && now < this.#answerAt) return false;
		const room = this.#reserve(to, now);
		if (to.overflowed) {
			to.rewind(start);
			return false;
		}
		let wrote = head && this.#heads.write(number, to, now, this.#roundTrip.patience);
		if (blocks && this.#outbox.fill(to)) {
			wrote = true;
			this.#probesLeft = this.#outbox.empty ? this.#tailProbes : 0;
			this.#probeAt = now;
		} else if (probe) {
			wrote = true;
			this.#probesLeft--;
			this.#probeAt = now + this.#roundTrip.smoothed / 8;
		}
		if (!wrote && now < this.#answerAt) {
			to.rewind(start);
			return false;
		}
		this.#writeData(to, start, room);
		this.#onPacket(number, to.offset - start, now);
		return true;
	}

	/** As much as goes out in a moment, and as makes probes a small part of all that was sent. */
	probeMax(now: Micros): number {
		if (this.#roundTrip.sampleCount === 0 || !this.#outbox.ready) return 0;
		const spare = this.#log.total * probeShare - this.#probedBytes;
		if (spare < datagramSizeInitial || !this.#mayFill(now)) return 0;
		return Math.min(spare, this.#rate * probeTime);
	}

	pollProbe(number: number, to: Writer, now: Micros): boolean {
		const start = to.offset;
		const size = to.room + packetOverhead;
		if (this.#grantTotal - this.#log.total < size) return false;
		if (this.#log.inFlight + size > this.#provenMax) return false;
		const room = this.#reserve(to, now);
		encodeFrame('probe', {}, to);
		this.#writeData(to, start, room);
		this.#probedBytes += size;
		this.#onPacket(number, size - packetOverhead, now);
		return true;
	}

	handleTimeout(now: Micros): void {
		this.#now = now;
		this.#log.expire(now - this.#goneAfter);
	}

	pollTimeout(): Micros {
		if (this.#closed) return never;
		let at = Math.min(this.#answerAt, this.#heads.dueAt);
		if (this.#probesLeft > 0) at = Math.min(at, this.#probeAt);
		if (this.#outbox.ready) at = Math.min(at, this.#fillAt);
		return at === Infinity ? never : (Math.max(0, Math.ceil(at)) as Micros);
	}

	pathChanged(now: Micros): void {
		this.#log.reset();
		this.#roundTrip.reset();
		this.#proven.reset();
		this.#pacer.setRate(0, now);
	}

	closed(_code: number, _text: string): void {
		this.#closed = true;
		this.#outbox.withdraw(Infinity);
	}

	/** Counts a packet whose payload has so many octets. */
	#onPacket(number: number, payloadSize: number, now: Micros): void {
		const size = payloadSize + packetOverhead;
		this.#log.add(number, size, now);
		this.#proven.onSent(now);
		this.#pacer.spend(size);
		this.#turns.spend(size);
		this.#packetsOut++;
		this.#unansweredAt = Math.min(this.#unansweredAt, now);
		this.#answerAt = Infinity;
		this.#echoed = true;
	}

	/** Octets a second that it may send at most. */
	get #rate(): number {
		return Math.min(this.#pacer.rate, this.#turns.rate);
	}

	/** A full packet of a usual path, as octets of the network are counted. */
	get #packetSize(): number {
		return Math.min(this.#session.payloadMax, payloadUsual) + packetOverhead;
	}

	/**
	 * Octets of a packet's payload: what the path carries, but no more than may leave and than the
	 * rate brings in the time of a burst, so that large datagrams do not make a queue.
	 */
	get #payloadMax(): number {
		const {payloadMax} = this.#session;
		if (payloadMax <= payloadUsual) return payloadMax;
		const granted = this.#grantTotal - this.#log.total;
		const proven = this.#provenMax - this.#log.inFlight;
		const most = Math.min(granted, proven, this.#rate * burstTime) - packetOverhead;
		return Math.min(payloadMax, Math.max(payloadUsual, Math.floor(most)));
	}

	#onFrame(frame: Frame, now: Micros): number | undefined {
		switch (frame.name) {
			case 'feedback':
				return this.#onFeedback(frame, now);
			case 'receipt':
				return this.#onReceipt(frame, now);
			case 'want':
				return this.#outbox.add(frame);
			case 'wantPatch':
				return this.#outbox.add(patchWant(frame));
			case 'ask':
				this.#source.asked?.(frame.module, frame.sequence);
				return undefined;
			default:
				return closeCode.malformed;
		}
	}

	#onFeedback(frame: FrameValue<'feedback'>, now: Micros): number | undefined {
		if (frame.version === 0) return closeCode.malformed;
		if (frame.version <= this.#version) return undefined;
		this.#feedbacksIn++;
		this.#version = frame.version;
		this.#versionAt = now;
		this.#echoed = false;
		this.#unansweredAt = Infinity;
		this.#grantTotal = this.#log.before(frame.packet) + frame.bytes;
		this.#pacer.setRate(frame.rate, now);
		this.#answerAt = Math.min(this.#answerAt, now + this.#roundTrip.smoothed / 4);
		this.#session.mtu.onFeedback(now, this.#roundTrip.patience);
		return this.#outbox.withdraw(frame.below);
	}

	#onReceipt(frame: FrameValue<'receipt'>, now: Micros): number | undefined {
		let end = frame.largest;
		for (const {gap, length} of frame.ranges) {
			const to = end - gap;
			const from = to - length + 1;
			if (length === 0 || from < 0) return closeCode.malformed;
			if (this.#session.wasSkipped(from, to)) return closeCode.forgedReceipt;
			const sentAt = this.#log.receipt(from, to);
			if (sentAt >= 0) this.#roundTrip.add(Math.max(1, now - sentAt));
			this.#heads.onReceipt(from, to);
			this.#session.mtu.onReceipt(from, to, now);
			end = from - 1;
		}
		this.#log.closeMoment(now, this.#roundTrip.smoothed / 32);
		this.#proven.onReceipts(now);
		this.#log.expire(now - this.#goneAfter);
		return undefined;
	}

	/** Whether a packet of blocks may leave now. */
	#mayFill(now: Micros): boolean {
		const allowed = this.#pacer.allows(now);
		const bounded =
			now >= this.#pausesAt ||
			this.#grantTotal - this.#log.total < this.#packetSize ||
			this.#log.inFlight + this.#packetSize > this.#provenMax;
		if (bounded || !this.#outbox.ready) {
			if (allowed && !bounded) this.#limitedLeft = limitedCount;
			this.#pacer.hold();
			return false;
		}
		if (this.#pacer.takeLate()) this.#limitedLeft = limitedCount;
		if (!allowed || this.#turns.allows(now)) return allowed;
		// The path is granted more than the operator: what arrives says nothing of the path.
		this.#limitedLeft = limitedCount;
		this.#pacer.hold();
		return false;
	}

	/** When the next packet of blocks may leave, unless a feedback changes that. */
	get #fillAt(): number {
		if (this.#grantTotal - this.#log.total < this.#packetSize) return Infinity;
		let at = this.#pacer.readyAt(this.#now);
		if (at <= this.#now) at = this.#turns.readyAt(this.#now);
		if (this.#log.inFlight + this.#packetSize > this.#provenMax) {
			at = Math.max(at, this.#log.oldestAt + this.#goneAfter);
		}
		return at < this.#pausesAt ? at : Infinity;
	}

	/** Octets that may be in flight. */
	get #provenMax(): number {
		return this.#proven.flightMax(this.#now);
	}

	/** After that long without a receipt a packet is not in flight any more. RFC 9002 §6.1.2. */
	get #goneAfter(): number {
		const {smoothed, latest, sampleCount} = this.#roundTrip;
		if (sampleCount === 0) return goneUnknown;
		const roundTrip = Math.max(smoothed, latest);
		return Math.max(roundTrip * 1.375 + 1000, roundTrip + feedbackRest);
	}

	/** Silence of the receiver since a packet that it should have answered: then nothing leaves. */
	get #pausesAt(): number {
		if (this.#roundTrip.sampleCount === 0) return this.#unansweredAt + goneUnknown;
		const gap = (this.#packetSize * 1e6) / Math.max(1, this.#rate);
		const answer = Math.max(this.#roundTrip.smoothed, this.#roundTrip.latest) + gap;
		return this.#unansweredAt + Math.max(3 * answer, answer + feedbackRest);
	}

	/** Leaves room for `data`, whose last field is known when the packet is filled. */
	#reserve(to: Writer, now: Micros): number {
		const {taken} = this.#outbox;
		const data = this.#data;
		data.flags = this.#limitedLeft > 0 ? dataFlagSourceLimited : 0;
		data.time = now % 2 ** 32;
		data.version = this.#version;
		data.held = this.#echoed ? 0 : 1 + now - this.#versionAt;
		data.taken = taken;
		data.unsent = taken;
		to.zero(data.size);
		return data.size;
	}

	/** Writes `data` before what was filled in behind the `reserved` octets. */
	#writeData(to: Writer, start: number, reserved: number): void {
		const data = this.#data;
		data.unsent = this.#outbox.unsent;
		const spare = reserved - data.size;
		if (spare > 0) to.bytes.copyWithin(start + data.size, start + reserved, to.offset);
		const end = to.offset - spare;
		to.rewind(start);
		data.write(to);
		to.rewind(end);
		if (this.#limitedLeft > 0) this.#limitedLeft--;
	}
}

/**
 * Payloads up to this size, as over Ethernet, are filled whatever the rate; larger ones hold what
 * the rate brings in so many seconds: no more than a burst of small ones.
 */
const payloadUsual = 1472 - 25;
const burstTime = 0.00025;

/** Seconds of the rate that a probe of the path's MTU may take. */
const probeTime = 0.01;

/** Part of all octets sent that probes may be: an update of little is not worth a search. */
const probeShare = 1 / 32;

/** The same while no round trip is known. RFC 8085 §3.1.3: three seconds. */
const goneUnknown = 3_000_000;

/** Packets marked after a gap, so that the mark is seen although some are lost. */
const limitedCount = 4;

const tailProbesDefault = 2;

const readAheadDefault = 1 << 20;

/** A read is of 10 ms of the rate, within these bounds. */
const readSizeMin = 65_536;
const readSizeMax = 262_144;
const readTime = 0.01;

/**
 * Seconds of the rate that are enough at hand: a disk answers in that, and whoever asks for one
 * small file after another, at a low rate, has them read together and not each by a job of its own.
 */
const enoughTime = 0.05;
