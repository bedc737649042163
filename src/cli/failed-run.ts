/** The last JSON line of a run that was ended by an error before it had a result. */
import type {PullResult} from '../engine/event.ts';
import type {ErrorReport} from './report.ts';

export type FailedRun = (report: ErrorReport, exit: number, elapsedMs: number) => object;

export const failedRun: FailedRun = (report, exit) => ({
	event: 'result',
	ok: false,
	exit,
	errorCount: 1,
	errors: [report],
});

/** Of a pull: nothing was published, so all is zero. */
export const failedPull: FailedRun = (report, exit, elapsedMs) => {
	const nothing: Omit<PullResult, 'errors'> = {
		ok: false,
		exit,
		snapshot: '',
		unchanged: false,
		dryRun: false,
		entries: 0,
		files: 0,
		created: 0,
		filesChanged: 0,
		filesMoved: 0,
		deleted: 0,
		bytesTotal: 0,
		bytesLiteral: 0,
		bytesMatched: 0,
		bytesCompressed: 0,
		bytesExpanded: 0,
		wireBytesIn: 0,
		wireBytesOut: 0,
		datagramsIn: 0,
		datagramsOut: 0,
		rangesLost: 0,
		rangesDuplicate: 0,
		roundTrips: 0,
		roundTripMs: 0,
		elapsedMs,
		errorCount: 1,
		leftOut: [],
	};
	return {event: 'result', ...nothing, errors: [report]};
};
