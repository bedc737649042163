/**
 * Several sources of one snapshot as one supply. Each is asked for as much as it keeps up with, so
 * the faster gives the more; what one refuses another is asked for; one that fails, is stale or
 * lies is asked no more, one that lags behind no more than it has to be. A lie costs the leaf that
 * it was told in, and is held against its teller, once it is known who that is.
 */
import {ShoalError} from '../error.ts';
import type {Platform} from '../platform/platform.ts';
import type {TaskFigures} from '../scheduler/active-task.ts';
import type {List} from '../snapshot/list.ts';
import type {ProvenPage} from '../snapshot/proven-pages.ts';
import type {FetchRequest} from '../transfer/request.ts';
import {later, type Micros, millis, never} from '../unit.ts';
import {isMade, isSizes} from '../wire/compressed.ts';
import {objectKind, refuseCode} from '../wire/frame.ts';
import {Asked, Copy} from './asked.ts';
import {Blame} from './blame.ts';
import {bestOf, type Contributor, figuresOf, nearestOf, statisticsOf} from './contributor.ts';
import type {SourceCounts} from './event.ts';
import type {ContentHandler, KnownList, Supply, SupplyStatistics} from './supply.ts';
import {tailOf} from './tail.ts';

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
const checkEvery = millis(100);
/** Who has asked for all that it wants has done so by then. */
const checkSoon = millis(5);
/** Slower than another by this factor, and owing a second's worth, is too slow. */
const slowFactor = 16;

