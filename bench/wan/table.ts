/** The figures as Markdown. */
import type {LinkLimit} from './limit.ts';
import {type LoadName, loads} from './load.ts';
import type {Machine} from './machine.ts';
import {type ProgramName, programs} from './program.ts';
import type {Figure} from './summary.ts';
import {judge, sentRatioMax, targetShare} from './target.ts';
import {describeWorld, type World, worlds} from './world.ts';

/** Marks behind a time. */
export const legend =
	'Times are of the whole command, from its start to the published tree; medians of the number of runs in ' +
	'brackets, if it is not one. Per cent are of the link, in octets of content. `†`: ended at the cap; the rate ' +
	'is of what had arrived. `~`: less was carried or had arrived, and the time is what all of it would take at that rate.';

/** A table of one load: a row for each path, a column for each program. */
export function tabulateLoad(figures: readonly Figure[], load: LoadName): string {
	const ours = figures.filter(figure => figure.load === load);
	const isBulk = load === '64mib' || load === '256mib';
	const columns = programs.filter(({name}) => ours.some(({program}) => program === name));
	const rows = worldsOf(ours).map(world => {
		const cells = columns.map(({name}) => showFigure(find(ours, world.name, name), world, isBulk));
		if (!isBulk) return [describeWorld(world), ...cells];
		const share = targetShare(world, load);
		return [describeWorld(world), ...cells, share === undefined ? '' : showShare(share)];
	});
	const titles = columns.map(({title}) => title);
	return tabulate([['path', ...titles, ...(isBulk ? ['target'] : [])], ...rows]);
}

/** Queueing and octets of one load. */
export function tabulateCosts(figures: readonly Figure[], load: LoadName): string {
	const ours = figures.filter(figure => figure.load === load && figure.runCount > 0);
	const columns = programs.filter(({name}) => ours.some(({program}) => program === name));
	const show = ({queuedP95Ms, sentRatio, wireOctets}: Figure): string =>
		Number.isFinite(sentRatio)
			? `${queuedP95Ms.toFixed(0)} ms, ${sentRatio.toFixed(3)}`
			: `${Math.round(wireOctets / 100) / 10} kB`;
	const rows = worldsOf(ours).map(world => [
		describeWorld(world),
		...columns.map(({name}) => {
			const figure = find(ours, world.name, name);
			return figure === undefined ? '' : show(figure);
		}),
	]);
	return tabulate([['path', ...columns.map(({title}) => title)], ...rows]);
}

/** What shoal was to reach, and what it did. */
export function tabulateTargets(figures: readonly Figure[]): string {
	const ours = figures.filter(({program, runCount}) => program === 'shoal' && runCount > 0);
	const rows = worldsOf(ours).flatMap(world =>
		ours
			.filter(figure => figure.world === world.name)
			.flatMap(figure => judge(world, figure))
			.map(({load, target, reached, ratio}) => [
				describeWorld(world),
				titleOf(load),
				target,
				reached,
				showRatio(ratio),
			]),
	);
	return tabulate([['path', 'load', 'target', 'shoal', ''], ...rows, ...sentRows(ours)]);
}

/** Octets sent against those that the same path costs without loss. */
function sentRows(figures: readonly Figure[]): string[][] {
	const ours = figures.filter(({load}) => load === '64mib');
	return worldsOf(ours).flatMap(world => {
		const plain = worlds.find(
			other => other.down === world.down && other.roundTripMs === world.roundTripMs,
		);
		const least = find(ours, plain!.name, 'shoal')?.sentRatio;
		const sent = find(ours, world.name, 'shoal')?.sentRatio;
		if (world.loss + world.jitterMs === 0 || least === undefined || sent === undefined) return [];
		const most = sentRatioMax(world);
		return [
			[
				describeWorld(world),
				titleOf('64mib'),
				`${most.toFixed(3)} × the octets without loss`,
				`${(sent / least).toFixed(3)} ×`,
				showRatio((most * least) / sent),
			],
		];
	});
}

export function tabulateLimits(limits: readonly LinkLimit[]): string {
	return tabulate([
		['offered', 'packets', 'missing', 'later than set: median, p99, most', 'CPU of a core'],
		...limits.map(({offeredMbit, packets, missing, excessMs: {p50, p99, max}, cpuPart}) => [
			`${offeredMbit} Mbit/s`,
			String(packets),
			String(missing),
			`${[p50, p99, max].map(ms => ms.toFixed(2)).join(', ')} ms`,
			`${(100 * cpuPart).toFixed(0)} %`,
		]),
	]);
}

export function describeMachine({cpu, cores, memory, kernel, versions}: Machine): string {
	const words = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
	return `${cpu}, ${cores} cores, ${memory}; Linux ${kernel}; ${words.join(', ')}.`;
}

export function tabulate(rows: readonly (readonly string[])[]): string {
	const [head, ...rest] = rows.map(cells => `| ${cells.join(' | ')} |`);
	return [head, `|${'---|'.repeat(rows[0]!.length)}`, ...rest].join('\n');
}

function showFigure(figure: Figure | undefined, world: World, isBulk: boolean): string {
	if (figure === undefined) return '–';
	if (figure.runCount === 0) return 'failed';
	const {elapsedMs, isFinished, isExtrapolated, goodput, runCount} = figure;
	const isGuess = isExtrapolated || (!isFinished && goodput > 0);
	const time = `${(elapsedMs / 1000).toFixed(elapsedMs < 20_000 ? 2 : 0)} s`;
	const share = isBulk ? `, ${showShare(goodput / world.down)}` : '';
	const marks = [isGuess ? '~' : '', isFinished ? '' : ' †'] as const;
	return `${marks[0]}${time}${share}${marks[1]}${runCount === 1 ? '' : ` (${runCount})`}`;
}

function showShare(part: number): string {
	return `${(100 * part).toFixed(part < 0.1 ? 1 : 0)} %`;
}

function showRatio(ratio: number): string {
	return ratio >= 1 ? 'met' : `short by ${(100 * (1 / ratio - 1)).toFixed(0)} %`;
}

function titleOf(load: LoadName): string {
	return loads.find(({name}) => name === load)?.title ?? load;
}

function worldsOf(figures: readonly Figure[]): World[] {
	return worlds.filter(({name}) => figures.some(({world}) => world === name));
}

function find(figures: readonly Figure[], world: string, program: ProgramName): Figure | undefined {
	return figures.find(figure => figure.world === world && figure.program === program);
}
