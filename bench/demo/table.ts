/** The demo's result as a table. */
export type Run = {
	readonly name: string;
	/** The last JSON line of `shoal pull`. */
	readonly result: Record<string, unknown>;
	/** Of the whole process. */
	readonly elapsedMs: number;
	/** Datagrams that the path dropped, down and up. */
	readonly dropped: string;
	readonly differences: readonly string[];
};

type Column = readonly [string, (run: Run) => string];

/** Rows of equal width; figures to the right. `rate`: octets a second of the link. */
export function formatTable(runs: readonly Run[], rate: number): string {
	const columns: readonly Column[] = [
		['time', run => `${(run.elapsedMs / 1000).toFixed(2)} s`],
		['content', run => `${megabytes(run, 'bytesLiteral')} MB`],
		['found here', run => `${megabytes(run, 'bytesMatched')} MB`],
		['of the link', run => share(run, rate)],
		['round trips', run => String(figure(run, 'roundTrips'))],
		['ranges lost', run => String(figure(run, 'rangesLost'))],
		['dropped', run => run.dropped],
		['datagrams', run => `${figure(run, 'datagramsIn')} / ${figure(run, 'datagramsOut')}`],
		['MB', run => `${megabytes(run, 'wireBytesIn')} / ${megabytes(run, 'wireBytesOut')}`],
	];
	const rows = [
		['pull', ...columns.map(([title]) => title)],
		...runs.map(run => [run.name, ...columns.map(([, cell]) => cell(run))]),
	];
	const widths = rows[0]!.map((_title, index) => Math.max(...rows.map(row => row[index]!.length)));
	const line = (row: readonly string[]) =>
		row.map((cell, index) => pad(cell, widths[index]!, index === 0)).join('  ');
	const rule = widths.map(width => '-'.repeat(width)).join('  ');
	return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n');
}

function figure({result}: Run, name: string): number {
	const value = result[name];
	return typeof value === 'number' ? value : Number.NaN;
}

function megabytes(run: Run, name: string): string {
	return (figure(run, name) / 1e6).toFixed(3);
}

/** Content over the time of the whole command; a few octets say nothing about a link. */
function share(run: Run, rate: number): string {
	const octets = figure(run, 'bytesLiteral');
	if (!(octets >= 5_000_000)) return '';
	return `${((100_000 * octets) / run.elapsedMs / rate).toFixed(0)} %`;
}

function pad(cell: string, width: number, left: boolean): string {
	return left ? cell.padEnd(width) : cell.padStart(width);
}
