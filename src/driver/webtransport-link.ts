/**
 * One WebTransport session as a datagram link, over HTTP/3 or HTTP/2, at either end. What it may
 * have on its way is bounded by a window of its own, because the package takes everything and says
 * nothing; rates, losses and wants are the session's that runs over it, as on every link.
 */
import {Arrivals} from '../../native-free/arrivals.ts';
import {freeLarge} from '../../native-free/free-memory.ts';
import {assert} from '../assert.ts';
import {ShoalError} from '../error.ts';
import {datagramSizeInitial} from '../limit.ts';
import type {Clock} from '../platform/clock.ts';
import type {
	Address,
	DatagramLink,
	DatagramSizes,
	LinkHandler,
	LinkStatistics,
	Transmit,
} from '../platform/datagram.ts';
import {type Micros, millis, never} from '../unit.ts';
import type {CapsuleChannel} from './capsule-channel.ts';
import {CreditWindow} from './credit-window.ts';
import {SendRate} from './send-rate.ts';
import {
	type CloseInfo,
	channelOf,
	http2DatagramMax,
	http2Of,
	type PackageSession,
} from './webtransport-package.ts';

/** What carries a session: the two differ in sizes and windows, and in what they drop. */
export type WebTransportMode = 'h3' | 'h2';

export type WebTransportLinkOptions = {
	readonly session: PackageSession;
	readonly mode: WebTransportMode;
	readonly local: Address;
	/** The only address that it sends to and hears from. */
	readonly peer: Address;
	readonly clock: Clock;
};

/**
 * Largest datagrams. Over HTTP/3 the limit is that of a packet of QUIC, 1,211 octets as measured:
 * every path carries the initial size and none is worth a search.
 */
const sizeMax = {h3: datagramSizeInitial, h2: http2DatagramMax} as const;

/**
 * Octets that may always be on their way. Over HTTP/3, 32 datagrams: what waits there for longer
 * than a quarter more than the least round trip is dropped. Over HTTP/2 nothing is dropped, and
 * the least is what keeps a loopback busy.
 */
const windowMin = {h3: 32 * datagramSizeInitial, h2: 128 << 10} as const;

/** Octets: the largest that a window may grow to, whatever a path seems to carry. */
const windowMax = 64 << 20;

/**
 * What a receiver of HTTP/2 lets the other end send ahead of it, in octets. Node's own 65,535 would
 * bound a path of 100 ms to 5 Mbit/s; RFC 9113 §6.9. What may be on its way is bounded by grants.
 */
const http2Window = 32 << 20;

/**
 * Octets of echoes that may wait behind the datagrams of a window. A peer that sends marks and
 * reads no echo would fill the memory with them; one that reads asks again for an echo it misses.
 */
const echoesMax = 16 << 10;

/** Milliseconds for which the other end may leave its close unanswered. */
const lingerMs = 300;

export class WebTransportLink implements DatagramLink {
	readonly local: Address;
	readonly mode: WebTransportMode;
	readonly peer: Address;
	readonly payloadMax: number;
	readonly sizes: DatagramSizes;
	readonly statistics: LinkStatistics = {
		datagramsIn: 0,
		datagramsOut: 0,
		bytesIn: 0,
		bytesOut: 0,
		sendFailures: 0,
	};
	readonly #session: PackageSession;
	readonly #clock: Clock;
	/** What carries datagrams past the package, where there is such a thing; else the package. */
	readonly #channel: CapsuleChannel | undefined;
	readonly #writer: {write(datagram: Uint8Array): Promise<void>} | undefined;
	readonly #credit: CreditWindow;
	/** Over HTTP/3 alone. */
	readonly #rate: SendRate | undefined;
	readonly #destroy: () => void;
	readonly #arrivals = new Arrivals();
	#drained: (() => void) | undefined;
	#cancelTimer: (() => void) | undefined;
	#ended: ShoalError | undefined;
	#closed: Promise<void> | undefined;

	/** Of a session that is ready. */
	constructor({session, mode, local, peer, clock}: WebTransportLinkOptions) {
		this.#session = session;
		this.mode = mode;
		this.local = local;
		this.peer = peer;
		this.#clock = clock;
		this.payloadMax = sizeMax[mode];
		this.sizes = {max: sizeMax[mode]};
		this.#channel = channelOf(session);
		this.#writer = this.#channel ? undefined : session.datagrams.createWritable().getWriter();
		this.#credit = new CreditWindow({windowMin: windowMin[mode], windowMax});
		if (mode === 'h3') this.#rate = new SendRate(session, this.#credit, clock, windowMax);
		const http2 = http2Of(session);
		if (http2 !== undefined) {
			http2.setLocalWindowSize(http2Window);
			http2.settings({initialWindowSize: http2Window});
		}
		this.#destroy = () => {
			if (http2 === undefined || http2.destroyed) return;
			http2.close();
			setTimeout(() => http2.destroy(), lingerMs).unref();
		};
		session.closed.then(
			info => this.#onEnd(info),
			() => this.#onEnd({}),
		);
		if (this.#channel === undefined) void this.#read();
		else this.#channel.receive(data => this.#onDatagram(data));
	}

	/** Octets that have left and were not taken out at the other end yet, as far as is known. */
	get outstanding(): number {
		return this.#credit.outstanding;
	}

	/** Octets that wait at this end, as far as can be seen: no more than a window and some echoes. */
	get queued(): number {
		return this.#channel?.queued ?? 0;
	}

