/** Who of several sources sent what was wrong, and is not asked for that file again. */
import {RangeSet} from '../transfer/range-set.ts';
import type {FetchRequest} from '../transfer/request.ts';
import type {Asked, Told} from './asked.ts';
import type {Contributor} from './contributor.ts';

/** What came last, and from whom: a leaf is proven soon after it has come. */
const recentMax = 2048;

export class Blame {
	readonly #recent: Asked[] = [];
	#doneCount = 0;
	readonly #liars = new Map<string, Contributor[]>();
	/** Stretches that came wrong from two sources together: the next time one sends all. */
	readonly #suspects = new Set<string>();

	/** All of it that will come has come. */
	note(asked: Asked): void {
		this.#recent[this.#doneCount++ % recentMax] = asked;
	}

	/** Who lied of a file. */
	liarsOf({page, position}: Pick<Told, 'page' | 'position'>): readonly Contributor[] {
		return this.#liars.get(`${page}/${position}`) ?? [];
	}

	/** Whether this came wrong from two sources together; it did so once. */
	takeSuspect(request: FetchRequest): boolean {
		return request.count === 1 && this.#suspects.delete(placeOf(request, request.offset));
	}

	/**
	 * Who sent what came wrong, counted against it; undefined: nobody is known to have, `'two'`: one
	 * of several. `open`: what is asked for and not done.
	 */
	find(open: Iterable<Asked>, told: Told, isCompressed: boolean): Contributor | 'two' | undefined {
		const newestFirst = [...open, ...this.#recent].sort((a, b) => b.number - a.number);
		const [teller, ...others] = isCompressed
			? tellerOfForm(newestFirst, told)
			: tellersOf(newestFirst, told);
		if (teller === undefined) return undefined;
		if (others.length > 0) {
			this.#suspects.add(placeOf(told, told.from));
			return 'two';
		}
		if (!isCompressed) teller.lies++;
		const liars = this.liarsOf(told);
		if (!liars.includes(teller)) {
			this.#liars.set(`${told.page}/${told.position}`, [...liars, teller]);
		}
		return teller;
	}
}

function placeOf({kind, page, position}: Omit<Told, 'from' | 'to'>, offset: number): string {
	return `${kind}/${page}/${position}/${offset}`;
}

/** Who sent these octets, the last time that they were asked for. */
function tellersOf(newestFirst: readonly Asked[], told: Told): Contributor[] {
	const tellers = new Set<Contributor>();
	const found = new RangeSet();
	for (const asked of newestFirst) {
		asked.findTellers(told, found, tellers);
		if (found.total === told.to - told.from) break;
	}
	return [...tellers];
}

/** One wrong size puts what follows it out of place: a request is one lie, however many leaves. */
function tellerOfForm(newestFirst: readonly Asked[], told: Told): Contributor[] {
	const asked = newestFirst.find(each => each.isFormOf(told));
	const [teller] = asked?.tellers ?? [];
	if (asked === undefined || teller === undefined) return [];
	if (!asked.hasLied) teller.lies++;
	asked.hasLied = true;
	return [teller];
}
