/** Rows of figures, and the table that people read. */
import type {Machine} from '../wan/machine.ts';
import {median} from '../wan/statistics.ts';
import type {Place} from './place.ts';
import type {Program, ProgramName} from './program.ts';

export type Run = {
	readonly size: number;
	/** Of the whole client command. */
	readonly elapsedMs: number;
	/** Seconds of the processors: of the server meanwhile, of the whole client. */
	readonly sourceCpu: number;
	readonly receiverCpu: number;
};

/** Medians of the runs. */
export type Row = {
	readonly place: Place['name'];
	readonly datagramSize: number;
	readonly program: ProgramName;
	readonly title: string;
	/** Megabytes (10^6) a second, and seconds of a processor for each gigabyte (10^9). */
	readonly rate: number;
	readonly sourceCpuPerGb: number;
	readonly receiverCpuPerGb: number;
	readonly runs: readonly Run[];
};

/** What was not measured, and why. */
export type Left = {
	readonly place: Place['name'];
	readonly program: ProgramName | 'all';
	readonly reason: string;
};

export type Measured = {
	readonly machine: Machine;
	/** Whether each side was held to one core. */
	readonly isBound: boolean;
	readonly size: number;
	readonly rows: readonly Row[];
	readonly left: readonly Left[];
};

export function rowOf({name, datagramSize}: Place, program: Program, runs: readonly Run[]): Row {
	const middle = (of: (run: Run) => number, digits: number): number =>
		Number(median(runs.map(of)).toFixed(digits));
	return {
		place: name,
		datagramSize,
		program: program.name,
		title: program.title,
		rate: middle(({size, elapsedMs}) => size / elapsedMs / 1000, 1),
		sourceCpuPerGb: middle(({size, sourceCpu}) => (1e9 * sourceCpu) / size, 2),
		receiverCpuPerGb: middle(({size, receiverCpu}) => (1e9 * receiverCpu) / size, 2),
		runs,
	};
}

export function report(measured: Measured): {json: string; markdown: string} {
	const json = `${JSON.stringify(measured, undefined, '\t')}\n`;
	const {machine, isBound, size, rows, left} = measured;
	const {cpu, cores, kernel, versions, busyness} = machine;
	const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
	const runCount = rows[0]?.runs.length ?? 0;
	const how = isBound ? 'each side held to one core' : 'not held to cores';
	const parts = [
		'# Two processes on one machine',
		`${cpu}, ${cores} cores, Linux ${kernel}; ${names.join(', ')}.`,
		`${size >> 20} MiB in one file from memory to memory, whole commands, ${how}; medians of ${runCount}.`,
		...(busyness > 1
			? [`**Other work ran beside it (load ${busyness.toFixed(1)}): the figures mean little.**`]
			: []),
		table(rows),
		...verdicts(rows),
		...left.map(({place, program, reason}) => `Not measured: ${program} at ${place}: ${reason}.`),
	];
	return {json, markdown: `${parts.join('\n\n')}\n`};
}

function table(rows: readonly Row[]): string {
	const lines = rows.map(row => {
		const raw = find(rows, row.place, 'raw');
		const part = raw === undefined ? '' : `${Math.round((100 * row.rate) / raw.rate)} %`;
		const {place, title, rate, sourceCpuPerGb, receiverCpuPerGb} = row;
		const cells = [place, title, rate, part, sourceCpuPerGb, receiverCpuPerGb];
		return `| ${cells.join(' | ')} |`;
	});
	return [
		'| where | program | MB/s | of datagrams and cipher | source, CPU s/GB | receiver, CPU s/GB |',
		'|---|---|---:|---:|---:|---:|',
		...lines,
	].join('\n');
}

/** What is to be reached, and how far it is. */
const partWanted = 0.6;

function verdicts(rows: readonly Row[]): string[] {
	const verdict = (place: Place['name'], other: ProgramName, factor: number, what: string) => {
		const [ours, theirs] = [find(rows, place, 'shoal'), find(rows, place, other)];
		if (ours === undefined || theirs === undefined) return [];
		const wanted = factor * theirs.rate;
		const missed = Math.round(100 * (1 - ours.rate / wanted));
		return [`- ${what}: ${missed <= 0 ? 'reached' : `missed by ${missed} %`}`];
	};
	const lines = [
		...verdict('mtu-1500', 'raw', partWanted, 'at MTU 1500, 60 % of datagrams and cipher alone'),
		...verdict('loopback', 'rsync-ssh', 1, 'over loopback, as fast as rsync over ssh'),
	];
	return lines.length === 0 ? [] : [lines.join('\n')];
}

function find(rows: readonly Row[], place: Place['name'], program: ProgramName): Row | undefined {
	return rows.find(row => row.place === place && row.program === program);
}
