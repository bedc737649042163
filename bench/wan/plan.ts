/**
 * Which runs there are, and in which order: every cell once, then every cell again, so that what
 * the time does not suffice for is a repetition. Programs take turns on each path and load.
 */
import {contentSize, eighth, type Load, type LoadName, loads} from './load.ts';
import {type Program, type ProgramName, programs} from './program.ts';
import {type World, worlds} from './world.ts';

/** One place in the table. */
export type Cell = {
	readonly world: World;
	readonly load: Load;
	readonly program: Program;
	/** What is carried: less than the load where all of it would take minutes. */
	readonly carried: Load;
};

export type Choice = {
	/** Names; none is all. */
	readonly worlds: readonly string[];
	readonly loads: readonly string[];
	readonly programs: readonly string[];
	/** Every load in every world. */
	readonly isFull: boolean;
};

export type PlannedRun = {readonly cell: Cell; readonly round: number};

/** Where small loads are measured too: what they cost is round trips, and loss changes little. */
const smallWorlds = [
	...['100m-100ms-0', '100m-100ms-1', '100m-100ms-5', '20m-300ms-0', '200m-50ms-0'],
	...['satellite', 'stock-0'],
];
const metWorlds = ['100m-100ms-0', 'satellite'];
const largeWorlds = ['100m-100ms-0', '100m-100ms-1', '100m-100ms-5'];
const detourWorlds = ['100m-100ms-0', '100m-100ms-1'];
/** Above this, CUBIC is given less to carry. */
const cubicLossMax = 0.001;
/** What comes with each run: two hosts, a server, the comparison of two trees. */
const aroundMs = 1700;

const placesByDefault: Readonly<Record<LoadName, readonly string[] | undefined>> = {
	'64mib': undefined,
	'256mib': largeWorlds,
	small: smallWorlds,
	again: metWorlds,
	one: smallWorlds,
	none: smallWorlds,
	'8mib': [],
	'1mib': [],
};

/** What was chosen; without any choice, what fits into the time. */
export function planCells(choice: Choice): Cell[] {
	const isWhole = choice.isFull || !isDefault(choice);
	const cells: Cell[] = [];
	for (const world of worlds.filter(({name}) => isChosen(name, choice.worlds))) {
		for (const load of loads.filter(({name}) => isChosen(name, choice.loads))) {
			if (!isWhole && placesByDefault[load.name]?.includes(world.name) === false) continue;
			for (const program of programs.filter(({name}) => isChosen(name, choice.programs))) {
				if (isWhole || !isNeedless(world, load.name, program.name)) {
					cells.push({world, load, program, carried: carriedLoad(world, load, program.name)});
				}
			}
		}
	}
	return cells;
}

export function isDefault({worlds, loads, programs, isFull}: Choice): boolean {
	return !isFull && worlds.length + loads.length + programs.length === 0;
}

/** Every cell once, then again. A second run of what ended at the cap would say nothing more. */
export function planRuns(cells: readonly Cell[], repeat: number, capMs: number): PlannedRun[] {
	const rounds = Array.from({length: repeat}, (_, index) => index + 1);
	return rounds.flatMap(round =>
		cells
			.filter(cell => round === 1 || expectedMs(cell, capMs) < capMs)
			.map(cell => ({cell, round})),
	);
}

/** About how long a run takes, with what is around it. */
export function expectedMs({world, program, carried}: Cell, capMs: number): number {
	const roundTripS = world.roundTripMs / 1000;
	const pulls = carried.isMet ? 2 : 1;
	const trips = pulls * (carried.fileCount > 1 ? 20 : 14) * world.roundTripMs;
	const octets = carried.isPulled ? 0 : pulls * contentSize(carried);
	let rate = 0.75 * world.down * (1 - world.loss);
	if (isCubic(program.name) && world.loss > 0) {
		// Mathis, Semke, Mahdavi and Ott (1997); a burst counts as one loss.
		const events = world.loss / world.burst;
		rate = Math.min(rate, (1.22 * 1460 * 8) / (roundTripS * Math.sqrt(events)));
	}
	return Math.min(capMs, trips + (8000 * octets) / rate) + aroundMs;
}

function carriedLoad(world: World, load: Load, program: ProgramName): Load {
	const isBulk = load.fileCount === 1 && load.size > eighth.size;
	return isCubic(program) && world.loss > cubicLossMax && isBulk ? eighth : load;
}

/**
 * CUBIC with loss carries 8 MiB in place of either large file: once is enough. What goes inside of
 * WebTransport is for where nothing else gets through: a few paths show what it costs. And nobody
 * but shoal over UDP remembers a path.
 */
function isNeedless({name, loss}: World, load: LoadName, program: ProgramName): boolean {
	if (load === 'again') return program !== 'shoal';
	if (program === 'shoal-h2' || program === 'shoal-h3') {
		return load !== '64mib' || !detourWorlds.includes(name);
	}
	if (!isCubic(program)) return false;
	return load === '256mib' ? loss > 0 : load === 'small' && loss > 0.01;
}

/** Carried by TCP under CUBIC, which loss holds back. */
function isCubic(program: ProgramName): boolean {
	return program === 'rsync-cubic' || program === 'shoal-h2';
}

function isChosen(name: string, names: readonly string[]): boolean {
	return names.length === 0 || names.includes(name);
}
