/**
 * A seeded generator: xoshiro128** 1.1 (Blackman and Vigna), its state filled by splitmix32. The
 * same seed gives the same run on every machine; nothing in a test draws from anywhere else.
 */
export class Prng {
	#a: number;
	#b: number;
	#c: number;
	#d: number;

	constructor(seed: number) {
		let state = seed >>> 0;
		const next = (): number => {
			state = (state + 0x9e37_79b9) >>> 0;
			let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
			mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
			return (mixed ^ (mixed >>> 15)) >>> 0;
		};
		this.#a = next();
		this.#b = next();
		this.#c = next();
		this.#d = next() | 1;
	}

	/** A whole number in [0, 2^32). */
	next(): number {
		const scrambled = Math.imul(this.#b, 5);
		const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
		const shifted = this.#b << 9;
		this.#c ^= this.#a;
		this.#d ^= this.#b;
		this.#b ^= this.#c;
		this.#a ^= this.#d;
		this.#c ^= shifted;
		this.#d = (this.#d << 11) | (this.#d >>> 21);
		return result;
	}

	/** A number in [0, 1), with 32 bits. */
	float(): number {
		return this.next() / 0x1_0000_0000;
	}

	/** A whole number in [0, end); `end` at most 2^53. */
	below(end: number): number {
		if (end <= 0x1_0000_0000) return Math.floor(this.float() * end);
		const high = this.next() >>> 11;
		return (high * 0x1_0000_0000 + this.next()) % end;
	}

	/** True with probability `p`. */
	chance(p: number): boolean {
		return this.float() < p;
	}

	/** `count` fresh octets. */
	bytes(count: number): Uint8Array {
		const octets = new Uint8Array(count);
		this.fill(octets);
		return octets;
	}

	/** Fills `into`: fits the platform's `Random`. */
	fill(into: Uint8Array): void {
		for (let at = 0; at < into.length; at += 4) {
			let word = this.next();
			for (let end = Math.min(at + 4, into.length), i = at; i < end; i++) {
				into[i] = word;
				word >>>= 8;
			}
		}
	}

	pick<T>(from: readonly T[]): T {
		return from[this.below(from.length)]!;
	}

	/** The same, in an order of chance. */
	shuffled<T>(from: readonly T[]): T[] {
		const all = [...from];
		for (let left = all.length; left > 1; left--) {
			const at = this.below(left);
			[all[at], all[left - 1]] = [all[left - 1]!, all[at]!];
		}
		return all;
	}

	/** Uniform in the logarithm, in [from, to]; both above zero. */
	logUniform(from: number, to: number): number {
		return from * (to / from) ** this.float();
	}

	/** Exponential with this mean. */
	exponential(mean: number): number {
		return -mean * Math.log(1 - this.float());
	}

	/** A generator of its own, so that what one part draws does not move another's. */
	fork(): Prng {
		return new Prng(this.next());
	}
}