export class Several implements Supply {
	readonly head: Supply['head'];
	readonly origin: Supply['origin'];
	readonly #options: SeveralOptions;
	readonly #all: Contributor[] = [];
	readonly #missed: SourceCounts[] = [];
	readonly #asked = new Set<Asked>();
	/** The source of a file's sums: each salts its own. */
	readonly #sumsOf = new Map<string, {from: Contributor; hasCome: boolean}>();
	/** Who told the sizes of compressed leaves: they are where its sizes say. */
	readonly #sizedBy = new WeakMap<FetchRequest, Contributor>();
	readonly #blame = new Blame();
	#askedCount = 0;
	#contents: ContentHandler | undefined;
	#cancelCheck: (() => void) | undefined;
	#checkAt: Micros = never;
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
		const asked = this.#all.map(({name, bytes, lies, stale, dropped, isSpare}) => {
			const why = dropped?.code ?? (isSpare ? 'SOURCE_STALLED' : undefined);
			return {url: name, bytes, lies, stale, ...(why && {dropped: why})};
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
			const from = nearestOf(this.#live);
			if (from === undefined) throw this.#all.at(-1)!.dropped!;
			from.isListing = true;
			try {
				return await from.supply.obtainList(known, path, onProgress, show);
			} catch (error) {
				if (!(error instanceof ShoalError)) throw error;
				this.drop(from, error);
			} finally {
				from.isListing = false;
				from.doneAt = this.#options.platform.clock.now();
			}
		}
	}

	get isOutlived(): boolean {
		return this.#all.some(({supply}) => supply.isOutlived);
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
		return statisticsOf(this.#all);
	}

	get figures(): TaskFigures {
		return figuresOf(this.#all);
	}

	deliver(contents: ContentHandler): void {
		this.#contents = contents;
	}

	fetch(request: FetchRequest): void {
		const asked = this.#open(request);
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
	 * file again. If two have sent parts of it, nobody can say who lied: the next time all of it is
	 * taken from one. True: somebody is asked who may be right.
	 */
	lied(
		kind: number,
		page: number,
		position: number,
		offset: number,
		length: number,
		isCompressed = false,
	): boolean {
		const told = {kind, page, position, from: offset, to: offset + length};
		const teller = this.#blame.find(this.#asked, told, isCompressed);
		if (teller === undefined || teller === 'two') return teller === 'two';
		const liars = this.#blame.liarsOf(told);
		const hasOther = this.#live.some(each => !liars.includes(each));
		if (hasOther && teller.lies >= liesMax) {
			const detail = `${teller.lies} pieces of what it sent were not what the snapshot says`;
			this.drop(teller, new ShoalError('CONTENT_INVALID', detail));
		}
		return hasOther;
	}

	/** This one could not be reached, or is no source of the same. */
	miss(name: string, why: ShoalError): void {
		this.#missed.push({url: name, bytes: 0, lies: 0, stale: 0, dropped: why.code});
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
		const quick = this.#live.filter(({isReady}) => isReady);
		return quick.length > 0 ? quick : this.#live;
	}

	#handlerOf(from: Contributor): ContentHandler {
		return {
			block: (request, object, offset, data, now) => {
				const copy = request as Copy;
				from.bytes += data.length;
				from.owed -= data.length;
				copy.octets += data.length;
				if (from.dropped !== undefined) return;
				from.untaken += data.length;
				if (copy.asked.isWhole) copy.hold(offset, data);
				else if (copy.asked.isDone) this.#giveBack(from, data.length);
				else if (copy.kind === objectKind.sums) this.#sums(copy, object, offset, data, now);
				else this.#block(copy, object, offset, data, now);
			},
			refused: (request, object, code) => this.#refused(request as Copy, object, code),
			done: request => this.#done(request as Copy),
		};
	}

	/** Hands on what of it nobody has sent before. */
	#block(copy: Copy, object: number, offset: number, data: Uint8Array, now: Micros): void {
		const {asked, from} = copy;
		if (offset <= copy.reached) copy.reached = Math.max(copy.reached, offset + data.length);
		const index = copy.object ?? object;
		const fresh = asked.take(index, offset, data.length, from);
		let left = data.length;
		for (let at = 0; at < fresh.length; at += 2) {
			const [start, end] = [fresh[at]!, fresh[at + 1]!];
			const octets = data.subarray(start - offset, end - offset);
			left -= octets.length;
			this.#contents?.block(asked.request, index, start, octets, now);
		}
		this.#giveBack(from, left);
	}

	#sums(copy: Copy, object: number, offset: number, data: Uint8Array, now: Micros): void {
		const sums = this.#sumsOf.get(keyOf(copy));
		// Refused before, and maybe asked of another, whose salt is not this one's.
		if (sums?.from !== copy.from) {
			this.#giveBack(copy.from, data.length);
			return;
		}
		sums.hasCome = true;
		this.#contents?.block(copy.asked.request, copy.object ?? object, offset, data, now);
	}

	/** All that was held has come of one, or is not needed. */
	#release(copy: Copy, now: Micros): void {
		const {asked, from, held} = copy;
		if (held === undefined || from.dropped !== undefined) return;
		copy.held = undefined;
		let surplus = copy.octets;
		if (!asked.isDone && !asked.refusals.get(0)?.includes(from)) {
			surplus -= held.length;
			asked.take(0, copy.offset, held.length, from);
			this.#contents?.block(asked.request, 0, copy.offset, held, now);
		}
		this.#giveBack(from, surplus);
	}

	/** Octets that are not handed on. */
	#giveBack(to: Contributor, octets: number): void {
		if (octets === 0) return;
		to.untaken -= octets;
		to.supply.taken(octets);
	}

	#refused(copy: Copy, object: number, code: number): void {
		const {asked, from} = copy;
		if (asked.isDone || from.dropped !== undefined) return;
		const index = copy.object ?? object;
		if (isMade(copy.kind)) {
			this.#refusedMade(copy, index, code);
			return;
		}
		if (code === refuseCode.stale) this.#tellStale(from);
		asked.refusals.set(index, [...(asked.refusals.get(index) ?? []), from]);
		const sums = copy.kind === objectKind.sums ? this.#sumsOf.get(keyOf(copy)) : undefined;
		if (sums?.hasCome === false) this.#sumsOf.delete(keyOf(copy));
		if (!this.#ask(asked, index)) this.#contents?.refused(asked.request, index, code);
	}

	/**
	 * What a source makes when it is wanted is its own: nobody can go on with a part of it. Another
	 * one is asked for all of it, or what it stands for comes as it is.
	 */
	#refusedMade({asked, from, kind, count}: Copy, index: number, code: number): void {
		if (code === refuseCode.stale) this.#tellStale(from);
		// Who has not got the form says so of each that is wanted in it.
		if (code === refuseCode.invalid && !asked.request.sized) from.lacks.add(kind);
		asked.refusals.set(0, [...(asked.refusals.get(0) ?? []), from]);
		if (from.lacks.has(kind) || count === 1) {
			if (this.#askAnew(asked)) return;
		}
		const isLacked = this.#live.every(({lacks}) => lacks.has(kind));
		const told = isLacked ? refuseCode.invalid : refuseCode.unavailable;
		this.#contents?.refused(asked.request, index, told);
	}

	/** Nothing of what has come of it is to be used. False: nobody is left to be asked. */
	#askAnew(asked: Asked): boolean {
		if (asked.request.sized || (!isSizes(asked.request.kind) && asked.tellers.length > 0))
			return false;
		const next = this.#open(asked.request);
		next.refusals.set(0, asked.refusals.get(0) ?? []);
		const isAsked = this.#ask(next, undefined);
		const left = isAsked ? asked : next;
		left.isDone = true;
		this.#asked.delete(left);
		return isAsked;
	}

	/** Its source is gone, or far too slow. */
	#relieve(asked: Asked): void {
		if (asked.isDone) return;
		const [copy] = asked.copies;
		if (copy) asked.refusals.set(0, [...(asked.refusals.get(0) ?? []), copy.from]);
		if (!this.#askAnew(asked)) this.#refuseAll(asked);
	}

	#tellStale(from: Contributor): void {
		if (from.stale++ > 0) return;
		this.#options.notice(`${from.name} has changed since: others are asked for what it lacks`);
	}

	#open(request: FetchRequest): Asked {
		const {clock} = this.#options.platform;
		const isSuspect = this.#blame.takeSuspect(request);
		const asked = new Asked(request, this.#askedCount++, clock.now(), isSuspect);
		this.#asked.add(asked);
		this.#arm(checkEvery);
		return asked;
	}

	#done(copy: Copy): void {
		const {asked, from} = copy;
		if (!asked.copies.delete(copy)) return;
		from.doneAt = this.#options.platform.clock.now();
		from.owed -= copy.length - copy.octets;
		this.#release(copy, from.doneAt);
		if (from.supply.outstandingCount === 0) this.#arm(checkSoon);
		if (copy.object === undefined) asked.isAnswered = true;
		for (const other of asked.copies) {
			if (other.object === undefined && other.from !== from) this.#countLate(other.from);
		}
		this.#settle(asked);
	}

	/** Another source was given the same to do, later, and was done first. */
	#countLate(slow: Contributor): void {
		const {clock} = this.#options.platform;
		if (++slow.late >= lateMax && slow.isStuck(clock.now())) this.#spare(slow);
	}

	/** This one holds up more than it gives. */
	#spare(slow: Contributor): void {
		if (slow.dropped !== undefined || slow.isSpare || slow.isListing) return;
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
		this.#blame.note(asked);
		this.#contents?.done(asked.request);
	}

	/** What of a copy does not come any more is asked of somebody else, or given up. */
	#askElsewhere(copy: Copy): void {
		const {asked, object} = copy;
		if (isMade(copy.kind)) {
			this.#relieve(asked);
			return;
		}
		const isCovered = [...asked.copies].some(other => other.object === undefined);
		if (asked.isDone || (object === undefined && (asked.isAnswered || isCovered))) return;
		const isRange = object === undefined && asked.isRange;
		if (this.#ask(asked, object, isRange ? copy.reached : undefined)) return;
		if (object === undefined) this.#askOneByOne(asked);
		else this.#contents?.refused(asked.request, object, refuseCode.unavailable);
		this.#settle(asked);
	}

	/** Whoever lacks one object of several may have the others. */
	#askOneByOne(asked: Asked): void {
		asked.isAnswered = true;
		const open = [...asked.copies].map(each => each.object);
		// What was refused is under way, has come, or was given up.
		const known = new Set([...open, ...asked.refusals.keys()]);
		for (let index = 0; index < asked.request.count; index++) {
			if (known.has(index) || asked.hasCome(index) || this.#ask(asked, index)) continue;
			this.#contents?.refused(asked.request, index, refuseCode.unavailable);
		}
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
		const key = keyOf({page: request.page, position: request.position + (object ?? 0)});
		const isSums = request.kind === objectKind.sums;
		const able = this.#ableTo(asked, object);
		const {sized} = request;
		const bound = sized ? this.#sizedBy.get(sized.by) : isSums && this.#sumsOf.get(key)?.from;
		const quick = able.filter(({isReady}) => isReady);
		const best = bound || (bestOf(quick) ?? bestOf(able));
		if (best === undefined || !able.includes(best)) return false;
		if (isSums && !bound) this.#sumsOf.set(key, {from: best, hasCome: false});
		if (isSizes(request.kind)) this.#sizedBy.set(request, best);
		const copy = new Copy(asked, best, object, start);
		asked.copies.add(copy);
		best.owed += copy.length;
		best.supply.fetch(copy);
		return true;
	}

	/** Who may be asked for all of it, or for one object. */
	#ableTo({request, refusals, copies}: Asked, object: number | undefined): Contributor[] {
		const {page, kind} = request;
		const position = request.position + (object ?? 0);
		const refusers = refusals.get(object ?? 0) ?? [];
		const asking = [...copies].filter(each => each.object === undefined && object === undefined);
		const isOne = request.count === 1 || object !== undefined;
		const liars = isOne ? this.#blame.liarsOf({page, position}) : [];
		const out = new Set([...refusers, ...asking.map(({from}) => from), ...liars]);
		return this.#live.filter(each => !out.has(each) && !each.lacks.has(kind));
	}

	/** Looks soon at who is slow and who has nothing to do, and every now and then. */
	#arm(after: Micros): void {
		const {clock} = this.#options.platform;
		const at = later(clock.now(), after);
		if (this.#isClosed || this.#checkAt <= at) return;
		this.#cancelCheck?.();
		this.#checkAt = at;
		this.#cancelCheck = clock.at(at, () => {
			this.#checkAt = never;
			this.#cancelCheck = undefined;
			this.#check();
			if (this.#asked.size > 0) this.#arm(checkEvery);
		});
	}

	#check(): void {
		const now = this.#options.platform.clock.now();
		for (const each of this.#live) each.measure(now);
		const fastest = Math.max(...this.#quick.map(({rate}) => rate ?? 0));
		for (const each of this.#quick) {
			const {rate = Infinity} = each;
			// Who owes little holds up nothing, and has maybe not been asked for more.
			if (rate * slowFactor < fastest && rate < each.owed) this.#spare(each);
		}
		const idle = this.#quick.filter(({supply}) => supply.outstandingCount === 0);
		if (idle.length === 0) return;
		const canMove = (asked: Asked): boolean =>
			isMade(asked.request.kind) ||
			this.#ableTo(asked, undefined).some(each => idle.includes(each));
		for (const {asked, reached, kind} of tailOf(this.#asked, idle, now, canMove)) {
			if (isMade(kind)) this.#relieve(asked);
			else this.#ask(asked, undefined, asked.isRange ? reached : undefined);
		}
	}
}

function keyOf({page, position}: Pick<FetchRequest, 'page' | 'position'>): string {
	return `${page}/${position}`;
}
