/** A binary heap of events by time; events of one instant come out in the order they went in. */
export class EventHeap<T> {
	readonly #at: number[] = [];
	readonly #order: number[] = [];
	readonly #event: T[] = [];
	#next = 0;

	get size(): number {
		return this.#at.length;
	}

	/** Time of the first event; Infinity when there is none. */
	get firstAt(): number {
		return this.#at.length === 0 ? Infinity : this.#at[0]!;
	}

	push(at: number, event: T): void {
		const order = this.#next++;
		let index = this.#at.length;
		this.#at.push(at);
		this.#order.push(order);
		this.#event.push(event);
		while (index > 0) {
			const parent = (index - 1) >> 1;
			if (this.#at[parent]! <= at) break;
			this.#move(parent, index);
			index = parent;
		}
		this.#set(index, at, order, event);
	}

	/** Takes the first event out. */
	pop(): T | undefined {
		if (this.#at.length === 0) return undefined;
		const first = this.#event[0]!;
		const at = this.#at.pop()!;
		const order = this.#order.pop()!;
		const event = this.#event.pop()!;
		const size = this.#at.length;
		if (size === 0) return first;
		let index = 0;
		for (;;) {
			let child = 2 * index + 1;
			if (child >= size) break;
			if (child + 1 < size && this.#before(child + 1, child)) child++;
			const childAt = this.#at[child]!;
			if (childAt > at || (childAt === at && this.#order[child]! > order)) break;
			this.#move(child, index);
			index = child;
		}
		this.#set(index, at, order, event);
		return first;
	}

	#before(a: number, b: number): boolean {
		const difference = this.#at[a]! - this.#at[b]!;
		return difference < 0 || (difference === 0 && this.#order[a]! < this.#order[b]!);
	}

	#move(from: number, to: number): void {
		this.#set(to, this.#at[from]!, this.#order[from]!, this.#event[from]!);
	}

	#set(index: number, at: number, order: number, event: T): void {
		this.#at[index] = at;
		this.#order[index] = order;
		this.#event[index] = event;
	}
}
