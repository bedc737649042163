/** What of a source did not become part of DEST, and what to do about it. */
import type {LeftOut, PullResult} from '../engine/event.ts';
import type {ErrorCode} from '../error.ts';
import {formatCount, formatCounted} from './format.ts';

/** One and several, for who knows nothing of codes. */
const kinds: Partial<Record<ErrorCode, readonly [string, string]>> = {
	FILE_UNSUPPORTED: ['device, socket or FIFO', 'devices, sockets and FIFOs'],
	FILE_UNREADABLE: ['unreadable', 'unreadable'],
	FILE_UNWRITABLE: ['that could not be written', 'that could not be written'],
	DIRECTORY_FILLED: [
		'directory that stays for its entries',
		'directories that stay for their entries',
	],
	NAME_UNSUPPORTED: ['name that DEST cannot hold', 'names that DEST cannot hold'],
	SOURCE_STALE: ['changed at the source meanwhile', 'changed at the source meanwhile'],
	SOURCE_UNAVAILABLE: ['that the source lacks', 'that the source lacks'],
};

/** `left out: 12 devices, sockets and FIFOs`, in phrases; none: nothing was. */
export function describeLeftOut(leftOut: readonly LeftOut[]): string[] {
	return leftOut.map(({code, count}, index) => {
		const [one, many] = kinds[code] ?? [code, code];
		const phrase = `${formatCount(count)} ${count === 1 ? one : many}`;
		return index === 0 ? `left out: ${phrase}` : phrase;
	});
}

/** What to do next, when that is more than the hints of single errors say. */
export function nextStep(result: PullResult): string | undefined {
	const {exit, errorCount, dryRun, leftOut} = result;
	// Then it did not get so far that anything was left out: its error ended it.
	if (leftOut.length === 0) return undefined;
	const paths = formatCounted(errorCount, 'path');
	const rest = dryRun ? '' : ', all else is in place';
	if (exit === 24) {
		const when = 'after the source has taken its next snapshot';
		return `exit 24: ${paths} changed or went away at the source${rest}: run it again ${when}`;
	}
	if (exit !== 23) return undefined;
	return `exit 23: ${paths} could not be done${rest}: mend what is named above, then run it again`;
}
