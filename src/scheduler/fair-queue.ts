/**
 * Who is next: the highest priority first, and among equal priorities deficit round robin between
 * clients, so a client with many or large jobs delays the others by no more than one turn of
 * theirs. Shreedhar and Varghese, "Efficient Fair Queuing Using Deficit Round Robin", 1995.
 *
 * Pure: it starts nothing and knows no time.
 */
import Denque from 'denque';
import {assert} from '../assert.ts';

export type FairItem = {
	/** Higher goes first. A small whole number: each in use has a ring of its own. */
	readonly priority: number;
	/** Whose work it is; equal strings share one turn. */
	readonly client: string;
	/** Octets of work, or whatever it costs in proportion; `quantum` is one turn's worth. */
	readonly cost: number;
};

/** What a client may spend in one turn: the size of one good job. */
export const quantum = 1_048_576;

/**
 * A job that claims more than this counts as this much: so finding the next job never takes more
 * than so many turns for each job handed out, whatever sizes are claimed.
 */
export const costMax = 16 * quantum;

type Client<Item> = {readonly name: string; readonly items: Denque<Item>; deficit: number};

export class FairQueue<Item extends FairItem> {
	#size = 0;
	/** Highest priority first. */
	readonly #rings: Ring<Item>[] = [];

	get size(): number {
		return this.#size;
	}

	push(item: Item): void {
		assert(item.cost > 0, 'a job without cost');
		this.#ring(item.priority).push(item);
		this.#size++;
	}

	shift(): Item | undefined {
		const ring = this.#rings[0];
		if (ring === undefined) return undefined;
		const item = ring.shift();
		if (ring.isEmpty) this.#rings.shift();
		this.#size--;
		return item;
	}

	/** Takes out the first item that `matches`, wherever it is. */
	remove(matches: (item: Item) => boolean): Item | undefined {
		for (const [index, ring] of this.#rings.entries()) {
			const item = ring.remove(matches);
			if (item === undefined) continue;
			if (ring.isEmpty) this.#rings.splice(index, 1);
			this.#size--;
			return item;
		}
		return undefined;
	}

	/** Everything that waits, by priority; within one, client by client. */
	*[Symbol.iterator](): Generator<Item> {
		for (const ring of this.#rings) yield* ring;
	}

	#ring(priority: number): Ring<Item> {
		const index = this.#rings.findIndex(ring => ring.priority <= priority);
		if (index >= 0 && this.#rings[index]!.priority === priority) return this.#rings[index]!;
		const ring = new Ring<Item>(priority);
		this.#rings.splice(index < 0 ? this.#rings.length : index, 0, ring);
		return ring;
	}
}

/** The clients of one priority, each with something waiting; the front one has the turn. */
class Ring<Item extends FairItem> {
	readonly priority: number;
	readonly #clients = new Map<string, Client<Item>>();
	readonly #turns = new Denque<Client<Item>>();

	constructor(priority: number) {
		this.priority = priority;
	}

	get isEmpty(): boolean {
		return this.#turns.length === 0;
	}

	push(item: Item): void {
		let client = this.#clients.get(item.client);
		if (client === undefined) {
			client = {name: item.client, items: new Denque<Item>(), deficit: 0};
			this.#clients.set(item.client, client);
			this.#turns.push(client);
			if (this.#turns.length === 1) client.deficit = quantum;
		}
		client.items.push(item);
	}

	shift(): Item {
		for (;;) {
			const client = this.#turns.peekFront()!;
			const cost = Math.min(client.items.peekFront()!.cost, costMax);
			if (cost <= client.deficit) {
				client.deficit -= cost;
				const item = client.items.shift()!;
				if (client.items.length === 0) this.#leave(client);
				return item;
			}
			this.#turns.push(this.#turns.shift()!);
			this.#begin();
		}
	}

	remove(matches: (item: Item) => boolean): Item | undefined {
		for (const client of this.#clients.values()) {
			const index = client.items.toArray().findIndex(matches);
			if (index < 0) continue;
			const item = client.items.removeOne(index);
			if (client.items.length === 0) this.#leave(client);
			return item;
		}
		return undefined;
	}

	*[Symbol.iterator](): Generator<Item> {
		for (const client of this.#clients.values()) yield* client.items.toArray();
	}

	/** A client that has nothing waiting keeps nothing for later: it cannot save up turns. */
	#leave(client: Client<Item>): void {
		this.#clients.delete(client.name);
		if (this.#turns.peekFront() === client) {
			this.#turns.shift();
			if (this.#turns.length > 0) this.#begin();
		} else {
			this.#turns.removeOne(this.#turns.toArray().indexOf(client));
		}
	}

	#begin(): void {
		this.#turns.peekFront()!.deficit += quantum;
	}
}
