import {plateauTime} from './cubic.ts';

/** Looking for more than is known: how hard, and how long until the next time. */
export class Probe {
	/** Of the known bandwidth. */
	gain = gainMin;
	/** Rounds to cruise before the next. */
	pause = pauseMin;
	/** The last one ended in a short queue that ran over. */
	#spilled = false;
	#from = 0;

	begin(bandwidth: number): void {
		this.#from = bandwidth;
	}

	/** What a step brought. True: there is room, and its end is looked for as at the start. */
	onStep(bandwidth: number): boolean {
		if (bandwidth < this.#from * (1 + growth * (gainMin - 1))) return false;
		this.#from = bandwidth;
		this.gain = Math.min(this.gain * gainGrowth, gainMax);
		this.pause = pauseMin;
		return true;
	}

	/** What it showed is not forgotten with the `round`th round after it. */
	proves(round: number): boolean {
		return this.#spilled && round % provedRounds !== 0;
	}

	/**
	 * Where probes end in a queue that others may share, the pause is the longer the faster this
	 * transfer is: so slower ones gain on it. Where a short queue ran over, it is soon as long as
	 * CUBIC needs to come back from a loss, if it has the path: else it never comes up.
	 */
	end(met: 'queue' | 'loss' | 'spill' | 'nothing', rate: number, roundTrip: number): void {
		this.gain = gainMin;
		this.#spilled = met === 'spill';
		if (met === 'spill') {
			const most = Math.ceil(plateauTime((rate * roundTrip) / 1e6) / roundTrip);
			this.pause = Math.max(this.pause, Math.min(spillPauseGrowth * this.pause, most));
		} else if (met === 'queue') {
			const span = queuePause * Math.sqrt(rate / packetSize);
			this.pause = Math.max(pauseMin, Math.ceil(span / roundTrip));
		} else {
			const most = met === 'loss' ? lossPauseMax : idlePauseMax;
			this.pause = Math.max(this.pause, Math.min(2 * this.pause, most));
		}
	}
}

/**
 * BBR probes with 1.25 (draft-ietf-ccwg-bbr §5.3.3). With an eighth of that queue a probe is as
 * good: on 100 Mbit/s and 100 ms, a queue of 21 ms (p95) instead of 39, and at a tenth of a round
 * trip of queue 4.0 % of octets in vain instead of 5.9.
 */
const gainMin = 1.12;
/** 4 ln 2, BBR's StartupPacingGain: a probe that finds more is a start again. */
const gainMax = 2.77;
const gainGrowth = 1.5;

/** Part of what a probe asked for that must have come through for the next step. */
const growth = 0.4;

/**
 * Rounds between two probes: doubled by each that found nothing, or loss. The most after a loss is
 * about that of draft-ietf-ccwg-bbr §5.3.3.5, 63, so as to leave CUBIC the time it needs.
 */
const pauseMin = 2;
const spillPauseGrowth = 4;
const lossPauseMax = 60;
const idlePauseMax = 16;

/**
 * Microseconds, times the root of the packets a second: 60 ms at 1 Mbit/s, 270 ms at 20. Two shoals
 * on 20 Mbit/s, one begun three seconds later: 15.0 and 3.6 with pauses that double, 9.8 and 8.8
 * with these (test/sim/fairness.test.ts).
 */
const queuePause = 6000;

/** Times as long the greatest rate lasts after a spill: else the long pause costs a tenth of it. */
const provedRounds = 4;

/** A full datagram of 1200 octets with IPv4 and UDP headers. */
const packetSize = 1228;
