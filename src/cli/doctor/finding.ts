/** What the doctor says of one thing, and how it is shown. */

/** `note`: worth knowing; `warn`: costs speed or safety; `fail`: something will not work. */
export type Verdict = 'ok' | 'note' | 'warn' | 'fail';

export type Finding = {
	readonly verdict: Verdict;
	/** What was looked at, in a word or two. */
	readonly check: string;
	readonly found: string;
	/** Commands, or what to do where no command can, line by line. */
	readonly mend: readonly string[];
};

export const finding = (
	verdict: Verdict,
	check: string,
	found: string,
	...mend: readonly string[]
): Finding => ({verdict, check, found, mend});

/** Columns of verdict and check. */
const verdictWidth = 6;
const checkWidth = 16;

/** A line, and one for each command below what was found. */
export function findingLines({verdict, check, found, mend}: Finding): string[] {
	const margin = ' '.repeat(verdictWidth + checkWidth);
	return [
		verdict.padEnd(verdictWidth) + check.padEnd(checkWidth) + found,
		...mend.map(line => `${margin}> ${line}`),
	];
}
