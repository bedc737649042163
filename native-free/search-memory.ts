/**
 * Memory whose search loops are WebAssembly (wasm/search.ts). A search takes an instance for
 * itself; the one that was closed last, if it is not large, serves the next search.
 */
import {assert} from '../src/assert.ts';
import type {Rolling, SearchMemory} from '../src/platform/search-memory.ts';
import {loadModule, type WasmMemory} from './wasm-module.ts';

/** What wasm/search.ts exports. */
type Exports = {
	readonly memory: WasmMemory;
	readonly base: {readonly value: number};
	readonly slack: {readonly value: number};
	readonly weakAt: {readonly value: number};
	weakSum(at: number, end: number, multiplier: number): number;
	chunkSum(at: number, end: number, row: number): number;
	roll(
		at: number,
		last: number,
		blockSize: number,
		multiplier: number,
		leaving: number,
		filter: number,
		filterShift: number,
		weakMask: number,
	): number;
};

const pageSize = 1 << 16;

/** Instances with more memory than this are not kept: it never shrinks. */
const keptSizeMax = 1 << 24;

let instantiate: (() => unknown) | undefined;
let isLoaded = false;
let kept: WasmSearchMemory | undefined;

/** Undefined where the machine has no SIMD for it, or the module was not built. */
export function openSearchMemory(size: number): SearchMemory | undefined {
	if (!isLoaded) instantiate = loadModule(import.meta.resolve('#search'));
	isLoaded = true;
	if (instantiate === undefined) return undefined;
	const memory = kept ?? new WasmSearchMemory(instantiate() as Exports);
	kept = undefined;
	memory.resize(size);
	return memory;
}

class WasmSearchMemory implements SearchMemory {
	octets = new Uint8Array(0);
	readonly #exports: Exports;
	readonly #base: number;
	#weak = new Int32Array(0);

	constructor(exports: Exports) {
		this.#exports = exports;
		this.#base = exports.base.value;
	}

	resize(size: number): void {
		const {memory, slack, weakAt} = this.#exports;
		const missing = this.#base + size + slack.value - memory.buffer.byteLength;
		if (missing > 0) memory.grow(Math.ceil(missing / pageSize));
		this.octets = new Uint8Array(memory.buffer, this.#base, size);
		this.#weak = new Int32Array(memory.buffer, weakAt.value, 1);
	}

	weakSum(start: number, end: number, multiplier: number): number {
		assert(start >= 0 && end <= this.octets.length);
		return this.#exports.weakSum(this.#base + start, this.#base + end, multiplier);
	}

	chunkSum(start: number, end: number, keysAt: number): number {
		assert(start >= 0 && end <= this.octets.length);
		return this.#exports.chunkSum(this.#base + start, this.#base + end, this.#base + keysAt);
	}

	roll(rolling: Rolling, at: number, last: number): number {
		const {blockSize, multiplier, leaving, weakMask, filterAt, filterShift} = rolling;
		assert(at >= 0 && last + blockSize <= this.octets.length);
		const base = this.#base;
		this.#weak[0] = rolling.weak[0]!;
		const found = this.#exports.roll(
			base + at,
			base + last,
			blockSize,
			multiplier,
			leaving,
			base + filterAt,
			filterShift,
			weakMask,
		);
		rolling.weak[0] = this.#weak[0]!;
		return found - base;
	}

	close(): void {
		if (this.#exports.memory.buffer.byteLength <= keptSizeMax) kept = this;
	}
}
