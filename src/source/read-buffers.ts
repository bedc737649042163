/**
 * Memory that threads read files into, used again and again: shared, so that neither a message
 * copies it nor the collector has to count and free it for every stretch that is sent.
 */
export class ReadBuffers {
	/** By the logarithm of their size. */
	readonly #spare: Uint8Array[][] = Array.from({length: sizeLogMax + 1}, () => []);
	#spareSize = 0;

	/** At least `size` octets, of any content. */
	take(size: number): Uint8Array {
		const log = sizeLog(size);
		const spare = this.#spare[log]?.pop();
		if (spare === undefined) return new Uint8Array(new SharedArrayBuffer(2 ** log));
		this.#spareSize -= spare.length;
		return spare;
	}

	/** Nobody reads or writes it any more. */
	give(buffer: Uint8Array): void {
		if (this.#spareSize + buffer.length > spareSizeMax) return;
		const spare = this.#spare[sizeLog(buffer.length)];
		if (spare === undefined) return;
		spare.push(buffer);
		this.#spareSize += buffer.length;
	}
}

/** Reads are of 16 KiB to 1 MiB, rounded up to a power of two: at most twice of what is asked. */
const sizeLogMin = 14;
const sizeLogMax = 20;
const spareSizeMax = 4 << 20;

function sizeLog(size: number): number {
	return Math.max(sizeLogMin, Math.ceil(Math.log2(Math.max(1, size))));
}
