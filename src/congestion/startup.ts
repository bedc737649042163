import {gains} from './phase.ts';

/** Whether a start has found the end of the path: its rate grows no more. */
export class Startup {
	/** The greatest rate when it last grew; 0 before the first round. */
	fullRate = 0;
	/** Rounds without growth since. */
	#fullRounds = 0;

	/** The bandwidth that a stretched train showed; 0: none did. */
	#shownRate = 0;
	/** Rounds since. */
	#shownRounds = 0;

	/** Of the bandwidth: sent that much faster, the next train finds more. */
	get gain(): number {
		return this.#shownRate > 0 ? confirmGain : gains.startup;
	}

	/**
	 * A train was sent at `sendRate` and came at `rate`. A path that stretches it, and holds the last
	 * of its packets up, takes no more; another round of trains that are only a little faster than
	 * that is to confirm it. If one of them brings more, something else was in the way.
	 */
	onTrain(rate: number, sendRate: number, bandwidth: number, isHeldUp: boolean): void {
		if (this.#shownRate > 0) {
			if (rate > this.#shownRate * disproof) this.#shownRate = 0;
		} else if (isHeldUp && sendRate > rate * stretchMin && rate >= bandwidth * nearMax) {
			this.#shownRate = bandwidth;
			this.#shownRounds = 0;
		}
	}

	/** A round is over. True: what a train showed has stood for a whole one. */
	isConfirmed(): boolean {
		return this.#shownRate > 0 && this.#shownRounds++ >= 1;
	}

	/** A round with `rate` is over. True: there is more to find. */
	grows(rate: number): boolean {
		if (rate < this.fullRate * growthMin) return false;
		this.fullRate = rate;
		this.#fullRounds = 0;
		return true;
	}

	/**
	 * A round without growth, in which packets were sent `stretch` times as fast as they came. True:
	 * the path is full. That holds packets up; else something else may be in the way.
	 */
	isFull(stretch: number): boolean {
		this.#fullRounds++;
		return this.#fullRounds >= (stretch >= heldUpMin ? fullRoundsMin : fullRoundsMax);
	}

	reset(): void {
		this.fullRate = 0;
		this.#fullRounds = 0;
		this.#shownRate = 0;
	}
}

/** 32 datagrams in the first round trip. */
export const initialWindow = 32 * 1228;

/**
 * They leave in half of it, at twice the rate, as Linux paces a slow start: what they prove comes
 * so much earlier.
 */
export function initialRate(roundTrip: number): number {
	return (2 * initialWindow * 1e6) / roundTrip;
}

/** Octets on their way, of the rate times the least round trip, and what is late beyond it. */
export function startWindow(flight: number, slack: number): number {
	return Math.max(initialWindow, windowGain * flight + slack);
}

/**
 * Microseconds that a sample of the rate is of. Over a whole round trip it lags behind a rate that
 * doubles in one, and says what was sent, not what the path takes. A start sends in trains, each
 * faster than the last: a quarter of a round trip holds one, and once it is sent faster than the
 * path takes it, its packets arrive at the path's rate. So the pace knows the path while less than
 * a full round trip's worth is on its way, and the queue that shows it is short.
 */
export function trainTime(roundTrip: number): number {
	return roundTrip / 4;
}

/** Microseconds between samples: while the rate doubles, an eighth of a round trip is long. */
export function trainSpacing(roundTrip: number): number {
	const eighth = roundTrip / 8;
	return Math.min(eighth, Math.max(eighth / 4, 1000));
}

/** Growth of the rate in a round, and rounds without it: draft-ietf-ccwg-bbr §5.3.1.2. */
const growthMin = 1.25;
const fullRoundsMin = 3;
const fullRoundsMax = 8;

/** Sent that much faster than they arrive, packets queue up. */
const heldUpMin = 1.1;

/**
 * By how much a train must be stretched, and how near the fastest ones it must come: on 100 Mbit/s
 * and 100 ms the first one that is too fast is stretched by 1.2 to 1.4 when 5 to 13 ms of it queue.
 */
const stretchMin = 1.2;
const nearMax = 0.95;

/**
 * As a probe of BBR (draft-ietf-ccwg-bbr §5.3.3); half of it is a disproof. With the start's own
 * gain meanwhile, it left 100 ms of queue and lost 136 packets; so 60 ms and none.
 */
const confirmGain = 1.25;
const disproof = 1.12;

/** 2 / ln 2, to double: BBRHighGain of draft-cardwell-iccrg-bbr-congestion-control. */
const windowGain = 2.89;
