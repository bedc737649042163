/**
 * Which packet numbers have been opened: a ring of bits, as in RFC 6479. A number is accepted once,
 * and only while it is less than `replayWindowSize` below the largest.
 */

/** More than the packets of one reordering window at 1 Gbit/s and 100 ms: 1 KiB a session. */
export const replayWindowSize = 8192;

export class ReplayWindow {
	/** Twice the window, so that words of the window never share a place. */
	readonly #bits = new Uint32Array((2 * replayWindowSize) / 32);
	#largest = -1;

	/** The largest number marked, -1 before the first. */
	get largest(): number {
		return this.#largest;
	}

	/** Whether `number` may still be opened. */
	accepts(number: number): boolean {
		if (number > this.#largest) return true;
		if (number <= this.#largest - replayWindowSize) return false;
		return (this.#bits[place(number)]! & (1 << (number % 32))) === 0;
	}

	/** Notes that `number`, which `accepts` has allowed, was opened. */
	mark(number: number): void {
		if (number > this.#largest) {
			const words = this.#bits.length;
			const first = Math.floor(this.#largest / 32) + 1;
			const last = Math.floor(number / 32);
			if (last - first >= words) this.#bits.fill(0);
			else for (let word = first; word <= last; word++) this.#bits[word % words] = 0;
			this.#largest = number;
		}
		this.#bits[place(number)]! |= 1 << (number % 32);
	}
}

function place(number: number): number {
	return Math.floor(number / 32) % ((2 * replayWindowSize) / 32);
}
