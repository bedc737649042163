/**
 * The receiver's side of a transfer: it knows what it asked for and what came, so reliability and
 * rate are decided here. It turns requests into numbered wants, hands over every block as it
 * arrives, finds what was lost by the holes in what came, and asks for it again. It trusts nothing
 * that the source says beyond what it asked for. wire/README.md §5.
 */
import type {Controller} from '../congestion/controller.ts';
import {RoundTrip} from '../congestion/round-trip.ts';
import {packetOverhead} from '../limit.ts';
import {closeCode, type Payload} from '../session/payload.ts';
import {type Micros, never} from '../unit.ts';
import {Reader, type Writer} from '../wire/codec.ts';
import {BlockFields, DataFields} from '../wire/data-frame.ts';
import {dataFlagSourceLimited, decodeFrame, type Frame, frameTable} from '../wire/frame.ts';
import {Asking} from './asking.ts';
import {Ending, type EndingPath} from './ending.ts';
import {Feedback} from './feedback.ts';
import {Holes, type ReorderPolicy} from './holes.ts';
import {Intake} from './intake.ts';
import {Line} from './line.ts';
import type {FetchHandler, FetchRequest, FetchStatistics} from './request.ts';
import {Wants} from './wants.ts';

export type FetcherOptions = {
	readonly controller: Controller;
	readonly handler: FetchHandler;
	readonly now: Micros;
	/** A round trip measured by the handshake, in microseconds. */
	readonly roundTrip?: number | undefined;
	/** Octets handed over and not `taken` at which the grant closes; default: no bound. */
	readonly backlogMax?: number | undefined;
	/** Octets a second never to be exceeded, as the network counts them. */
	readonly rateMax?: number | undefined;
	/**
	 * Microseconds without anything new from a source that answers, at which the session is closed
	 * (`closeCode.idle`); default: never. Silence is not counted: that is the session's to judge.
	 */
	readonly stallTimeout?: number | undefined;
	/** When a hole counts as lost. */
	readonly reorder?: ReorderPolicy | undefined;
	/** How long to wait, in microseconds, before the `count`th probe of a silent source. */
	readonly patience?: ((roundTrip: RoundTrip, count: number) => number) | undefined;
};

/**
 * After `fetch`, `cancel` and `taken` the caller wakes the session: there may be something to send.
 */
export class Fetcher implements Payload {
	readonly skips = false;
	readonly statistics: FetchStatistics = {
		packetsIn: 0,
		bytesIn: 0,
		bytesNew: 0,
		bytesDuplicate: 0,
		bytesStray: 0,
		feedbacksOut: 0,
		wantsOut: 0,
		rangesLost: 0,
		rangesMissing: 0,
		bytesLost: 0,
		bytesLate: 0,
		rangesDuplicate: 0,
		silences: 0,
	};
	readonly #controller: Controller;
	readonly #handler: FetchHandler;
	readonly #patience: (roundTrip: RoundTrip, count: number) => number;
	readonly #roundTrip = new RoundTrip();
	readonly #wants = new Wants();
	readonly #asking = new Asking(this.#wants);
	readonly #ending: Ending;
	readonly #holes: Holes;
	readonly #intake: Intake;
	readonly #feedback: Feedback;
	readonly #backlogMax: number;
	#rateMax: number;
	/** Requests of no octets: done at the next opportunity. */
	#empty: Line[] = [];
	readonly #data = new DataFields();
	readonly #block = new BlockFields();
	/** The source's time of the newest packet, unwrapped. */
	#sentAt = -1;
	/** A round ends when the source has taken in this feedback. */
	#roundVersion = 1;
	/** Since when the source is silent, and how often it was probed since. */
	#quietSince = 0;
	#silences = 0;
	/** Something is asked for and the source may send it. */
	#waiting = false;
	/** Octets granted beyond the window to a source whose packets may all be lost. */
	#extension = 0;
	/** The last grant was cut by the backlog. */
	#diskBound = false;
	/** Whether the source ran out of octets in this round; in how many of the last, 0 … 1. */
	#limited = false;
	#limitedShare = 0;
	/** A grant of this round was less than the controller's. */
	#held = false;
	/** Statements of newer snapshots seen in this session. */
	readonly #heads: Uint8Array[] = [];
	/** When the last thing came that was wanted, and packets since then that brought nothing. */
	#progressAt = 0;
	#barrenAt = 0;
	#barrenCount = 0;
	readonly #stallTimeout: number;
	/** The last call with a time. */
	#calledAt = 0;
	#closed = false;

