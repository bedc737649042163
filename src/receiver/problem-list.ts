/** What could not be done, path by path: counted whole, kept up to a bound. */

import {type ErrorCode, errorTable} from '../error.ts';
import {copyOctets} from '../task/packed-octets.ts';

/** One path that could not be done, or (notice) was left out as announced; the run goes on. */
export type UpdateProblem = {
	readonly code: ErrorCode;
	/** Within DEST. */
	readonly path: Uint8Array;
	readonly message: string;
	readonly notice: boolean;
};

/** All that came up in one update. */
export type ProblemSummary = {
	readonly problemCount: number;
	/** The first thousand, those that are notices among them. */
	readonly problems: readonly UpdateProblem[];
	/** Of each code all there were, kept or not. */
	readonly problemCounts: ReadonlyMap<ErrorCode, number>;
	/** 0, 23 or 24, or that of a problem that is worse. */
	readonly exit: number;
};

/** Kept in full; a tree of a million unreadable files must not fill the memory. */
const keptMax = 1000;

const partialExit = errorTable.PARTIAL.exit;
const staleExit = errorTable.SOURCE_STALE.exit;

export class ProblemList {
	readonly kept: UpdateProblem[] = [];
	/** Problems that are no notices. */
	count = 0;
	/** Of those, ones that lie with the source: nothing is deleted then. */
	sourceCount = 0;
	#exit = 0;
	readonly #counts = new Map<ErrorCode, number>();

	add(code: ErrorCode, path: Uint8Array, message: string): void {
		this.count++;
		this.#keep({code, path: copyOctets(path), message, notice: false});
		const {exit} = errorTable[code];
		if (this.#exit === 0 || this.#exit === exit) this.#exit = exit;
		else this.#exit = worse(this.#exit, exit);
	}

	/** A problem that lies with the source. */
	addSource(code: ErrorCode, path: Uint8Array, message: string): void {
		this.sourceCount++;
		this.add(code, path, message);
	}

	notice(code: ErrorCode, path: Uint8Array, message: string): void {
		this.#keep({code, path: copyOctets(path), message, notice: true});
	}

	/** 24 if only files of the source changed or vanished, else 23 or what is worse than that. */
	get exit(): number {
		return this.#exit;
	}

	summary(): ProblemSummary {
		const {count: problemCount, kept: problems, exit} = this;
		return {problemCount, problems, problemCounts: this.#counts, exit};
	}

	#keep(problem: UpdateProblem): void {
		this.#counts.set(problem.code, (this.#counts.get(problem.code) ?? 0) + 1);
		if (this.kept.length < keptMax) this.kept.push(problem);
	}
}

/** A disk or a source that cannot be trusted weighs more than a path that was left out. */
function worse(a: number, b: number): number {
	const grave = [a, b].filter(exit => exit !== partialExit && exit !== staleExit);
	return grave.length > 0 ? Math.min(...grave) : partialExit;
}
