/** One of several sources of a pull: what it has given, how fast, and what is held against it. */
import type {ShoalError} from '../error.ts';
import {leafSize} from '../limit.ts';
import type {TaskFigures} from '../scheduler/active-task.ts';
import type {Micros} from '../unit.ts';
import type {Supply, SupplyStatistics} from './supply.ts';

/** What is longer ago counts little for a rate: a pause of a second says nothing of a source. */
const memory = 5e6;
/** A rate is one after so many microseconds, and so many round trips: a path opens slowly. */
const measuredMin = 1e6;
const roundTripsMin = 8;
/** A source that has to make what it is asked for is silent at first. */
const silentMin = 5e6;
const stuck = 5e6;

export class Contributor {
	readonly name: string;
	readonly supply: Supply;
	bytes = 0;
	lies = 0;
	/** Objects that it refused because they are no longer as its snapshot says. */
	stale = 0;
	late = 0;
	/** Kinds of compressed objects that it has not got. */
	readonly lacks = new Set<number>();
	/** When it has last done something that it was asked for. */
	doneAt: Micros;
	/** Octets handed over that are not on disk. */
	untaken = 0;
	/** Octets that it was asked for and has not sent, whether or not another has. */
	owed = 0;
	/** Why it is asked no more. */
	dropped: ShoalError | undefined;
	/** Slower than the others: it is asked for what nobody else has, or can be asked for. */
	isSpare = false;
	/**
	 * It sends the list, which must not wait for what else it could send; and what it sends besides
	 * says nothing of how fast it is.
	 */
	isListing = false;
	/** Octets that came in `#busy` microseconds in which it owed something, both fading. */
	#came = 0;
	#busy = 0;
	#seenAt: Micros;
	#seenBytes = 0;

	constructor(name: string, supply: Supply, now: Micros) {
		this.doneAt = now;
		this.#seenAt = now;
		this.name = name;
		this.supply = supply;
	}

	/** One to be asked first. */
	get isReady(): boolean {
		return !this.isSpare && !this.isListing;
	}

	/** Octets a second, while it owes something; undefined: it cannot be said yet. */
	get rate(): number | undefined {
		const least = this.#came === 0 ? silentMin : measuredMin;
		if (this.#busy < Math.max(least, roundTripsMin * this.roundTrip)) return undefined;
		return (1e6 * this.#came) / this.#busy;
	}

	/** The same as far as it is known: of one that has just begun, rather too much. */
	get likelyRate(): number {
		return (1e6 * (this.#came + leafSize)) / this.#busy;
	}

	/** Nothing done for so long, while others are, is too slow. */
	isStuck(now: Micros): boolean {
		return now - this.doneAt >= stuck;
	}

	/** Microseconds. */
	get roundTrip(): number {
		return this.supply.statistics.roundTrip;
	}

	/** Called now and then; it was busy if it owes something, or has sent something. */
	measure(now: Micros): void {
		const elapsed = now - this.#seenAt;
		const came = this.bytes - this.#seenBytes;
		this.#seenAt = now;
		this.#seenBytes = this.bytes;
		if (this.isListing || (came === 0 && this.supply.outstandingCount === 0)) return;
		const kept = Math.exp(-elapsed / memory);
		this.#came = this.#came * kept + came;
		this.#busy = this.#busy * kept + elapsed;
	}
}

/** Who has room for more, and of those who has least to do. */
export function bestOf(able: readonly Contributor[]): Contributor | undefined {
	const hungry = able.filter(({supply}) => supply.hungry);
	const among = hungry.length > 0 ? hungry : able;
	return among.reduce<Contributor | undefined>(
		(best, each) =>
			best === undefined || each.supply.outstandingCount < best.supply.outstandingCount
				? each
				: best,
		undefined,
	);
}

/** Who answers soonest: what is asked for step by step comes from there. */
export function nearestOf(all: readonly Contributor[]): Contributor | undefined {
	const waitFor = ({roundTrip}: Contributor): number => roundTrip || Infinity;
	return [...all].sort((a, b) => waitFor(a) - waitFor(b) || 0)[0];
}

/** Of all together; the round trip is that of the first. */
export function statisticsOf(all: readonly Contributor[]): SupplyStatistics {
	const [first, ...others] = all.map(({supply}) => supply.statistics);
	const total = {...first!};
	for (const other of others) {
		for (const name of Object.keys(total) as (keyof SupplyStatistics)[]) {
			if (name !== 'roundTrip') total[name] += other[name];
		}
	}
	return total;
}

export function figuresOf(all: readonly Contributor[]): TaskFigures {
	const total: Record<string, number | string> = {};
	for (const {supply} of all) {
		for (const [name, value] of Object.entries(supply.figures)) {
			total[name] = Number(total[name] ?? 0) + Number(value);
		}
	}
	return total as TaskFigures;
}
