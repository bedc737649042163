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
	/** Others are there that keep a queue short as well (sharing.ts). */
	| 'share'
	/** Holding back together with them, to see whether the queue goes. */
	| 'look'
	/** Somebody else keeps a queue: CUBIC decides (competition.ts). */
	| 'compete'
	/** Nearly nothing for a moment, to see the round trip of an empty path. */
	| 'probeRoundTrip';

/**
 * draft-ietf-ccwg-bbr §2.4: 4 ln 2 doubles the rate each round. A probe grows by its success, from
 * the least in probe.ts; cruising leaves the path a hundredth to recover. A queue is drained by the
 * window, which holds what is above it back at once; by rates of 0.5 and 0.8 the link stood idle
 * for a part of the next round.
 */
export const gains: Readonly<Record<Exclude<Phase, 'up'>, number>> = {
	startup: 2.77,
	drain: 0.99,
	down: 0.96,
	look: 0.5,
	cruise: 0.99,
	ease: 0.9,
	share: 0.99,
	compete: 0.99,
	probeRoundTrip: 0.99,
};

/** Drains and looks: the part of a flight that stays, and rounds until they have failed. */
export const shares = {drain: 0.95, look: 0.75} as const;
export const roundsMax = {drain: 4, look: 4} as const;
