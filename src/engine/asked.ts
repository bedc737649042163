/**
 * What a receiver asked of several sources: whom of them it is asked of, and who sent which octets
 * of it. Of octets that come from two, those that come first count; the others are not handed on.
 */
import {leafSize} from '../limit.ts';
import {RangeSet} from '../transfer/range-set.ts';
import type {FetchRequest} from '../transfer/request.ts';
import type {Micros} from '../unit.ts';
import {objectKind} from '../wire/frame.ts';
import type {LeafPart} from '../wire/patch.ts';
import type {Contributor} from './contributor.ts';

export class Asked {
	readonly request: FetchRequest;
	/** Counts what was asked for. */
	readonly number: number;
	readonly askedAt: Micros;
	/** Its octets come from one source or not at all: each one's are kept until all are there. */
	readonly isWhole: boolean;
	/** Who has refused an object of it, by its number in the request. */
	readonly refusals = new Map<number, Contributor[]>();
	/** Parts of it that are asked for; one that is all of it has come. */
	readonly copies = new Set<Copy>();
	isAnswered = false;
	isDone = false;
	/** What came of it was wrong. */
	hasLied = false;
	/** Octets that count, by who sent them: no two have one in common. */
	readonly #came = new Map<Contributor, RangeSet>();

	constructor(request: FetchRequest, number: number, askedAt: Micros, isWhole: boolean) {
		this.request = request;
		this.number = number;
		this.askedAt = askedAt;
		this.isWhole = isWhole;
	}

	/** Whether all that is missing can be asked for as one range. */
	get isRange(): boolean {
		const {count, kind} = this.request;
		return count === 1 && kind < objectKind.sums && !this.isWhole;
	}

	/** Who has sent any of it that counts. */
	get tellers(): readonly Contributor[] {
		return [...this.#came.keys()];
	}

	/** Whether it is this leaf that comes of it, compressed. */
	isFormOf({page, position, from}: Told): boolean {
		const content = this.request.sized?.content;
		if (content === undefined || content.page !== page) return false;
		const object = position - content.position;
		if (object < 0 || object >= content.count) return false;
		return content.count > 1 || (from >= content.offset && from < content.offset + content.length);
	}

	/** Whether all of an object has come. */
	hasCome(object: number): boolean {
		const {sizes, offset, length} = this.request;
		const base = this.#placeOf(object);
		const size = sizes?.[object];
		return (
			this.#nextGap(base + (size === undefined ? offset : 0)) >= base + (size ?? offset + length)
		);
	}

	/** Notes who sent these octets of an object; answers those that are new, from, to, from, … */
	take(object: number, offset: number, length: number, from: Contributor): number[] {
		const came = this.#came.get(from) ?? new RangeSet();
		this.#came.set(from, came);
		const base = this.#placeOf(object);
		const end = base + offset + length;
		const fresh: number[] = [];
		for (let at = this.#nextGap(base + offset); at < end; at = this.#nextGap(at)) {
			const to = Math.min(end, this.#nextMember(at));
			fresh.push(at - base, to - base);
			came.add(at, to);
		}
		return fresh;
	}

	/**
	 * Adds who sent what of [from, to) of an entry's object to `tellers`, but for what is `found`;
	 * that is found then.
	 */
	findTellers(of: Told, found: RangeSet, tellers: Set<Contributor>): void {
		const {request} = this;
		const object = of.position - request.position;
		if (request.kind !== of.kind || request.page !== of.page) return;
		if (object < 0 || object >= request.count) return;
		const base = this.#placeOf(object);
		for (const [teller, came] of this.#came) {
			const end = base + of.to;
			for (let at = came.nextMember(base + of.from); at < end; ) {
				const to = Math.min(end, came.nextGap(at));
				if (found.add(at - base, to - base) > 0) tellers.add(teller);
				at = came.nextMember(to);
			}
		}
	}

	/** One line of all objects: those of several in one request are a leaf each at most. */
	#placeOf(object: number): number {
		return this.request.count === 1 ? 0 : object * leafSize;
	}

	/** The first octet at or after this that nobody has sent. */
	#nextGap(from: number): number {
		let at = from;
		for (let before = -1; before !== at; ) {
			before = at;
			for (const came of this.#came.values()) at = came.nextGap(at);
		}
		return at;
	}

	#nextMember(from: number): number {
		let first = Infinity;
		for (const came of this.#came.values()) first = Math.min(first, came.nextMember(from));
		return first;
	}
}

/** Octets [from, to) of an entry's object. */
export type Told = {
	readonly kind: number;
	readonly page: number;
	readonly position: number;
	readonly from: number;
	readonly to: number;
};

/** All of what was asked, or one object of it, as it is asked of one source. */
export class Copy implements FetchRequest {
	readonly snapshot: number;
	readonly kind: FetchRequest['kind'];
	readonly page: number;
	readonly position: number;
	readonly count: number;
	readonly offset: number;
	readonly length: number;
	readonly sizes?: Float64Array;
	readonly part?: LeafPart;
	readonly asked: Asked;
	readonly from: Contributor;
	/** The only object of it; undefined: it is all of what was asked. */
	readonly object: number | undefined;
	/** Of one object: all before has come. */
	reached: number;
	/** Octets that have come. */
	octets = 0;
	/** What has come, if it is not handed on before all has. */
	held: Uint8Array | undefined;

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
		if (request.part !== undefined) this.part = request.part;
	}

	/** Octets that it still owes. */
	get owed(): number {
		return Math.max(0, this.length - this.octets);
	}

	/** Keeps octets that came. */
	hold(offset: number, data: Uint8Array): void {
		this.held ??= new Uint8Array(this.length);
		this.held.set(data, offset - this.offset);
	}
}
