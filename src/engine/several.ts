/**
 * Several sources of one snapshot as one supply. Each is asked for as much as it keeps up with, so
 * the faster gives the more; what one refuses another is asked for; one that fails, is stale or
 * lies is asked no more, one that lags behind no more than it has to be. A lie costs the leaf that
 * it was told in, and is held against its teller.
 */
import {ShoalError} from '../error.ts';
import {leafSize} from '../limit.ts';
import type {Platform} from '../platform/platform.ts';
import type {TaskFigures} from '../scheduler/active-task.ts';
import type {List} from '../snapshot/list.ts';
import type {ProvenPage} from '../snapshot/proven-pages.ts';
import type {FetchRequest} from '../transfer/request.ts';
import {later, type Micros, millis} from '../unit.ts';
import {objectKind, refuseCode} from '../wire/frame.ts';
import type {SourceCounts} from './event.ts';
import type {ContentHandler, KnownList, Supply, SupplyStatistics} from './supply.ts';

export type SeveralOptions = {
	readonly platform: Pick<Platform, 'clock'>;
	/** Nobody is left to ask. */
	readonly failed: (error: ShoalError) => void;
	readonly notice: (text: string) => void;
	/** Resolves when nobody is dialled any more. */
	readonly stopDialling: () => Promise<unknown>;
};

/** Leaves and stretches of hashes that a source may get wrong before it is asked no more. */
const liesMax = 8;
/** Requests that another source answered first, before one that does nothing is a spare one. */
const lateMax = 4;
const checkEveryMs = 500;
/** So long unanswered, a request goes to a source that has nothing else to do, too. */
const overdue = millis(1000);
/** What came last, and from whom: a leaf is proven soon after it has come. */
const recentMax = 4096;
/** Nothing done for so long, while others are, is too slow. */
const stuck = millis(5000);

/** One of the sources. */
export class Contributor {
	readonly name: string;
	readonly supply: Supply;
	bytes = 0;
	lies = 0;
	late = 0;
	/** When it has last done something that it was asked for. */
	doneAt: Micros;
	/** Octets handed over that are not on disk. */
	untaken = 0;
	/** Why it is asked no more. */
	dropped: ShoalError | undefined;
	/** Slower than the others: it is asked for what nobody else has, or can be asked for. */
	isSpare = false;
	/** It has refused what is no longer as its snapshot says. */
	isStale = false;

	constructor(name: string, supply: Supply, now: Micros) {
		this.doneAt = now;
		this.name = name;
		this.supply = supply;
	}
}

/** What the receiver asked for. */
type Asked = {
	readonly request: FetchRequest;
	readonly askedAt: Micros;
	/** Who has refused an object of it, by its number in the request. */
	readonly refusals: Map<number, Contributor[]>;
	/** Parts of it that are asked for; one that is all of it has come. */
	readonly copies: Set<Copy>;
	/** Of each leaf, or object of several, who sent the first octets of it: those count. */
	readonly senders: Map<number, Contributor>;
	isAnswered: boolean;
	isDone: boolean;
};

/** All of what was asked, or one object of it, as it is asked of one source. */
class Copy implements FetchRequest {
	readonly snapshot: number;
	readonly kind: FetchRequest['kind'];
	readonly page: number;
	readonly position: number;
	readonly count: number;
	readonly offset: number;
	readonly length: number;
	readonly sizes?: Float64Array;
	readonly asked: Asked;
	readonly from: Contributor;
	/** The only object of it; undefined: it is all of what was asked. */
	readonly object: number | undefined;
	/** Of one object: all before has come. */
	reached: number;

	/** `start`: of one object, what is before has come from another. */
	constructor(asked: Asked, from: Contributor, object: number | undefined, start?: number) {
		const {request} = asked;
		const isOne = object !== undefined && request.count > 1;
		this.asked = asked;
		this.from = from;
		this.object = object;
		this.snapshot = request.snapshot;
		this.kind = request.kind;
		this.page = request.page;
		this.position = request.position + (object ?? 0);
		this.count = isOne ? 1 : request.count;
		this.offset = start ?? request.offset;
		this.reached = this.offset;
		const skipped = this.offset - request.offset;
		this.length = isOne ? request.sizes![object]! : request.length - skipped;
		if (!isOne && request.sizes !== undefined) this.sizes = request.sizes;
	}
}

