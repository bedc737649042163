/** What the lines that are redrawn while a run goes on have to show, before there are lines. */

/** One thing to be said, in two lengths; ranks grow towards what is left out first. */
export type Field = {
	readonly long: string;
	readonly short: string;
	readonly rank: number;
	/** Shown faintly, where there are colours: it is not what one looks for first. */
	readonly weak?: boolean;
};

export type LiveState = {
	readonly title: string;
	/** How much is done, 0 … 1: a bar, where there is room. */
	readonly share?: number;
	/** Beside the title and the bar; and below them, where there is more than one line. */
	readonly amounts: readonly Field[];
	readonly details: readonly Field[];
};

/** What a terminal is at the moment. */
export type Sight = {
	readonly columns: number;
	readonly rows: number;
	readonly colours: boolean;
};
