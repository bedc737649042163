/**
 * Draws worlds as a mirror may meet them, log-uniformly over everything that matters, and says how
 * long a run in each may take. A world is a function of its seed.
 */
import {headerSize, type LinkSettings} from './link.ts';
import {Prng} from './prng.ts';

export type WorldSettings = {
	readonly seed: number;
	/** Microseconds there and back, without queues. */
	readonly roundTrip: number;
	/** Octets a second, either way. */
	readonly rate: number;
	readonly down: LinkSettings;
	readonly up: LinkSettings;
	/** Share of datagrams that do not arrive as they were sent. */
	readonly loss: number;
	/** Octets of each object. */
	readonly sizes: readonly number[];
};

/** A full datagram as the link counts it. */
const datagram = 1200 + headerSize;

const MiB = 1 << 20;

export function drawWorld(seed: number): WorldSettings {
	const prng = new Prng(seed);
	const roundTrip = prng.logUniform(1000, 1_500_000);
	const rate = prng.logUniform(8000, 125_000_000);
	const flight = (rate * roundTrip) / 1e6;
	const sizes = drawSizes(prng);
	const {loss, burst, share} = drawLoss(prng, rate);
	const corrupt = prng.chance(0.5) ? prng.logUniform(1e-4, 0.05) : 0;
	const reorder = prng.chance(0.5)
		? {share: prng.logUniform(1e-3, 1), delay: roundTrip * prng.logUniform(0.01, 1)}
		: undefined;
	const settings: LinkSettings = {
		rate,
		delay: roundTrip / 2,
		queue: Math.max(10 * datagram, flight * prng.logUniform(0.1, 10)),
		loss,
		corrupt,
		duplicate: prng.chance(0.5) ? prng.logUniform(1e-4, 0.05) : 0,
		...(burst === undefined ? {} : {burst}),
		...(reorder === undefined ? {} : {reorder}),
	};
	const world = {
		seed,
		roundTrip,
		rate,
		down: settings,
		up: settings,
		loss: 1 - (1 - share) * (1 - corrupt),
		sizes,
	};
	if (!prng.chance(0.25)) return world;
	const holes = drawHoles(prng, idealTime(world, 0) + 10 * roundTrip);
	return {...world, down: {...settings, holes}, up: {...settings, holes}};
}

/** A third of the runs carry at least 1 MiB; a few carry nothing. */
function drawSizes(prng: Prng): number[] {
	const count = Math.round(prng.logUniform(1, 2000));
	const total = Math.floor(
		prng.chance(1 / 3) ? prng.logUniform(MiB, 4 * MiB) : prng.logUniform(1, MiB) - 1,
	);
	const weights = Array.from({length: count}, () => prng.exponential(1) ** 2);
	const sum = weights.reduce((a, b) => a + b, 0);
	const sizes = weights.map(weight => Math.floor((total * weight) / sum));
	sizes[0]! += total - sizes.reduce((a, b) => a + b, 0);
	return sizes;
}

/** None, independent to 30 %, or in bursts of 2 to 50 datagrams' time that fill up to a half. */
function drawLoss(prng: Prng, rate: number) {
	const kind = prng.below(4);
	if (kind === 0) return {loss: 0, burst: undefined, share: 0};
	if (kind < 3) {
		const loss = prng.logUniform(1e-4, 0.3);
		return {loss, burst: undefined, share: loss};
	}
	const share = prng.logUniform(1e-3, 0.5);
	const mean = (prng.logUniform(2, 50) * datagram * 1e6) / rate;
	return {loss: 0, burst: {share, mean}, share};
}

function drawHoles(prng: Prng, span: number): [number, number][] {
	const holes: [number, number][] = [];
	let at = 0;
	for (let left = 1 + prng.below(2); left > 0; left--) {
		at += prng.float() * span;
		const to = at + prng.logUniform(10_000, 10_000_000);
		holes.push([at, to]);
		at = to;
	}
	return holes;
}

/** Microseconds that the rate alone asks for: hello, answer, list and contents in full datagrams. */
export function idealTime({sizes, rate}: Pick<WorldSettings, 'sizes' | 'rate'>, list: number) {
	const content = sizes.reduce((a, b) => a + b, 0);
	const datagrams = 2 + Math.ceil((content + list) / dataMax);
	return ((content + list + datagrams * (datagram - dataMax)) * 1e6) / rate;
}

/** Octets of content that a full datagram carries. */
const dataMax = 1145;

export type Bound = {
	/** 99 % of the runs end by then; every run ends by ten times that. */
	readonly most: number;
	/** Half of the runs with little loss end by then. */
	readonly half: number;
	/** Octets that either side may send. */
	readonly bytesDown: number;
	readonly bytesUp: number;
};

/**
 * How long a run may take, in microseconds (`until`: holes that begin later do not count), and what
 * it may cost. Beyond what loss makes necessary: a quarter (bursts are few and stray more: two
 * fifths), once what the path holds with its queue full (startup finds the end of a path by going
 * past it), and five initial windows.
 */
export function boundOf(world: WorldSettings, ideal: number, until: number, sealed = false): Bound {
	const {roundTrip, rate, loss, down} = world;
	const trip = roundTrip + (2 * datagram * 1e6) / rate;
	// Before the first sample nothing is known, and a round trip counts at least 100 ms: one of the
	// twelve, or four where a handshake (hello, answer, ticket) comes before the first request.
	const blind = sealed ? 4 : 1;
	const trips = (12 - blind) * trip + blind * Math.max(trip, 100_000);
	const holes = (down.holes ?? [])
		.filter(([from]) => from < until)
		.reduce((sum, [from, to]) => sum + to - from, 0);
	const needed = (ideal * rate) / 1e6 / (1 - loss);
	const held = Math.min((rate * roundTrip) / 1e6 + (down.queue ?? 0), needed);
	const bytesDown = (down.burst === undefined ? 1.25 : 1.4) * needed + held + 160 * datagram;
	return {
		bytesDown,
		bytesUp: 0.1 * bytesDown + 100 * datagram,
		most: (4 * ideal) / (1 - loss) + trips / (1 - loss) ** 2 + 2 * holes,
		half: (1.5 * ideal) / (1 - loss) + trips,
	};
}