	send(batch: readonly Transmit[]): number {
		const {statistics} = this;
		if (this.#isOver) {
			statistics.sendFailures += batch.length;
			return batch.length;
		}
		const now = this.#clock.now();
		for (const [index, {data, to}] of batch.entries()) {
			assert(to === this.peer, 'a session of WebTransport has one peer');
			if (data.length > this.payloadMax) {
				statistics.sendFailures++;
				continue;
			}
			if (!this.#credit.admits(data.length) || this.#rate?.admits(data.length, now) === false) {
				this.#arm(now);
				return index;
			}
			this.#credit.onSent(data.length);
			this.#rate?.onSent(data.length);
			this.#write(data);
			statistics.datagramsOut++;
			statistics.bytesOut += data.length;
			this.#mark(now);
		}
		return batch.length;
	}

	drained(then: () => void): void {
		assert(this.#drained === undefined, 'one waits for the link already');
		this.#drained = then;
		this.#arm(this.#clock.now());
	}

	receive(handler: LinkHandler): void {
		this.#arrivals.attach(handler);
	}

	release(data: Uint8Array): void {
		freeLarge(data);
	}

	/** Tells the other end, and waits a moment for it to go. */
	close(): Promise<void> {
		this.#closed ??= this.#close({closeCode: 0, reason: ''});
		return this.#closed;
	}

	async #close(info: CloseInfo): Promise<void> {
		this.#arrivals.attach(undefined);
		this.#drained = undefined;
		this.#cancelTimer?.();
		if (this.#ended === undefined) {
			this.#session.close(info);
			await new Promise<void>(resolve => {
				const cancel = this.#clock.at((this.#clock.now() + millis(lingerMs)) as Micros, resolve);
				const gone = (): void => {
					cancel();
					resolve();
				};
				this.#session.closed.then(gone, gone);
			});
		}
		this.#destroy();
	}

	get #isOver(): boolean {
		return this.#closed !== undefined || this.#ended !== undefined;
	}

	#write(data: Uint8Array): void {
		if (this.#channel !== undefined) this.#channel.send(data);
		else this.#writer?.write(data).catch(this.#onWriteError);
	}

	/** That the session is over is told by itself. */
	readonly #onWriteError = (): void => {
		this.statistics.sendFailures++;
	};

	#mark(now: Micros): void {
		const total = this.#credit.takeMark(now);
		if (total !== undefined) this.#write(encodeFrame(markType, total));
	}

	async #read(): Promise<void> {
		const reader = this.#session.datagrams.readable.getReader();
		try {
			for (;;) {
				const {done, value} = await reader.read();
				if (done || value === undefined) return;
				// It may be a Buffer, whose slice() is no copy.
				this.#onDatagram(new Uint8Array(value.buffer, value.byteOffset, value.length));
			}
		} catch (error) {
			this.#onEnd({reason: (error as Error).message});
		}
	}

	#onDatagram(data: Uint8Array): void {
		const type = data[0];
		if (type === markType || type === echoType) {
			this.#onFrame(type, data);
			return;
		}
		this.statistics.datagramsIn++;
		this.statistics.bytesIn += data.length;
		this.#arrivals.add({data, from: this.peer});
	}

	#onFrame(type: number, data: Uint8Array): void {
		const total = decodeFrame(data);
		if (total === undefined || this.#isOver) return;
		if (type === markType) {
			const isFull = this.queued > this.#credit.window + echoesMax;
			if (!isFull) this.#write(encodeFrame(echoType, total));
			return;
		}
		const now = this.#clock.now();
		this.#credit.onEcho(total, now);
		this.#look(now);
	}

	/** Whether what waits may be offered again; if not, looks again when time alone may help. */
	#look(now: Micros): void {
		if (this.#isOver || this.#drained === undefined) return;
		const isOpen = this.#credit.admits(this.payloadMax) && this.#rate?.admits(0, now) !== false;
		if (!isOpen) {
			this.#arm(now);
			return;
		}
		this.#cancelTimer?.();
		this.#cancelTimer = undefined;
		const then = this.#drained;
		this.#drained = undefined;
		then();
	}

	#arm(now: Micros): void {
		const at = Math.min(this.#credit.retryAt, this.#rate?.opensAt(now) ?? never) as Micros;
		this.#cancelTimer?.();
		this.#cancelTimer = undefined;
		if (at === never || this.#isOver) return;
		this.#cancelTimer = this.#clock.at(at, () => {
			this.#cancelTimer = undefined;
			const later = this.#clock.now();
			if (this.#isOver) return;
			this.#mark(later);
			if (this.#drained === undefined) this.#arm(later);
			else this.#look(later);
		});
	}

	#onEnd({closeCode, reason}: CloseInfo): void {
		if (this.#ended !== undefined) return;
		const why = closeCode ? `code ${closeCode}` : 'it was closed';
		const said = reason ? `: ${JSON.stringify(reason.slice(0, reasonMax))}` : '';
		const what = `the WebTransport session with ${this.peer} has ended (${why})${said}`;
		this.#ended = new ShoalError('PATH_UNREACHABLE', what);
		this.#cancelTimer?.();
		this.#drained = undefined;
		this.#arrivals.fail(this.#ended);
	}
}

/** First octets of what is the link's own: no datagram of a session begins so. */
const markType = 0xf0;
const echoType = 0xf1;
const frameSize = 9;

function encodeFrame(type: number, total: number): Uint8Array {
	const frame = new Uint8Array(frameSize);
	frame[0] = type;
	new DataView(frame.buffer).setBigUint64(1, BigInt(total));
	return frame;
}

/** Undefined if it is none: not of that size, or beyond what can be counted. */
function decodeFrame(data: Uint8Array): number | undefined {
	if (data.length !== frameSize) return undefined;
	const view = new DataView(data.buffer, data.byteOffset, data.length);
	const total = Number(view.getBigUint64(1));
	return Number.isSafeInteger(total) ? total : undefined;
}

/** Letters of the peer's reason that are shown. */
const reasonMax = 120;
