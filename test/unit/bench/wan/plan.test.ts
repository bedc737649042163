import test from 'ava';
import {loads} from '../../../../bench/wan/load.ts';
import {readOptions} from '../../../../bench/wan/option.ts';
import {expectedMs, planCells, planRuns} from '../../../../bench/wan/plan.ts';
import {programs} from '../../../../bench/wan/program.ts';
import {linkWords, queueSize, worlds} from '../../../../bench/wan/world.ts';

const capMs = 60_000;
const key = ({world, load, program}: ReturnType<typeof planCells>[number]): string =>
	`${world.name} ${load.name} ${program.name}`;

test('without a choice, one run of everything is expected to end in 35 minutes of the 40', t => {
	const cells = planCells(readOptions([]));
	const ms = cells.reduce((sum, cell) => sum + expectedMs(cell, capMs), 0);
	t.true(ms < 35 * 60_000, `${ms / 60_000} minutes`);
	t.is(new Set(cells.map(key)).size, cells.length);
});

test('without a choice, every path has shoal and rsync with 64 MiB, every load is somewhere', t => {
	const cells = planCells(readOptions([]));
	for (const world of worlds) {
		const here = cells.filter(cell => cell.world === world && cell.load.name === '64mib');
		const names = here.map(({program}) => program.name);
		t.deepEqual(names.slice(0, 3), ['shoal', 'rsync-bbr', 'rsync-cubic'], world.name);
		const detours = ['100m-100ms-0', '100m-100ms-1'].includes(world.name);
		t.deepEqual(names.slice(3), detours ? ['shoal-h2', 'shoal-h3'] : [], world.name);
	}
	for (const load of loads) t.true(cells.some(cell => cell.load === load));
	const met = cells.filter(({load}) => load.isMet);
	t.true(met.every(({program}) => program.name === 'shoal'));
});

test('with --full, every load is on every path with every program', t => {
	const cells = planCells(readOptions(['--full']));
	t.is(cells.length, worlds.length * loads.length * programs.length);
});

test('a choice by name is the name itself, or all that begin so', t => {
	const named = (words: string[]) => new Set(planCells(readOptions(words)).map(key)).size;
	t.is(named(['--world', '100m-100ms-1', '--load', 'one', '--program', 'shoal']), 1);
	t.is(named(['--world', '100m-', '--load', 'one', '--program', 'shoal']), 8);
	t.is(named(['--world', 'satellite', '--world', 'bursts', '--load', '64mib']), 10);
	t.throws(() => readOptions(['--world', 'moon']), {message: /--world moon: there are 100m/});
	t.throws(() => readOptions(['--repeat', '0']), {message: /not above zero/});
	t.throws(() => readOptions(['--frob']));
});

test('CUBIC carries 8 MiB of a large file where more than 0.1 % is lost, and only there', t => {
	const carried = (world: string, program: string) =>
		planCells(readOptions(['--world', world, '--load', '256mib', '--program', program]))[0]!.carried
			.name;
	t.is(carried('100m-100ms-0.1', 'rsync-cubic'), '256mib');
	t.is(carried('100m-100ms-0.5', 'rsync-cubic'), '8mib');
	t.is(carried('bursts', 'rsync-cubic'), '8mib');
	t.is(carried('100m-100ms-0.5', 'rsync-bbr'), '256mib');
});

test('every cell is run once before any is run again, and none again that ended at the cap', t => {
	const cells = planCells(readOptions(['--world', '100m-100ms-5', '--load', '64mib']));
	const runs = planRuns(cells, 3, capMs);
	t.deepEqual(
		runs.map(({cell, round}) => `${cell.program.name} ${round}`),
		[
			...['shoal 1', 'rsync-bbr 1', 'rsync-cubic 1', 'shoal-h2 1', 'shoal-h3 1'],
			...['shoal 2', 'rsync-bbr 2', 'shoal-h3 2', 'shoal 3', 'rsync-bbr 3', 'shoal-h3 3'],
		],
	);
});

test('a queue holds the product of rate and round trip, and twenty packets at least', t => {
	const satellite = worlds.find(({name}) => name === 'satellite')!;
	t.is(queueSize(satellite, satellite.down), 3_750_000);
	t.is(queueSize({...satellite, queue: 0.1}, satellite.up), 37_500);
	t.is(queueSize({...satellite, queue: 0.05}, satellite.up), 30_000);
});

test('the link is told each direction by itself', t => {
	const words = linkWords(worlds.find(({name}) => name === 'satellite')!, 7);
	t.deepEqual(words, [
		'seed=7',
		...['down.rate=50000000', 'down.queue=3750000', 'down.delay=300000'],
		...['down.jitter=0', 'down.loss=0', 'down.burst=1'],
		...['up.rate=5000000', 'up.queue=375000', 'up.delay=300000'],
		...['up.jitter=0', 'up.loss=0', 'up.burst=1'],
	]);
});
