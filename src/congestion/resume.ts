/**
 * A start that goes on from what the path carried the last time (Careful Resume, RFC 9959). The
 * initial window goes out as one train at the speed to be resumed. If all of it arrives, as fast
 * as it was sent, within a round trip like the one remembered, half of what is remembered is sent
 * for one round trip, unvalidated; what of it arrives is what the start goes on from. Whoever
 * meets congestion before that takes back half of what arrived, and forgets.
 *
 * Times are the receiver's, which sees what arrives half a round trip before a sender does.
 */
import type {Micros} from '../unit.ts';
import {startQueueMax} from './queue-bound.ts';
import type {QueueDelay} from './queue-delay.ts';
import {initialRate, initialWindow} from './startup.ts';

/**
 * What a path carried: octets a second as the network counts them, and its least round trip.
 * `isLeast`: it was not full, so it may carry far more.
 */
export type PathRecord = {
	readonly rate: number;
	readonly roundTrip: number;
	readonly isLeast?: boolean;
};

/** RFC 9959 §3.2 to §3.4; `refused`: as if nothing were remembered; `over`: that is nothing. */
type State = 'reconnaissance' | 'unvalidated' | 'validating' | 'validated' | 'refused' | 'over';

export class Resume {
	readonly #saved: PathRecord | undefined;
	#state: State;
	/** What half of the record is with the present round trip; at first with its own. */
	#rate = 0;
	#window = 0;
	#roundTrip = 0;
	#isMeasured = false;
	#arrived = 0;
	/** When the state began. */
	#beganAt = 0;
	/** The record was wrong: it is to be forgotten. */
	#isRefuted = false;
	/** The receiver has asked for less than the path may take. */
	#isHeld = false;

	constructor(saved: PathRecord | undefined) {
		this.#saved = saved;
		this.#state = saved === undefined ? 'over' : 'reconnaissance';
		if (saved !== undefined) this.#aim(saved.roundTrip);
	}

