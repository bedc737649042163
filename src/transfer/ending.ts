/**
 * The end of a transfer: once nothing is left to ask for, the path runs empty while losses are
 * found and repaired, at a round trip for each time that something is lost. So what leaves the
 * source last is asked for twice before anything is known of it, so is every repeat from then on,
 * and in the end the little that is missing, again and again. It is paid for with octets sent
 * twice, which are a bounded part of all that came.
 */
import type {Asking} from './asking.ts';
import type {Intake} from './intake.ts';
import type {Line} from './line.ts';
import type {FetchStatistics} from './request.ts';
import type {WantState, Wants} from './wants.ts';

/** A path: octets a second, microseconds, 0 … 1. */
export type EndingPath = {
	readonly rate: number;
	readonly roundTrip: number;
	readonly lossRate: number;
};

export type EndingParts = {
	readonly wants: Wants;
	readonly asking: Asking;
	readonly intake: Pick<Intake, 'wantedBytes' | 'repeatMissing'>;
	readonly statistics: Pick<FetchStatistics, 'bytesNew'>;
	/** As it is known now. */
	readonly path: () => EndingPath;
};

export class Ending {
	readonly #parts: EndingParts;
	/** What leaves last has been asked for twice, and nothing new was asked for since. */
	#begun = false;
	/** Wants below it have been asked for again, or need not be. */
	#next = 0;
	/** Octets of them. */
	#copiedBytes = 0;
	/** When something was asked for last; how often the little was since something new came. */
	#askedAt = 0;
	#littleCount = 0;

	constructor(parts: EndingParts) {
		this.#parts = parts;
	}

	/** When `ask` has something to do; Infinity: not as things are. */
	dueAt(): number {
		const {asking, intake, wants, path} = this.#parts;
		if (asking.freshBytes > 0 || intake.wantedBytes === 0) return Infinity;
		const {rate, roundTrip, lossRate} = path();
		if (lossRate < lossMin) return Infinity;
		if (!this.#begun && wants.ahead <= (nearShare * rate * roundTrip) / 1e6) return 0;
		return Math.min(this.#littleAt(roundTrip, lossRate), this.#copyAt(roundTrip));
	}

	/** Asks again for what is due. */
	ask(now: number): void {
		const {asking, intake, wants, path} = this.#parts;
		if (asking.freshBytes > 0) this.#begun = false;
		while (this.dueAt() <= now) {
			const {roundTrip, lossRate} = path();
			if (!this.#begun) {
				this.#begin();
			} else if (this.#copyAt(roundTrip) <= now) {
				const {line, from, to} = wants.get(this.#next++)!;
				this.#copy(line, from, to);
			} else if (this.#littleAt(roundTrip, lossRate) <= now) {
				this.#littleCount++;
				this.#askedAt = now;
				intake.repeatMissing();
			}
		}
	}

	/** A want is told for the first time. */
	onAsked(want: WantState, now: number): void {
		want.askedAt = now;
		this.#askedAt = now;
	}

	/** Something came that was wanted. */
	onProgress(): void {
		this.#littleCount = 0;
	}

	/** When the little that is missing is asked for once more. */
	#littleAt(roundTrip: number, lossRate: number): number {
		const {intake, statistics} = this.#parts;
		if (!this.#begun || this.#littleCount >= littleCountMax) return Infinity;
		const most = Math.max(leastBytes, statistics.bytesNew * littleShare);
		if (intake.wantedBytes > most) return Infinity;
		return this.#askedAt + roundTrip / (lossRate < lossHigh ? 2 : 4);
	}

	/** When the next repeat is asked for again. */
	#copyAt(roundTrip: number): number {
		const {wants} = this.#parts;
		if (!this.#begun) return Infinity;
		for (this.#next = Math.max(this.#next, wants.below); this.#next < wants.next; this.#next++) {
			const want = wants.get(this.#next);
			if (want?.open === true && !want.isCopy) return want.askedAt + roundTrip / spacing;
		}
		return Infinity;
	}

	/** Asks again for what was asked for last. */
	#begin(): void {
		this.#begun = true;
		const {wants, path} = this.#parts;
		const {rate, roundTrip} = path();
		const low = Math.max(this.#next, wants.below);
		this.#next = wants.next;
		const last: (readonly [line: Line, from: number, to: number])[] = [];
		const size = (lastShare * rate * roundTrip) / 1e6;
		let left = Math.floor(Math.min(size, this.#copiesLeft(lastCopies)));
		for (let number = wants.next - 1; number >= low && left > 0; number--) {
			const want = wants.get(number);
			if (want?.open !== true || want.isCopy) continue;
			// How much of a patch will come is not known.
			if (want.line.request.part !== undefined) continue;
			const from = Math.max(want.high, want.to - left);
			left -= want.to - from;
			last.push([want.line, from, want.to]);
		}
		for (const [line, from, to] of last.reverse()) this.#copy(line, from, to);
	}

	#copy(line: Line, from: number, to: number): void {
		for (let at = line.arrived.nextGap(from); at < to && !line.cancelled; ) {
			const end = Math.min(to, line.arrived.nextMember(at));
			if (end - at > this.#copiesLeft(copies)) return;
			this.#copiedBytes += end - at;
			this.#parts.asking.repeat(line, at, end, true);
			at = line.arrived.nextGap(end);
		}
	}

	/** Octets of which a copy may still be asked for, at that part of all that came. */
	#copiesLeft(share: number): number {
		return this.#parts.statistics.bytesNew * share - this.#copiedBytes;
	}
}

/**
 * Round trips of what is asked for and not shown as sent, at which the end has come: so the copies
 * reach the source when it is about to run out, by half a feedback's interval earlier.
 */
const nearShare = 1.125;

/**
 * Round trips of what leaves last that are sent twice. A copy follows its octets by as long; a
 * repeat of what was lost before them arrives a round trip after it was missed. Half of one makes
 * both end together: half a round trip after what was sent once. More would only delay repeats.
 */
const lastShare = 1 / 2;

/** A copy of a repeat is asked for that part of a round trip later: losses come in bursts. */
const spacing = 16;

/** Part of all octets that copies may be: of what leaves last, and with those of repeats. */
const lastCopies = 1 / 160;
const copies = 1 / 130;

/** Loss below which nothing is sent twice; at which the little is asked for twice as often. */
const lossMin = 0.005;
const lossHigh = 0.05;

/** What counts as little: two packets, or that part of all octets; how often it is asked for. */
const leastBytes = 2400;
const littleShare = 1 / 400;
const littleCountMax = 6;
