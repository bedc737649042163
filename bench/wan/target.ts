/** What shoal is meant to reach on each path, and how far it is from there. */
import {contentSize, type LoadName, loads} from './load.ts';
import type {Figure} from './summary.ts';
import type {World} from './world.ts';

export type Verdict = {
	readonly world: string;
	readonly load: LoadName;
	/** What was to be reached, and what was, in words. */
	readonly target: string;
	readonly reached: string;
	/** 1 is just met, 1.1 better by a tenth, 0.9 short by one. */
	readonly ratio: number;
};

/** Octets that a poll may cost, both ways together. */
const pollSizeMax = 4096;
/** Besides round trips and the start of Node. */
const slackMs = {one: 100, none: 100, small: 300};

/** Verdicts on a figure of shoal; none where nothing was promised. */
export function judge(world: World, figure: Figure): Verdict[] {
	const verdict = (target: string, reached: string, ratio: number): Verdict => ({
		...{world: world.name, load: figure.load, target, reached, ratio},
	});
	const within = (ms: number, words: string): Verdict =>
		verdict(`${seconds(ms)} (${words})`, seconds(figure.elapsedMs), ms / figure.elapsedMs);
	const {roundTripMs, down} = world;
	switch (figure.load) {
		case '64mib':
		case '256mib': {
			const share = targetShare(world, figure.load);
			const reached = figure.goodput / down;
			return share === undefined ? [] : [verdict(part(share), part(reached), reached / share)];
		}
		case 'small': {
			const small = loads.find(({name}) => name === 'small')!;
			const bytesMs = (8000 * contentSize(small)) / down;
			return [
				within(
					bytesMs + 5 * roundTripMs + slackMs.small,
					'the octets’ own time, 5 round trips, 0.3 s',
				),
			];
		}
		case 'one':
			return [
				within(
					3 * roundTripMs + figure.nodeMs + slackMs.one,
					'3 round trips, start of Node, 0.1 s',
				),
			];
		case 'none': {
			const octets = `${Math.round(figure.wireOctets)} octets`;
			return [
				within(roundTripMs + figure.nodeMs + slackMs.none, 'a round trip, start of Node, 0.1 s'),
				verdict(`${pollSizeMax} octets`, octets, pollSizeMax / figure.wireOctets),
			];
		}
		default:
			return [];
	}
}

/** Part of the link that a large file is to use: promised for 100 Mbit/s and 100 ms alone. */
export function targetShare(
	{down, roundTripMs, loss, burst, jitterMs}: World,
	load: '64mib' | '256mib',
): number | undefined {
	if (down !== 100e6 || roundTripMs !== 100 || burst > 1 || jitterMs > 0) return undefined;
	if (loss === 0.15) return 0.75 * (1 - loss);
	if (loss > 0.05) return undefined;
	return (load === '64mib' ? 0.82 : 0.9) * (1 - loss);
}

/** Octets sent over those that a path without loss costs: at most this. */
export function sentRatioMax({loss}: World): number {
	return 1 / (1 - loss) + 0.02;
}

function seconds(ms: number): string {
	return `${(ms / 1000).toFixed(2)} s`;
}

function part(value: number): string {
	return `${(100 * value).toFixed(1)} % of the link`;
}