export class Several implements Supply {
	readonly head: Supply['head'];
	readonly origin: Supply['origin'];
	readonly #options: SeveralOptions;
	readonly #all: Contributor[] = [];
	readonly #missed: SourceCounts[] = [];
	readonly #asked = new Set<Asked>();
	/** The source of a file's sums: each salts its own. */
	readonly #sumsOf = new Map<string, {from: Contributor; hasCome: boolean}>();
	readonly #liars = new Map<string, Contributor[]>();
	readonly #recent: Asked[] = [];
	#recentAt = 0;
	#contents: ContentHandler | undefined;
	#cancelCheck: (() => void) | undefined;
	#isClosed = false;

	constructor(options: SeveralOptions, first: Contributor) {
		this.#options = options;
		this.head = first.supply.head;
		this.origin = first.supply.origin;
		this.add(first);
	}

	/** Asks this one, too; it has the same snapshot. */
	add(contributor: Contributor): void {
		this.#all.push(contributor);
		contributor.supply.deliver(this.#handlerOf(contributor));
	}

	/** Of each source: those that are asked no more included. */
	get counts(): readonly SourceCounts[] {
		const asked = this.#all.map(({name, bytes, lies, dropped, isSpare}) => {
			const why = dropped?.code ?? (isSpare ? 'SOURCE_STALLED' : undefined);
			return {url: name, bytes, lies, ...(why && {dropped: why})};
		});
		return [...asked, ...this.#missed];
	}

	async obtainList(
		known: KnownList | undefined,
		path: Uint8Array,
		onProgress: (done: number, total: number) => void,
		onPage?: (page: ProvenPage) => void,
	): Promise<List> {
		for (let show = onPage; ; show = undefined) {
			const [from] = this.#live;
			if (from === undefined) throw this.#all.at(-1)!.dropped!;
			try {
				return await from.supply.obtainList(known, path, onProgress, show);
			} catch (error) {
				if (!(error instanceof ShoalError)) throw error;
				this.drop(from, error);
			}
		}
	}

	get isOutlived(): boolean {
		return this.#live.some(({supply}) => supply.isOutlived);
	}

	get hungry(): boolean {
		return this.#quick.some(({supply}) => supply.hungry);
	}

	get outstandingCount(): number {
		return this.#asked.size;
	}

	get limitedBy(): Supply['limitedBy'] {
		return this.#live[0]?.supply.limitedBy;
	}

	get statistics(): SupplyStatistics {
		const [first, ...others] = this.#all.map(({supply}) => supply.statistics);
		const total = {...first!};
		for (const other of others) {
			for (const name of Object.keys(total) as (keyof SupplyStatistics)[]) {
				if (name !== 'roundTrip') total[name] += other[name];
			}
		}
		return total;
	}

	get figures(): TaskFigures {
		const total: Record<string, number | string> = {};
		for (const {supply} of this.#all) {
			for (const [name, value] of Object.entries(supply.figures)) {
				total[name] = Number(total[name] ?? 0) + Number(value);
			}
		}
		return total as TaskFigures;
	}

	deliver(contents: ContentHandler): void {
		this.#contents = contents;
	}

