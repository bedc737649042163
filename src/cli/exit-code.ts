/**
 * What each exit code means, for help, manual page and README. The codes themselves are those of
 * the errors (`error.ts`), which take rsync's number where the meaning is the same.
 */
export const exitTable: Readonly<Record<number, string>> = {
	0: 'done',
	1: 'usage',
	2: 'a peer broke the protocol',
	5: 'wrong key, no access, unknown module',
	10: 'unreachable, refused or busy',
	11: 'disk, or state directory',
	12: "the source's data are not valid",
	20: 'interrupted',
	22: 'out of memory',
	23: 'some paths could not be done',
	24: 'files vanished or changed at the source',
	25: 'more deletions than allowed',
	30: 'silence, or the session ended',
	35: 'no answer',
	70: 'a bug in shoal',
};
