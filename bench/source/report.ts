/** What a run leaves: a JSON with every figure, and a page with tables of them. */
import type {Machine} from '../wan/machine.ts';
import type {ListRow} from './list.ts';
import type {ManyRow} from './many.ts';
import type {PollRow} from './poll.ts';

export type SourceReport = {
	readonly machine: Machine;
	readonly polls: readonly PollRow[];
	/** Missing where an earlier version has measured. */
	readonly many: readonly ManyRow[];
	readonly lists: readonly ListRow[];
};

export function report(all: SourceReport): {json: string; markdown: string} {
	const {machine, polls, many, lists} = all;
	const versions = Object.entries(machine.versions).map(each => each.join(' '));
	const head =
		`${machine.cpu}, ${machine.cores} cores, ${machine.memory}, Linux ${machine.kernel}, ` +
		`${versions.join(', ')}; load before the start ${machine.busyness.toFixed(2)}.`;
	const parts = ['# What a source pays', head];
	if (polls.length > 0) parts.push('## A poll that finds nothing new', pollTable(polls));
	for (const [what, title] of manyTitles) {
		const rows = many.filter(row => row.what === what);
		if (rows.length > 0) parts.push(title, manyTable(rows));
	}
	if (lists.length > 0) parts.push('## The list', listTable(lists), ofList);
	return {
		json: `${JSON.stringify(all, undefined, '\t')}\n`,
		markdown: `${parts.join('\n\n')}\n`,
	};
}

const ofList =
	'A snapshot of a tree that changed has made and saved the diff, which is checked to be the one that ' +
	'is made again here; what it takes alone is no more to be added to it. To write, to load and to ' +
	'compare is thus the time of the snapshot and of loading its list.';

function pollTable(rows: readonly PollRow[]): string {
	return table(
		['entries', 'program', 'command', 'CPU of the source', 'calls on its tree', 'octets'],
		rows.map(row => [
			count(row.entries),
			row.program,
			`${row.seconds.toFixed(2)} s`,
			`${(1000 * row.sourceCpuSeconds).toFixed(1)} ms`,
			row.calls === undefined ? '-' : count(row.calls),
			count(row.wireBytes),
		]),
	);
}

const manyTitles = [
	['update', '## An update that many fetch, 1 % of 100,000 entries'],
	['polls', '## Many polls within a second, 100,000 entries'],
] as const;

function manyTable(rows: readonly ManyRow[]): string {
	const [first] = rows;
	const head = ['clients', 'program', 'answered', 'in all', 'median', '99 %', 'slowest'];
	const ofSource = ['CPU of the source', 'for each', 'peak memory', 'read'];
	return table(
		[...head, ...ofSource, ...(first!.octetsDistinct > 0 ? ['of what differs'] : [])],
		rows.map(row => [
			count(row.clients),
			row.program,
			count(row.answered),
			`${row.seconds.toFixed(1)} s`,
			...[row.median, row.most99, row.slowest].map(time => `${time.toFixed(2)} s`),
			`${row.sourceCpuSeconds.toFixed(2)} s`,
			`${((1000 * row.sourceCpuSeconds) / row.clients).toFixed(1)} ms`,
			`${Math.round(row.mebibytes)} MiB`,
			...readCells(row),
		]),
	);
}

/** What children of a daemon have read is counted nowhere once they have ended. */
function readCells({program, octetsRead, octetsDistinct}: ManyRow): string[] {
	const isKnown = program === 'shoal';
	const share = isKnown ? (octetsRead / octetsDistinct).toFixed(2) : '-';
	return [
		isKnown ? `${(octetsRead / 1e6).toFixed(1)} MB` : '-',
		...(octetsDistinct > 0 ? [share] : []),
	];
}

function listTable(rows: readonly ListRow[]): string {
	return table(
		['entries', 'what', 'time', 'CPU', 'peak memory', 'octets'],
		rows.map(row => [
			count(row.entries),
			row.what,
			`${row.seconds.toFixed(2)} s`,
			`${row.cpuSeconds.toFixed(2)} s`,
			row.mebibytes === undefined ? '-' : `${Math.round(row.mebibytes)} MiB`,
			row.octets === undefined ? '-' : count(row.octets),
		]),
	);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const lines = [head, head.map(() => '---'), ...rows];
	return lines.map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

const count = (value: number): string => value.toLocaleString('en-US');