	fetch(request: FetchRequest): void {
		const asked: Asked = {
			request,
			askedAt: this.#options.platform.clock.now(),
			refusals: new Map(),
			copies: new Set(),
			senders: new Map(),
			isAnswered: false,
			isDone: false,
		};
		this.#asked.add(asked);
		this.#arm();
		if (this.#ask(asked, undefined)) return;
		// Nobody can be asked: told when the caller is done with what it is at.
		queueMicrotask(() => this.#refuseAll(asked));
	}

	/** So many octets are on disk; whose they were does not matter, in the end it is all of them. */
	taken(octets: number): void {
		let left = octets;
		for (const each of [...this.#all].sort((a, b) => b.untaken - a.untaken)) {
			const its = Math.min(left, each.untaken);
			each.untaken -= its;
			left -= its;
			if (its > 0 && each.dropped === undefined) each.supply.taken(its);
		}
	}

	/**
	 * What came at this place was not what the snapshot says: whoever sent it is not asked for that
	 * file again. True: somebody else is.
	 */
	lied(kind: number, page: number, position: number, offset: number): boolean {
		const teller = this.#tellerOf(kind, page, position, offset);
		if (teller === undefined) return false;
		teller.lies++;
		const key = `${page}/${position}`;
		const liars = this.#liars.get(key) ?? [];
		if (!liars.includes(teller)) liars.push(teller);
		this.#liars.set(key, liars);
		const hasOther = this.#live.some(each => !liars.includes(each));
		if (hasOther && teller.lies >= liesMax) {
			const detail = `${teller.lies} pieces of what it sent were not what the snapshot says`;
			this.drop(teller, new ShoalError('CONTENT_INVALID', detail));
		}
		return hasOther;
	}

	/** This one could not be reached, or is no source of the same. */
	miss(name: string, why: ShoalError): void {
		this.#missed.push({url: name, bytes: 0, lies: 0, dropped: why.code});
		this.#options.notice(`${name} is not asked: ${why.message}`);
	}

	/** Asks this one no more, and others for what it owes. */
	drop(contributor: Contributor, why: ShoalError): void {
		if (contributor.dropped !== undefined || this.#isClosed) return;
		contributor.dropped = why;
		void contributor.supply.close();
		this.#options.notice(`${contributor.name} is asked no more: ${why.message}`);
		if (this.#live.length === 0) {
			this.#options.failed(why);
			return;
		}
		for (const asked of [...this.#asked]) {
			for (const copy of [...asked.copies]) {
				if (copy.from !== contributor) continue;
				asked.copies.delete(copy);
				this.#askElsewhere(copy);
			}
		}
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		this.#cancelCheck?.();
		await this.#options.stopDialling();
		await Promise.all(this.#all.map(({supply}) => supply.close()));
	}

	get #live(): Contributor[] {
		return this.#all.filter(({dropped}) => dropped === undefined);
	}

	/** Who is asked first: those who keep up, or whoever is left. */
	get #quick(): Contributor[] {
		const quick = this.#live.filter(({isSpare}) => !isSpare);
		return quick.length > 0 ? quick : this.#live;
	}

	#handlerOf(from: Contributor): ContentHandler {
		return {
			block: (request, object, offset, data, now) => {
				const copy = request as Copy;
				from.bytes += data.length;
				if (copy.asked.isDone || from.dropped !== undefined) {
					if (from.dropped === undefined) from.supply.taken(data.length);
					return;
				}
				if (copy.kind === objectKind.sums) {
					const sums = this.#sumsOf.get(keyOf(copy));
					// Refused before, and maybe asked of another, whose salt is not this one's.
					if (sums?.from !== from) return from.supply.taken(data.length);
					sums.hasCome = true;
				}
				from.untaken += data.length;
				if (offset === copy.reached) copy.reached += data.length;
				const index = copy.object ?? object;
				const {request: whole, senders} = copy.asked;
				const part = partOf(whole, index, offset);
				if (!senders.has(part)) senders.set(part, from);
				this.#contents?.block(whole, index, offset, data, now);
			},
			refused: (request, object, code) => this.#refused(request as Copy, object, code),
			done: request => this.#done(request as Copy),
		};
	}

	#refused(copy: Copy, object: number, code: number): void {
		const {asked, from} = copy;
		if (asked.isDone || from.dropped !== undefined) return;
		const index = copy.object ?? object;
		if (code === refuseCode.stale && !from.isStale) {
			from.isStale = true;
			this.#options.notice(`${from.name} has changed since: others are asked for what it lacks`);
		}
		asked.refusals.set(index, [...(asked.refusals.get(index) ?? []), from]);
		const sums = copy.kind === objectKind.sums ? this.#sumsOf.get(keyOf(copy)) : undefined;
		if (sums?.hasCome === false) this.#sumsOf.delete(keyOf(copy));
		if (!this.#ask(asked, index)) this.#contents?.refused(asked.request, index, code);
	}

	#done(copy: Copy): void {
		const {asked, from} = copy;
		if (!asked.copies.delete(copy)) return;
		from.doneAt = this.#options.platform.clock.now();
		if (copy.object === undefined) asked.isAnswered = true;
		for (const other of asked.copies) {
			if (other.object === undefined && other.from !== from) this.#countLate(other.from);
		}
		this.#settle(asked);
	}

	/** Another source was given the same to do, later, and was done first. */
	#countLate(slow: Contributor): void {
		const {clock} = this.#options.platform;
		const isStuck = later(slow.doneAt, stuck) <= clock.now();
		if (++slow.late < lateMax || !isStuck || slow.dropped !== undefined || slow.isSpare) return;
		if (!this.#live.some(each => each !== slow && !each.isSpare)) return;
		// What it alone has must not be lost because it is slow.
		slow.isSpare = true;
		const then = 'it is asked for nothing that another has';
		this.#options.notice(`${slow.name} is slower than all others: ${then}`);
	}

	#settle(asked: Asked): void {
		const isOpen = [...asked.copies].some(({object}) => object !== undefined);
		if (asked.isDone || !asked.isAnswered || isOpen) return;
		asked.isDone = true;
		this.#asked.delete(asked);
		this.#note(asked);
		this.#contents?.done(asked.request);
	}

	/** What of a copy does not come any more is asked of somebody else, or given up. */
	#askElsewhere(copy: Copy): void {
		const {asked, object} = copy;
		const isCovered = [...asked.copies].some(other => other.object === undefined);
		if (asked.isDone || (object === undefined && (asked.isAnswered || isCovered))) return;
		const isRange = object === undefined && copy.count === 1 && copy.kind !== objectKind.sums;
		if (this.#ask(asked, object, isRange ? copy.reached : undefined)) return;
		if (object === undefined) {
			this.#refuseAll(asked);
			return;
		}
		this.#contents?.refused(asked.request, object, refuseCode.unavailable);
		this.#settle(asked);
	}

	#refuseAll(asked: Asked): void {
		for (let index = 0; index < asked.request.count; index++) {
			this.#contents?.refused(asked.request, index, refuseCode.unavailable);
		}
		asked.isAnswered = true;
		this.#settle(asked);
	}

