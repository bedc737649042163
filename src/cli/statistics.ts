/** Figures of a pull, worded as rsync words them where it has the same ones. */
import type {PullResult, TypeCounts} from '../engine/event.ts';
import {formatCount, formatDuration} from './format.ts';

/** The two lines that end a run: what travelled, and what that saved. */
export function totals(result: PullResult): string[] {
	const {wireBytesOut, bytesTotal, elapsedMs, dryRun} = result;
	const received = bytesReceived(result);
	const travelled = wireBytesOut + received;
	const rate = travelled / Math.max(0.001, elapsedMs / 1000);
	const speedup =
		travelled === 0 ? 'nothing travelled' : `speedup is ${formatCount(bytesTotal / travelled, 2)}`;
	return [
		`sent ${formatCount(wireBytesOut)} bytes  received ${formatCount(received)} bytes  ` +
			`${formatCount(rate, 2)} bytes/sec`,
		`total size is ${formatCount(bytesTotal)}  ${speedup}${dryRun ? ' (DRY RUN)' : ''}`,
	];
}

/** Of a local source no datagram comes: what was read of it has come, as rsync counts it. */
function bytesReceived({wireBytesIn, wireBytesOut, bytesLiteral}: PullResult): number {
	return wireBytesIn + wireBytesOut === 0 ? bytesLiteral : wireBytesIn;
}

/** As rsync ends the log of a run. */
export function logTotal(result: PullResult): string {
	const {wireBytesOut, bytesTotal} = result;
	return (
		`sent ${formatCount(wireBytesOut)} bytes  ` +
		`received ${formatCount(bytesReceived(result))} bytes  ` +
		`total size ${formatCount(bytesTotal)}`
	);
}

/** `--stats`: rsync's lines in rsync's order, then what only shoal has. */
export function statistics(result: PullResult): string[] {
	const count = (value: number) => formatCount(value);
	const {bytesLiteral, bytesMatched} = result;
	return [
		`Number of files: ${count(result.entries)}${byType(result.entryTypes)}`,
		`Number of created files: ${count(result.created)}${byType(result.createdTypes)}`,
		`Number of deleted files: ${count(result.deleted)}${deletedByType(result)}`,
		`Number of regular files transferred: ${count(result.filesChanged)}`,
		`Total file size: ${count(result.bytesTotal)} bytes`,
		`Total transferred file size: ${count(bytesLiteral + bytesMatched)} bytes`,
		`Literal data: ${count(bytesLiteral)} bytes`,
		`Matched data: ${count(bytesMatched)} bytes`,
		`Total bytes sent: ${count(result.wireBytesOut)}`,
		`Total bytes received: ${count(bytesReceived(result))}`,
		...compressed(result, count),
		`Number of regular files moved: ${count(result.filesMoved)}`,
		`Datagrams sent: ${count(result.datagramsOut)}`,
		`Datagrams received: ${count(result.datagramsIn)}`,
		`Ranges lost: ${count(result.rangesLost)}`,
		`Ranges that came twice: ${count(result.rangesDuplicate)}`,
		`Round trips: ${count(result.roundTrips)} of ${formatDuration(result.roundTripMs)}`,
		`Elapsed: ${formatDuration(result.elapsedMs)}`,
	];
}

/** What compression did, if it was asked for and did anything. */
function compressed(
	{bytesCompressed, bytesExpanded}: PullResult,
	count: (value: number) => string,
): string[] {
	if (bytesCompressed === 0) return [];
	return [`Compressed data: ${count(bytesCompressed)} bytes for ${count(bytesExpanded)} of them`];
}

const typeLabels = {
	file: 'reg',
	directory: 'dir',
	symlink: 'link',
	device: 'dev',
	special: 'special',
} as const satisfies Record<keyof TypeCounts, string>;

/** ` (reg: 3, dir: 1)`: the kinds that there are. An unchanged list is not read. */
function byType(counts: TypeCounts | undefined): string {
	const types = Object.keys(typeLabels) as (keyof TypeCounts)[];
	const kinds = types
		.filter(type => (counts?.[type] ?? 0) > 0)
		.map(type => `${typeLabels[type]}: ${formatCount(counts![type])}`);
	return kinds.length === 0 ? '' : ` (${kinds.join(', ')})`;
}

/** Known by kind only if all went that were to go. */
function deletedByType({deleted, deletedTypes}: PullResult): string {
	const planned = Object.values(deletedTypes ?? {}).reduce((sum, each) => sum + each, 0);
	return planned === deleted ? byType(deletedTypes) : '';
}
