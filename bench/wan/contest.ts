/** Who meets whom in the fairness runs, and on what queue. */

export type Contest = {
	readonly shoals: number;
	readonly cubics: number;
	/** Of the queue, in products of rate and round trip. */
	readonly queue: number;
};

/** In this order: what a second CUBIC does is what a shoal is held against. */
export const contests: readonly Contest[] = [
	{shoals: 1, cubics: 0, queue: 8},
	{shoals: 2, cubics: 0, queue: 1},
	{shoals: 4, cubics: 0, queue: 1},
	{shoals: 1, cubics: 1, queue: 0.5},
	{shoals: 1, cubics: 1, queue: 1},
	{shoals: 1, cubics: 1, queue: 2},
	{shoals: 0, cubics: 2, queue: 1},
	{shoals: 0, cubics: 1, queue: 0.1},
	{shoals: 0, cubics: 2, queue: 0.1},
	{shoals: 1, cubics: 1, queue: 0.1},
];

/** As `--contest` has it. */
export function codeOf({shoals, cubics, queue}: Contest): string {
	return `${shoals}+${cubics}@${queue}`;
}
