/**
 * Decides how fast the source may send and how much may be on its way. It lives at the receiver,
 * which sees every arrival, every hole and every round trip; it knows nothing of wants or frames.
 * All calls are plain numbers: octets, and microseconds on the receiver's clock unless said.
 */
import type {Micros} from '../unit.ts';
import type {PathRecord} from './resume.ts';

export type Controller = {
	/** Octets a second that the source may send. */
	readonly rate: number;
	/** Octets that may be on their way. */
	readonly window: number;
	/** Share of octets lost in the last rounds, 0 … 1. */
	readonly lossRate: number;
	/**
	 * What the next session on this path may go on from: undefined where this one has seen nothing
	 * worth it, `refuted` where what was remembered is wrong. Absent: it remembers nothing.
	 */
	readonly record?: PathRecord | 'refuted' | undefined;
	/**
	 * A data packet arrived. `sentAt` is on the source's clock, unwrapped, of unknown origin.
	 * `limited`: the source had less to send than it was granted.
	 */
	onPacket(size: number, sentAt: number, now: Micros, limited: boolean): void;
	/** A round trip, without what the source waited. */
	onRoundTrip(sample: number, now: Micros): void;
	/** Octets declared lost, and octets of them that arrived after all. */
	onLost(octets: number, now: Micros): void;
	onLate(octets: number, now: Micros): void;
	/**
	 * What was sent when the last round ended has now taken effect: a round trip is over. `isHeld`:
	 * the receiver asked for less than `rate` and `window` in it, by a limit or for a slow disk.
	 */
	onRound(now: Micros, isHeld: boolean): void;
	/** Nothing came for longer than expected, for the `count`th time since the last packet. */
	onSilence(count: number, now: Micros): void;
	/** This process ran late: delays of the last packets are its own, not those of the path. */
	onNap(now: Micros): void;
	/** Nothing is known of the path any more. */
	onPathChanged(now: Micros): void;
};
