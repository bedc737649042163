import {type Micros, never} from '../unit.ts';

/** Instants of many keys, the earliest at hand: a binary heap that knows each key's place. */
export class TimerHeap<K> {
	readonly #keys: K[] = [];
	readonly #times: Micros[] = [];
	readonly #places = new Map<K, number>();

	/** The earliest instant, `never` without any. */
	get earliest(): Micros {
		return this.#times[0] ?? never;
	}

	/** The key whose instant is the earliest. */
	get first(): K | undefined {
		return this.#keys[0];
	}

	/** Sets the instant of `key`; `never` removes it. */
	set(key: K, at: Micros): void {
		let place = this.#places.get(key);
		if (at === never) {
			if (place !== undefined) this.#remove(key, place);
			return;
		}
		if (place === undefined) {
			place = this.#keys.push(key) - 1;
			this.#times.push(at);
			this.#places.set(key, place);
		}
		this.#times[place] = at;
		this.#sink(this.#rise(place));
	}

	delete(key: K): void {
		this.set(key, never);
	}

	#remove(key: K, place: number): void {
		const last = this.#keys.length - 1;
		this.#swap(place, last);
		this.#keys.pop();
		this.#times.pop();
		this.#places.delete(key);
		if (place < last) this.#sink(this.#rise(place));
	}

	#rise(from: number): number {
		let place = from;
		while (place > 0) {
			const parent = (place - 1) >> 1;
			if (this.#times[parent]! <= this.#times[place]!) break;
			this.#swap(place, parent);
			place = parent;
		}
		return place;
	}

	#sink(from: number): void {
		let place = from;
		for (;;) {
			let child = 2 * place + 1;
			if (child >= this.#times.length) return;
			if (child + 1 < this.#times.length && this.#times[child + 1]! < this.#times[child]!) {
				child++;
			}
			if (this.#times[place]! <= this.#times[child]!) return;
			this.#swap(place, child);
			place = child;
		}
	}

	#swap(a: number, b: number): void {
		if (a === b) return;
		const key = this.#keys[a]!;
		const time = this.#times[a]!;
		this.#keys[a] = this.#keys[b]!;
		this.#times[a] = this.#times[b]!;
		this.#keys[b] = key;
		this.#times[b] = time;
		this.#places.set(this.#keys[a], a);
		this.#places.set(key, b);
	}
}
