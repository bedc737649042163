/**
 * The receiver's feedback: when one is due, which wants it carries, and what the source has
 * confirmed of them. Wants are state: each is told in two or three feedbacks, and again once the
 * source has shown that it took in a later one and still lacks it. wire/README.md §5.
 */
import type {RoundTrip} from '../congestion/round-trip.ts';
import {feedbackRest} from '../limit.ts';
import type {Micros} from '../unit.ts';
import type {Writer} from '../wire/codec.ts';
import {encodeFrame} from '../wire/frame.ts';
import {Receipts} from './receipts.ts';
import type {WantState, Wants} from './wants.ts';

export class Feedback {
	readonly receipts = new Receipts();
	/** Feedbacks sent: the version of the newest. */
	count = 0;
	/** One is wanted although nothing came and nothing is asked for. */
	wanted = false;
	readonly #wants: Wants;
	/** Times of the last feedbacks, by version. */
	readonly #sentAt = new Float64Array(rememberedMax);
	#lastAt = -Infinity;
	/** The newest feedback that the source took in. */
	#echoed = 0;
	/** One must go out now, with all wants that are not confirmed. */
	#forced = false;
	/** The first version of the feedback that is being sent in several datagrams; 0: none is. */
	#first = 0;
	#lossRate = 0;
	/** Octets of the last grant, and how many a second. */
	#granted = 0;
	#rate = 0;
	/** Whether a want is to be told; undefined: not known. */
	#wantDue: boolean | undefined;

	constructor(wants: Wants) {
		this.#wants = wants;
	}

	/** Microseconds since feedback `version` went out; 0 if it is forgotten. */
	sinceSent(version: number, now: Micros): number {
		if (version <= this.count - rememberedMax) return 0;
		return now - this.#sentAt[version % rememberedMax]!;
	}

	/** What a data packet says that the source has taken in. */
	onEcho(version: number, taken: number): void {
		if (version <= this.#echoed && taken <= this.#wants.taken) return;
		this.#echoed = Math.max(this.#echoed, version);
		this.#wants.confirm(taken);
		this.#wantDue = undefined;
	}

	/** The source is silent: all that it has not confirmed is told again, now. */
	resend(): void {
		this.#forced = true;
	}

	due(now: Micros, roundTrip: RoundTrip, ready: boolean): boolean {
		return this.#first > 0 || this.dueAt(roundTrip, ready) <= now;
	}

	/** When the next feedback is due. `ready`: there are wants to be made. */
	dueAt(roundTrip: RoundTrip, ready: boolean): number {
		if (this.#forced || this.#first > 0) return 0;
		const {pending} = this.receipts;
		if (pending >= packetsMax) return 0;
		const interval = roundTrip.smoothed / 4;
		if (pending >= packetsMin) return this.#lastAt + Math.min(interval / 4, gapMax);
		if (pending >= startPacketsMin && this.receipts.largest < startPackets) {
			return this.#lastAt + Math.min(interval, Math.max(interval / 4, startGapMin));
		}
		const asks = ready || this.#anyWantDue();
		if (pending === 0 && !this.wanted && !asks) return Infinity;
		const hurries = this.wanted || this.#isMuch || (asks && !this.#isSupplied(roundTrip));
		return this.#lastAt + (hurries ? interval : Math.max(interval, feedbackRest));
	}

	/** Writes one datagram of feedback. */
	write(to: Writer, now: Micros, rate: number, bytes: number, lossRate: number): void {
		const version = ++this.count;
		const {receipts} = this;
		this.#lossRate = lossRate;
		this.#granted = bytes;
		this.#rate = rate;
		if (this.#first === 0) this.#first = version;
		this.#sentAt[version % rememberedMax] = now;
		encodeFrame(
			'feedback',
			{
				version,
				below: this.#wants.below,
				rate: Math.floor(rate),
				packet: receipts.largest + 1,
				bytes,
			},
			to,
		);
		if (version === this.#first) receipts.write(to, now, Math.min(to.room, receiptRoomMax));
		const more = this.#writeWants(to, version);
		if (more && version - this.#first < datagramsMax - 1) return;
		receipts.next();
		this.#first = 0;
		this.#forced = false;
		this.wanted = false;
		this.#lastAt = now;
		this.#wantDue = undefined;
	}

	/** Writes the lowest wants that are to be told; true: some did not fit. */
	#writeWants(to: Writer, version: number): boolean {
		let more = false;
		this.#wants.forEachOpen(this.#wants.taken, want => {
			if (want.version >= this.#first || !this.#isDue(want)) return true;
			const mark = to.offset;
			writeWant(want, to);
			if (to.overflowed) {
				to.rewind(mark);
				more = true;
				return false;
			}
			want.sends++;
			want.version = version;
			return true;
		});
		return more;
	}

	#anyWantDue(): boolean {
		if (this.#wantDue === undefined) {
			this.#wantDue = false;
			this.#wants.forEachOpen(this.#wants.taken, want => {
				this.#wantDue = this.#isDue(want);
				return !this.#wantDue;
			});
		}
		return this.#wantDue;
	}

	/** What came since the last feedback is much of what may be on its way. */
	get #isMuch(): boolean {
		return this.receipts.pendingBytes >= this.#granted * littleShare;
	}

	/** The source has enough to send until it hears of what a resting feedback would ask for. */
	#isSupplied({smoothed}: RoundTrip): boolean {
		return this.#wants.ahead * 1e6 >= this.#rate * (smoothed + 2 * feedbackRest);
	}

	#isDue(want: WantState): boolean {
		if (want.confirmed) return false;
		if (this.#forced || want.version <= this.#echoed) return true;
		return want.sends < (this.#echoed === 0 || this.#lossRate > lossMin ? 3 : 2);
	}
}

function writeWant({number, line: {request}, piece}: WantState, to: Writer): void {
	const {snapshot, kind, page, part} = request;
	const {count, offset, length} = piece;
	const position = request.position + piece.object;
	const fields = {number, snapshot, page, position, offset, length};
	if (part === undefined) encodeFrame('want', {...fields, kind, count}, to);
	else encodeFrame('wantPatch', {...fields, ...part}, to);
}

/** Data packets after which a feedback may go out, and after which it must. */
const packetsMin = 10;
const packetsMax = 64;

/**
 * The first packets on a long path are receipted by twos (RFC 9000 §13.2.2), at least 10 ms apart:
 * as long as a receipt waits, so long does all wait that it proves room for.
 */
const startPackets = 320;
const startPacketsMin = 2;
const startGapMin = 10_000;

/** Feedbacks are no closer than a sixteenth of a round trip or this while packets rush in. */
const gapMax = 5000;

/** Receipts of no more than this of what may be on its way hold nobody up. */
const littleShare = 1 / 4;

/** Datagrams of one feedback: four hold more than two hundred wants. */
const datagramsMax = 4;

/** Octets that receipts may take when wants must travel too. */
const receiptRoomMax = 640;

/** Feedbacks whose time is remembered, for the round trip. */
const rememberedMax = 1024;

/** Loss above which a want is told three times before it is missed. */
const lossMin = 0.02;
