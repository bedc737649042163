import type {Stat} from '../platform/tree.ts';

/** What of a file's stat says that it is the same, unchanged file. */
export type StatIdentity = Pick<
	Stat,
	'size' | 'mtimeSec' | 'mtimeNsec' | 'ctimeSec' | 'ctimeNsec' | 'ino' | 'dev'
>;
