/** The paths that are measured. All figures of a path stand here; the link is told nothing else. */
export type World = {
	readonly name: string;
	/** Bits a second, towards the receiver and back. */
	readonly down: number;
	readonly up: number;
	readonly roundTripMs: number;
	/** Part of all packets, in each direction, lost behind the bottleneck. */
	readonly loss: number;
	/** Packets lost in a row on average; 1 is each by itself. */
	readonly burst: number;
	/** Each packet's delay, each way, is off by up to this much, and so packets overtake. */
	readonly jitterMs: number;
	/** What the droptail queue before each bottleneck holds, in products of rate and round trip. */
	readonly queue: number;
	/** Socket buffers as a new kernel has them, or as one raises them for long paths. */
	readonly buffers: 'stock' | 'raised';
};

/** A queue holds this many octets at least: twenty full packets. */
const queueSizeMin = 30_000;

export const plain: World = {
	name: 'plain',
	down: 100e6,
	up: 100e6,
	roundTripMs: 100,
	loss: 0,
	burst: 1,
	jitterMs: 0,
	queue: 1,
	buffers: 'raised',
};

const mbit = (down: number, roundTripMs: number, percents: readonly number[]): World[] =>
	percents.map(percent => ({
		...plain,
		name: `${down}m-${roundTripMs}ms-${percent}`,
		down: down * 1e6,
		up: down * 1e6,
		roundTripMs,
		loss: percent / 100,
	}));

export const worlds: readonly World[] = [
	...mbit(100, 100, [0, 0.1, 0.5, 1, 2, 5, 10, 15]),
	...mbit(20, 300, [0, 1, 3]),
	...mbit(200, 50, [0, 0.5]),
	{...plain, name: 'bursts', loss: 0.01, burst: 10},
	{...plain, name: 'reordering', jitterMs: 10},
	{...plain, name: 'satellite', down: 50e6, up: 5e6, roundTripMs: 600},
	{...plain, name: 'stock-0', buffers: 'stock'},
	{...plain, name: 'stock-1', buffers: 'stock', loss: 0.01},
];

/** No path at all, to fill destinations with before anything is timed. */
export const open: World = {...plain, name: 'open', down: 0, up: 0, roundTripMs: 0};

/** One that is over in seconds. */
export const smokeWorld: World = {...plain, name: 'smoke', roundTripMs: 20, loss: 0.01};

/** Octets that the queue before a bottleneck of this many bits a second holds. */
export function queueSize({queue, roundTripMs}: World, rate: number): number {
	return Math.max(queueSizeMin, Math.round((queue * rate * roundTripMs) / 8000));
}

/** What link.c wants to be told. */
export function linkWords(world: World, seed: number): string[] {
	const words = [`seed=${seed}`];
	for (const [way, rate] of [
		['down', world.down],
		['up', world.up],
	] as const) {
		words.push(
			`${way}.rate=${rate}`,
			`${way}.queue=${queueSize(world, rate)}`,
			`${way}.delay=${(world.roundTripMs * 1000) / 2}`,
			`${way}.jitter=${world.jitterMs * 1000}`,
			`${way}.loss=${world.loss}`,
			`${way}.burst=${world.burst}`,
		);
	}
	return words;
}

/** A world in a few words, for tables. */
export function describeWorld(world: World): string {
	const rates = world.down === world.up ? [world.down] : [world.down, world.up];
	const parts = [
		`${rates.map(rate => rate / 1e6).join('/')} Mbit/s`,
		`${world.roundTripMs} ms`,
		`${percent(world.loss)} lost${world.burst > 1 ? ` in bursts of ${world.burst}` : ''}`,
	];
	if (world.jitterMs > 0) parts.push(`±${world.jitterMs} ms`);
	if (world.queue !== 1) parts.push(`queue ${world.queue} BDP`);
	if (world.buffers === 'stock') parts.push('stock buffers');
	return parts.join(', ');
}

function percent(part: number): string {
	return `${Number((100 * part).toFixed(2))} %`;
}
