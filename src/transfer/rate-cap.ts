/**
 * Rates that the operator does not want exceeded, by one session or by many together. A cap hands
 * out turns, each of so many octets, one after another (virtual scheduling, as in ITU-T I.371
 * annex A): whoever wants to send books the next one when it has sent what the last was for. So
 * those who want more than their share take turns, whoever wants less gets all of it, and nobody
 * keeps a list: shares are max-min fair. A packet passes all caps that hold for it.
 */
export class RateCap {
	/** Octets a second. */
	#rate: number;
	/** When all that was booked has had its time, in microseconds. */
	#freeAt = 0;
	#version = 0;

	constructor(rate = Infinity) {
		this.#rate = rate;
	}

	/** Infinity: there is no limit. */
	get rate(): number {
		return this.#rate;
	}

	/** Rises with each change of the rate: what was booked before it is void. */
	get version(): number {
		return this.#version;
	}

	/** From now on. Who waits for a turn must be woken. */
	setRate(rate: number, now: number): void {
		if (rate === this.#rate) return;
		this.#rate = rate;
		this.#freeAt = now;
		this.#version++;
	}

	/** Books a turn; answers when it begins. */
	book(now: number): number {
		const at = Math.max(this.#freeAt, now - lateMax);
		this.#freeAt = at + (turnSize * 1e6) / this.#rate;
		return at;
	}
}

/** What one sender may send under the caps that hold for it. */
export class RateTurns {
	readonly #caps: readonly RateCap[];
	/** Octets left of the turn; below zero, those of the next ones that are spent already. */
	#credit = 0;
	/** When the turn begins. */
	#at = 0;
	#version = -1;
	#rate = Infinity;

	constructor(caps: readonly RateCap[]) {
		this.#caps = caps;
	}

	/** The least of the caps' rates: with others beside it, a sender has less. */
	get rate(): number {
		this.#look();
		return this.#rate;
	}

	/** Whether a packet may leave now; if not, a turn is booked. To be asked when there is one. */
	allows(now: number): boolean {
		this.#look();
		if (this.#rate === Infinity) return true;
		if (this.#credit > 0 && now > this.#at + unusedMax) this.#credit = 0;
		while (this.#credit <= 0) {
			if (now < this.#at) return false;
			this.#at = this.#book(now);
			this.#credit += turnSize;
		}
		return now >= this.#at;
	}

	spend(size: number): void {
		if (this.#rate < Infinity) this.#credit -= size;
	}

	/** When a packet may leave: `now` if at once. */
	readyAt(now: number): number {
		return this.allows(now) ? now : Math.ceil(this.#at);
	}

	#book(now: number): number {
		let at = 0;
		for (const cap of this.#caps) at = Math.max(at, cap.book(now));
		return at;
	}

	#look(): void {
		let version = 0;
		for (const cap of this.#caps) version += cap.version;
		if (version === this.#version) return;
		this.#version = version;
		this.#rate = Math.min(...this.#caps.map(({rate}) => rate));
		this.#credit = 0;
		this.#at = 0;
	}
}

/** Octets of a turn: a full packet over Ethernet. More would make others wait longer. */
const turnSize = 1500;

/**
 * Microseconds of the rate that a late timer may make up for, and that may leave at once after a
 * pause: Node's come 1 to 2.5 ms late, and 20 ms are 2 % of the second in which a limit must hold.
 */
const lateMax = 20_000;

/** Microseconds in which a turn is used or lost, so that idle sessions save nothing up. */
const unusedMax = 100_000;
