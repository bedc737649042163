/** What a pull does unless it is told otherwise: `rsync -aH`. */
import type {PullOptions} from './options.ts';

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
