/** Worlds by name instead of by chance: what a test wants to say about a path, in people's units. */
import {headerSize, type LinkSettings} from './link.ts';
import type {WorldSettings} from './world-draw.ts';

export type PathOptions = {
	readonly megabits: number;
	readonly roundTripMs: number;
	/** Of the bottleneck, in bandwidth-delay products, at least ten datagrams; default 1. */
	readonly queue?: number;
	readonly loss?: number;
	/** Of the way up, where it differs. */
	readonly upMegabits?: number;
	/** Octets of each object. */
	readonly sizes: readonly number[];
	readonly seed?: number;
	/** Whatever else happens on the way down, or up. */
	readonly down?: Partial<LinkSettings>;
	readonly up?: Partial<LinkSettings>;
};

export function pathOf(options: PathOptions): WorldSettings {
	const {megabits, roundTripMs, loss = 0, queue = 1, upMegabits = megabits} = options;
	const link = (mbit: number): LinkSettings => {
		const rate = mbit * 125_000;
		const flight = (rate * roundTripMs) / 1000;
		const most = Math.max(10 * (1200 + headerSize), queue * flight);
		return {rate, delay: roundTripMs * 500, queue: most, loss};
	};
	return {
		seed: options.seed ?? 1,
		roundTrip: roundTripMs * 1000,
		rate: megabits * 125_000,
		down: {...link(megabits), ...options.down},
		up: {...link(upMegabits), ...options.up},
		loss,
		sizes: options.sizes,
	};
}