	constructor(options: FetcherOptions) {
		this.#controller = options.controller;
		this.#handler = options.handler;
		this.#patience = options.patience ?? patience;
		this.#backlogMax = options.backlogMax ?? Infinity;
		this.#rateMax = options.rateMax ?? Infinity;
		this.#stallTimeout = options.stallTimeout ?? Infinity;
		this.#holes = new Holes(options.reorder);
		this.#intake = new Intake({
			wants: this.#wants,
			asking: this.#asking,
			holes: this.#holes,
			controller: options.controller,
			handler: options.handler,
			statistics: this.statistics,
		});
		this.#feedback = new Feedback(this.#wants);
		this.#ending = new Ending({
			wants: this.#wants,
			asking: this.#asking,
			intake: this.#intake,
			statistics: this.statistics,
			path: () => this.#path,
		});
		if (options.roundTrip !== undefined) this.#sampleRoundTrip(options.roundTrip, options.now);
	}

	/** Asks for a line of octets; answers come through the handler, never from within this call. */
	fetch(request: FetchRequest): void {
		const line = new Line(request);
		this.#intake.add(line);
		if (request.length === 0) this.#empty.push(line);
		else this.#asking.add(line);
	}

	/** No more of this request is handed over; what is on its way is dropped. */
	cancel(request: FetchRequest): void {
		this.#intake.cancel(request);
	}

	/** So many octets that `block` handed over are on disk: the grant opens. */
	taken(octets: number): void {
		this.#intake.backlog -= octets;
		if (this.#diskBound && this.#intake.backlog < this.#backlogMax / 2) {
			this.#diskBound = false;
			this.#waiting = false;
			this.#feedback.wanted = true;
		}
	}

	/** Octets of all requests that have not come. */
	get wantedBytes(): number {
		return this.#intake.wantedBytes;
	}

	/** True while more requests would help to keep the path full. */
	get hungry(): boolean {
		return this.#asking.freshBytes < this.#aheadMax && this.#intake.lineCount < linesMax;
	}

	/** What holds the transfer up now. */
	get limitedBy(): 'path' | 'source' | 'disk' | 'limit' | undefined {
		if (this.#intake.lineCount === 0) return undefined;
		if (this.#diskBound) return 'disk';
		if (this.#rateMax < this.#controller.rate) return 'limit';
		return this.#limitedShare > 0.5 ? 'source' : 'path';
	}

	/** Octets a second granted now. */
	get rate(): number {
		return Math.min(this.#controller.rate, this.#rateMax);
	}

	/** Smoothed round trip in microseconds, 0 before the first. */
	get roundTrip(): number {
		return this.#roundTrip.sampleCount === 0 ? 0 : this.#roundTrip.smoothed;
	}

	/** Loss of the path as last measured, 0 … 1. */
	get lossRate(): number {
		return this.#controller.lossRate;
	}

	/** At most so many octets a second from now on; undefined: as the path allows. */
	limitRate(rateMax: number | undefined): void {
		this.#rateMax = rateMax ?? Infinity;
		this.#feedback.wanted = true;
	}

	handlePacket(
		number: number,
		payload: Uint8Array,
		_datagramSize: number,
		now: Micros,
	): number | undefined {
		if (this.#closed) return undefined;
		this.#noteNap(now);
		this.#feedback.receipts.add(number, now);
		this.#finishEmpty();
		const {wantedBytes} = this.#intake;
		const from = new Reader(payload);
		const {data, block} = {data: this.#data, block: this.#block};
		let dataSeen = false;
		let content = false;
		while (from.left > 0) {
			const type = payload[from.offset]!;
			let code: number | undefined;
			if (type === frameTable.block.type && dataSeen) {
				from.offset++;
				content = true;
				block.read(from);
				if (!from.failed) code = this.#intake.block(block, payload, number, now);
			} else if (type === frameTable.data.type && !dataSeen) {
				from.offset++;
				data.read(from);
				dataSeen = true;
				if (!from.failed) code = this.#onData(payload, from.offset, now);
			} else {
				const frame = decodeFrame(from);
				content = true;
				if (frame !== undefined) code = this.#onFrame(frame, dataSeen, number, now);
			}
			if (from.failed) return closeCode.malformed;
			if (code !== undefined) return code;
		}
		// A packet without content asks for no feedback: else two idle sides would answer for ever.
		if (content) this.#feedback.receipts.owe(payload.length);
		if (dataSeen) this.#intake.shown(data.unsent, number, now);
		this.#intake.declareLost(this.#feedback.receipts.largest, now);
		return this.#noteProgress(this.#intake.wantedBytes < wantedBytes, now);
	}

	pollPacket(_number: number, to: Writer, now: Micros): boolean {
		if (this.#closed) return false;
		this.#finishEmpty();
		const feedback = this.#feedback;
		const aheadMax = this.#aheadMax;
		this.#ending.ask(now);
		if (!feedback.due(now, this.#roundTrip, this.#asking.ready(aheadMax))) return false;
		for (let want = this.#asking.next(aheadMax); want; want = this.#asking.next(aheadMax)) {
			this.#intake.askedBytes += want.to - want.from;
			this.statistics.wantsOut++;
			this.#ending.onAsked(want, now);
		}
		const waiting = this.#intake.lineCount > 0 && !this.#diskBound;
		if (waiting && !this.#waiting) {
			this.#quietSince = now;
			this.#silences = 0;
			this.#noteProgress(true, now);
		}
		this.#waiting = waiting;
		feedback.write(to, now, this.rate, this.#grant(), this.lossRate);
		this.statistics.feedbacksOut++;
		return true;
	}

	handleTimeout(now: Micros): void {
		if (this.#closed) return;
		this.#noteNap(now);
		this.#intake.declareLost(this.#feedback.receipts.largest, now);
		if (now >= this.#silenceAt()) this.#onSilence(now);
	}

	pollTimeout(): Micros {
		if (this.#closed) return never;
		if (this.#empty.length > 0) return 0 as Micros;
		const due = this.#feedback.dueAt(this.#roundTrip, this.#asking.ready(this.#aheadMax));
		const at = Math.min(due, this.#holes.dueAt, this.#silenceAt(), this.#ending.dueAt());
		return at === Infinity ? never : (Math.max(0, Math.ceil(at)) as Micros);
	}

	pathChanged(now: Micros): void {
		this.#roundTrip.reset();
		this.#controller.onPathChanged(now);
		this.#feedback.wanted = true;
	}

	closed(code: number, text: string): void {
		this.#closed = true;
		this.#intake.closed();
		this.#handler.closed(code, text);
	}

	/** The fields of `data`: what the source has taken in, and when it sent this packet. */
	#onData(payload: Uint8Array, end: number, now: Micros): number | undefined {
		const {version, held, taken, unsent, flags} = this.#data;
		const feedback = this.#feedback;
		if (version > feedback.count || taken > this.#wants.next || unsent > taken) {
			return closeCode.malformed;
		}
		this.statistics.packetsIn++;
		if (held > 0) {
			const sample = feedback.sinceSent(version, now) - (held - 1);
			if (sample > 0) this.#sampleRoundTrip(sample, now);
		}
		feedback.onEcho(version, taken);
		if (version >= this.#roundVersion) {
			this.#roundVersion = feedback.count + 1;
			this.#controller.onRound(now, this.#held);
			this.#held = false;
			this.#holes.onRound(this.#roundTrip.smoothed);
			this.#limitedShare += ((this.#limited ? 1 : 0) - this.#limitedShare) / 4;
			this.#limited = false;
		}
		const limited = (flags & dataFlagSourceLimited) !== 0;
		if (limited) this.#limited = true;
		const sentAt = this.#unwrap(this.#data.time);
		// A packet with room left, as with a refusal in place of a file, is all that there was to send.
		const short = end < payload.length && payload.length < shortMax;
		const size = payload.length + packetOverhead;
		this.#controller.onPacket(size, sentAt, now, limited || short);
		this.#quietSince = now;
		this.#silences = 0;
		this.#extension = 0;
		return undefined;
	}

	#onFrame(frame: Frame, dataSeen: boolean, number: number, now: Micros): number | undefined {
		if ((frame.name === 'refuse' || frame.name === 'end') && dataSeen) {
			const want = this.#wants.get(frame.want);
			if (frame.want >= this.#wants.next) return closeCode.malformed;
			if (want === undefined) return undefined;
			if (frame.name === 'end') return this.#intake.ended(want, frame.offset, number, now);
			if (frame.object >= want.piece.count) return closeCode.malformed;
			this.#intake.refuse(want, frame.object, frame.code, number, now);
			return undefined;
		}
		if (frame.name === 'head') {
			if (this.#heads.some(seen => equal(seen, frame.statement))) return undefined;
			if (this.#heads.length >= headsMax) return closeCode.limit;
			this.#heads.push(new Uint8Array(frame.statement));
			this.#handler.head(this.#heads.length, frame.statement, frame.diffs);
			return undefined;
		}
		if (frame.name === 'rotation' || frame.name === 'probe') return undefined;
		return closeCode.malformed;
	}

	/**
	 * A source that answers and never sends what it is asked for is not waited for without end. What
	 * came before a silence does not count against it: several packets over half of the time must
	 * have brought nothing.
	 */
	#noteProgress(progress: boolean, now: Micros): number | undefined {
		if (progress || !this.#waiting) {
			this.#ending.onProgress();
			this.#progressAt = now;
			this.#barrenCount = 0;
			return undefined;
		}
		if (this.#barrenCount++ === 0) this.#barrenAt = now;
		const stalled =
			this.#barrenCount >= barrenMin &&
			now - this.#progressAt >= this.#stallTimeout &&
			now - this.#barrenAt >= this.#stallTimeout / 2;
		return stalled ? closeCode.idle : undefined;
	}

	/**
	 * Notices that this process ran late, since something was due long ago: what has come meanwhile
	 * waited here, so its delay is not the path's.
	 */
	#noteNap(now: Micros): void {
		const idle = now - this.#calledAt;
		this.#calledAt = now;
		if (idle >= napMin && now - this.pollTimeout() >= napMin) this.#controller.onNap(now);
	}

	#onSilence(now: Micros): void {
		this.#silences++;
		this.statistics.silences++;
		this.#quietSince = now;
		this.#extension += extensionSize;
		this.#controller.onSilence(this.#silences, now);
		this.#feedback.resend();
		if (this.#silences <= 2 && this.#intake.wantedBytes <= repeatedMax) {
			this.#intake.repeatMissing();
		}
	}

	/** As it is known now; its loss at least as it was on average. */
	get #path(): EndingPath {
		const {bytesLost, bytesIn} = this.statistics;
		const lost = bytesLost / Math.max(1, bytesLost + bytesIn);
		const lossRate = Math.max(this.lossRate, lost);
		return {rate: this.rate, roundTrip: this.#roundTrip.smoothed, lossRate};
	}

	/** Probes a silent source; never while nothing is asked for or nothing may be sent. */
	#silenceAt(): number {
		if (!this.#waiting || this.#diskBound || this.#intake.lineCount === 0) return Infinity;
		// At a low rate packets are far apart: three of them must be missing.
		const gap = Math.min(silenceMax, (3e6 * packetSize) / Math.max(1, this.rate));
		return this.#quietSince + this.#patience(this.#roundTrip, this.#silences) + gap;
	}

	/** Octets that may be on their way, as the network and the disk allow. */
	#grant(): number {
		const window = this.#controller.window + this.#extension;
		const room = Math.max(0, this.#backlogMax - this.#intake.backlog);
		this.#diskBound = room === 0;
		if (room < window || this.#rateMax < this.#controller.rate) this.#held = true;
		return Math.floor(Math.min(window, room));
	}

	/** Octets that may be asked for and not sent: enough for the round trip until more is asked. */
	get #aheadMax(): number {
		return 2 * this.#controller.window + aheadMin;
	}

	#sampleRoundTrip(sample: number, now: Micros): void {
		this.#roundTrip.add(sample);
		this.#controller.onRoundTrip(sample, now);
	}

	/** The source's clock without the wrap at 2^32 µs. */
	#unwrap(time: number): number {
		if (this.#sentAt < 0) this.#sentAt = 2 ** 32 + time;
		const sentAt = this.#sentAt + ((time - this.#sentAt) | 0);
		this.#sentAt = Math.max(this.#sentAt, sentAt);
		return sentAt;
	}

	#finishEmpty(): void {
		if (this.#empty.length === 0) return;
		const lines = this.#empty;
		this.#empty = [];
		for (const line of lines) this.#intake.finishEmpty(line);
	}
}

function patience(roundTrip: RoundTrip, count: number): number {
	const once = roundTrip.patience + roundTrip.smoothed / 4;
	const wait = once * backoff ** Math.max(0, count - patientMax);
	return Math.min(wait, Math.max(silenceMax, 2 * roundTrip.smoothed));
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
	return a.length === b.length && a.every((octet, index) => octet === b[index]);
}

/** Microseconds by which this process must be late to count. */
const napMin = 5000;

/** A full packet of 1200 octets, with its headers; a payload that has room for as much again. */
const packetSize = 1228;
const shortMax = 600;

/** Probes a round trip apart before the wait grows: no more than RFC 8085 §3.1.3 allows. */
const patientMax = 3;

/** Then the wait grows so that a silence is noticed to be over within a quarter of its length. */
const backoff = 1.25;

/** RFC 8085 §3.1.3: without a reply, a datagram every three seconds is always acceptable. */
const silenceMax = 3_000_000;

/** Packets without anything new that show that a source answers and does not send. */
const barrenMin = 4;

/** What a silent source is granted with each probe, so that it can show that it lives. */
const extensionSize = 10 * packetSize;

/** When no more than this is outstanding, a probe asks for it again at once. */
const repeatedMax = 16_384;

/** Asked ahead whatever the window: a thousand small wants must not trickle. */
const aheadMin = 65_536;

/** Requests in hand at which no more are needed to fill any path. */
const linesMax = 4096;

/** Newer snapshots told in one session: one a second for an hour would be a mistake. */
const headsMax = 64;
