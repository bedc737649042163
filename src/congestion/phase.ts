/** What the model of the path is about, and how much of the known bandwidth it sends meanwhile. */
export type Phase =
	/** Looking for the bandwidth in steps that double. */
	| 'startup'
	/** Giving a queue time to go: that of a start or of others, or that of a probe. */
	| 'drain'
	| 'down'
	/** As much as comes through. */
	| 'cruise'
	/** Looking for more. */
	| 'up'
	/** Holding back to see whose the losses are. */
	| 'ease'
	/** Somebody else keeps a queue: CUBIC decides (competition.ts). */
	| 'compete'
	/** Nearly nothing for a moment, to see the round trip of an empty path. */
	| 'probeRoundTrip';

/**
 * draft-ietf-ccwg-bbr §2.4: 4 ln 2 doubles the rate each round; half of it drains in one. A probe
 * grows by its success, from the least here; cruising leaves the path a hundredth to recover.
 */
export const gains: Readonly<Record<Exclude<Phase, 'up'>, number>> = {
	startup: 2.77,
	drain: 0.5,
	down: 0.8,
	cruise: 0.99,
	ease: 0.9,
	compete: 0.99,
	probeRoundTrip: 0.99,
};