	/**
	 * Asks the best source for all of it, for one object, or for what is of its only object from
	 * `start` on. False: nobody is left to be asked.
	 */
	#ask(asked: Asked, object: number | undefined, start?: number): boolean {
		const {request} = asked;
		const position = request.position + (object ?? 0);
		const key = `${request.page}/${position}`;
		const isSums = request.kind === objectKind.sums;
		const refusers = asked.refusals.get(object ?? 0) ?? [];
		const asking = [...asked.copies].map(({from}) => (object === undefined ? from : undefined));
		const liars = request.count === 1 || object !== undefined ? this.#liars.get(key) : undefined;
		const able = this.#live.filter(
			each => !refusers.includes(each) && !asking.includes(each) && !liars?.includes(each),
		);
		const bound = isSums ? this.#sumsOf.get(key)?.from : undefined;
		const quick = able.filter(({isSpare}) => !isSpare);
		const best = bound ?? bestOf(quick) ?? bestOf(able);
		if (best === undefined || !able.includes(best)) return false;
		if (isSums && bound === undefined) this.#sumsOf.set(key, {from: best, hasCome: false});
		const copy = new Copy(asked, best, object, start);
		asked.copies.add(copy);
		best.supply.fetch(copy);
		return true;
	}

	#note(asked: Asked): void {
		this.#recent[this.#recentAt] = asked;
		this.#recentAt = (this.#recentAt + 1) % recentMax;
	}

	/** Who sent what is at `offset` of an object, the last time that it was asked for. */
	#tellerOf(kind: number, page: number, position: number, offset: number): Contributor | undefined {
		const tellerIn = ({request, senders}: Asked): Contributor | undefined => {
			const object = position - request.position;
			if (request.kind !== kind || request.page !== page) return undefined;
			if (object < 0 || object >= request.count) return undefined;
			const end = request.offset + request.length;
			if (request.count === 1 && (offset < request.offset || offset >= end)) return undefined;
			return senders.get(partOf(request, object, offset));
		};
		for (const asked of [...this.#asked].reverse()) {
			const teller = tellerIn(asked);
			if (teller !== undefined) return teller;
		}
		const count = this.#recent.length;
		for (let back = 1; back <= count; back++) {
			const asked = this.#recent[(this.#recentAt - back + recentMax) % recentMax];
			const teller = asked && tellerIn(asked);
			if (teller !== undefined) return teller;
		}
		return undefined;
	}

	#arm(): void {
		const {clock} = this.#options.platform;
		if (this.#isClosed) return;
		this.#cancelCheck ??= clock.at(later(clock.now(), millis(checkEveryMs)), () => {
			this.#cancelCheck = undefined;
			this.#shareTail();
			if (this.#asked.size > 0) this.#arm();
		});
	}

	/** Who has nothing to do is asked for what another has owed for long. */
	#shareTail(): void {
		const now = this.#options.platform.clock.now();
		const idle = this.#quick.filter(({supply}) => supply.outstandingCount === 0);
		if (idle.length === 0) return;
		let left = idle.length * 4;
		for (const asked of this.#asked) {
			if (left === 0) return;
			const isOverdue = later(asked.askedAt, overdue) <= now;
			const isPlain = asked.copies.size === 1 && asked.request.kind !== objectKind.sums;
			if (isOverdue && isPlain && !asked.isAnswered && this.#ask(asked, undefined)) left--;
		}
	}
}

/** Lies are told by the leaf: by number in one object, by object in a run of small ones. */
function partOf({count}: FetchRequest, object: number, offset: number): number {
	return count === 1 ? Math.floor(offset / leafSize) : object;
}

function keyOf({page, position}: FetchRequest): string {
	return `${page}/${position}`;
}

/** Who has room for more, and of those who has least to do. */
function bestOf(able: readonly Contributor[]): Contributor | undefined {
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