	/** The rate of a start that would be `usual`, where `bandwidth` is known. */
	rate(usual: number, bandwidth: number): number {
		if (this.#state === 'refused' || this.#state === 'over') return usual;
		if (this.#state === 'reconnaissance' || this.#state === 'unvalidated') return this.#rate;
		const {rate, isLeast = false} = this.#saved!;
		// What filled the path is about what there is: beyond it the start goes on in small steps.
		const most = isLeast ? Infinity : stepMax * Math.max(rate, bandwidth);
		return Math.max(this.#rate, Math.min(usual, most));
	}

	/** Its window likewise. RFC 9959 §4.2: no more than the initial one before it is confirmed. */
	window(usual: number): number {
		if (this.#state === 'over' || this.#state === 'validated') return usual;
		if (this.#state === 'reconnaissance') return initialWindow;
		// A source may still trust the record: this side does not, and doubles (RFC 9002 §7.3.1).
		if (this.#state === 'refused') return Math.min(usual, initialWindow + this.#arrived);
		return this.#state === 'validating' ? Math.max(usual, this.#window) : this.#window;
	}

	/** RFC 9959 §3.2: another round trip is of another path. */
	onRoundTrip(sample: number, least: number): void {
		if (this.#saved === undefined || this.#state !== 'reconnaissance') return;
		const {roundTrip} = this.#saved;
		this.#isMeasured = true;
		this.#aim(least);
		// Longer by a queue, it is the same path, and there are others on it.
		const most = roundTrip + startQueueMax(roundTrip, this.#rate);
		if (least <= roundTrip / shorterMax || sample > most) this.#state = 'refused';
	}

	/**
	 * What a sample of `rate` says: the first train shows whether the path takes what is asked of it
	 * for a moment, not how much there is for one more.
	 */
	sample(rate: number, roundTrip: number): number {
		if (this.#saved === undefined || this.#arrived > initialWindow) return rate;
		return Math.min(rate, initialRate(roundTrip));
	}

	/** `latest`: how much longer it was on its way than the fastest; `isLate`: it waited here. */
	onPacket(
		size: number,
		now: Micros,
		{latest, isLate}: Pick<QueueDelay, 'latest' | 'isLate'>,
	): void {
		this.#arrived += size;
		if (this.#state === 'reconnaissance') {
			if (!this.#isMeasured || this.#arrived < confirmed) return;
			const span = (this.#arrived * 1e6) / this.#rate;
			const isStretched = !isLate && latest > stretchMax * span + delaySlack;
			this.#state = isStretched ? 'refused' : 'unvalidated';
			this.#beganAt = now;
		} else if (this.#isAtRisk && now - this.#beganAt >= this.#roundTrip) {
			// What is asked for arrives a round trip later, and until what that shows has taken effect.
			this.#state = this.#state === 'unvalidated' ? 'validating' : 'validated';
			this.#beganAt = now;
		}
	}

	onLost(): void {
		if (this.#state === 'reconnaissance') this.#state = 'refused';
	}

	/** From now on nobody knows what more the path would have taken. */
	onHeld(): void {
		this.#isHeld = true;
	}

	/**
	 * What is worth to be remembered of a path that carries `seen` (RFC 9959 §3.1). Where it was not
	 * full, no less than what was remembered before is the better guess.
	 */
	record(seen: PathRecord, isFull: boolean): PathRecord | 'refuted' | undefined {
		const before = this.#isRefuted ? undefined : this.#saved;
		const isSure = isFull && !this.#isHeld;
		const isLess = !isSure && seen.rate < (before?.rate ?? 0);
		const isWorth = (seen.rate * seen.roundTrip) / 1e6 >= 4 * initialWindow;
		if (!isWorth || isLess) return this.#isRefuted ? 'refuted' : undefined;
		const isAsBefore = before?.isLeast !== true && seen.rate < stepMax * (before?.rate ?? 0);
		return isSure || isAsBefore ? seen : {...seen, isLeast: true};
	}

	/** Congestion, or the end of a start. True: what was not validated is to be taken back. */
	onCongestion(): boolean {
		const isRetreat = this.#isAtRisk;
		this.#isRefuted ||= isRetreat;
		this.#state = 'over';
		return isRetreat;
	}

	/** Nothing comes. True as above: what was sent may all be lost. */
	onSilence(): boolean {
		// The first answer is late where the round trip is not known yet.
		if (this.#arrived > 0) this.onLost();
		return this.#isAtRisk && this.onCongestion();
	}

	/** Nothing that is remembered is of this path. */
	reset(): void {
		this.#state = 'over';
	}

	get #isAtRisk(): boolean {
		return this.#state === 'unvalidated' || this.#state === 'validating';
	}

	/** RFC 9959 §3.3: half of what was on its way, sent over a round trip as it is now. */
	#aim(least: number): void {
		const {rate, roundTrip} = this.#saved!;
		this.#roundTrip = least;
		this.#window = (jumpShare * rate * Math.min(least, roundTrip)) / 1e6;
		this.#rate = (this.#window * 1e6) / least;
		if (this.#window < 2 * initialWindow) this.#state = 'refused';
	}
}

/** RFC 9959 §3.3: of the flight that was seen, at most. */
const jumpShare = 0.5;

/** RFC 9959 §3.2: a round trip that many times as short is another path's. */
export const shorterMax = 2;

/** Octets that confirm a path: the initial window, but for the packet that may not have fitted. */
const confirmed = initialWindow - 1228;

/** Of what is known, as the start once it is to be confirmed (startup.ts). */
const stepMax = 1.25;

/**
 * Of the time that the train takes as it is asked for, by how much a path that is not narrower may
 * stretch it; and microseconds by which hosts are late.
 */
const stretchMax = 0.2;
const delaySlack = 1000;

/** RFC 9959 §3.5: what is kept of the rate that arrived. */
export const retreatShare = 0.5;
