/** What a pull does unless it is told otherwise: `rsync -aH`. */
import type {PullOptions} from './options.ts';

/** Spread it into the options of `pull`, and say what shall be otherwise after it. */
export const pullDefaults = {
	dryRun: false,
	delete: false,
	check: false,
	checksum: false,
	ignoreTimes: false,
	sizeOnly: false,
	wholeFile: false,
	makePath: false,
	owner: true,
	group: true,
	permissions: true,
	times: true,
	numericIds: false,
	strict: false,
	fsync: false,
	trustOnFirstUse: false,
	allowRollback: false,
} as const satisfies Partial<PullOptions>;
