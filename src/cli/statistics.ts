/** Figures of a pull, worded as rsync words them where it has the same ones. */
import type {PullResult} from '../engine/event.ts';
import {formatCount, formatDuration} from './format.ts';

/** The two lines that end a run: what travelled, and what that saved. */
export function totals(result: PullResult): string[] {
	const {wireBytesIn, wireBytesOut, bytesTotal, elapsedMs, dryRun} = result;
	const travelled = wireBytesIn + wireBytesOut;
	const rate = travelled / Math.max(0.001, elapsedMs / 1000);
	const speedup = travelled === 0 ? 0 : bytesTotal / travelled;
	return [
		`sent ${formatCount(wireBytesOut)} bytes  received ${formatCount(wireBytesIn)} bytes  ` +
			`${formatCount(rate, 2)} bytes/sec`,
		`total size is ${formatCount(bytesTotal)}  speedup is ${formatCount(speedup, 2)}` +
			(dryRun ? ' (DRY RUN)' : ''),
	];
}

/** `--stats`. */
export function statistics(result: PullResult): string[] {
	const count = (value: number) => formatCount(value);
	return [
		`Number of files: ${count(result.entries)}${regular(result)}`,
		`Number of created files: ${count(result.created)}`,
		`Number of deleted files: ${count(result.deleted)}`,
		`Number of regular files changed: ${count(result.filesChanged)}`,
		`Number of regular files moved: ${count(result.filesMoved)}`,
		`Total file size: ${count(result.bytesTotal)} bytes`,
		`Literal data: ${count(result.bytesLiteral)} bytes`,
		`Matched data: ${count(result.bytesMatched)} bytes`,
		`Total bytes sent: ${count(result.wireBytesOut)}`,
		`Total bytes received: ${count(result.wireBytesIn)}`,
		`Datagrams sent: ${count(result.datagramsOut)}`,
		`Datagrams received: ${count(result.datagramsIn)}`,
		`Ranges lost: ${count(result.rangesLost)}`,
		`Ranges that came twice: ${count(result.rangesDuplicate)}`,
		`Round trips: ${count(result.roundTrips)} of ${formatDuration(result.roundTripMs)}`,
		`Elapsed: ${formatDuration(result.elapsedMs)}`,
	];
}

/** An unchanged list is not read, so its files are not counted. */
function regular({files, unchanged}: PullResult): string {
	return unchanged ? '' : ` (reg: ${formatCount(files)})`;
}
