/**
 * ChaCha20-Poly1305 (RFC 8439) in WebAssembly for packets of usual sizes: 2.4 us for 1,447 octets
 * where node:crypto takes 6.7, nearly all of it to make the objects that one nonce needs. Beyond
 * some thousand octets OpenSSL's vector code wins.
 */
import {assert} from '../src/assert.ts';
import {loadModule, type WasmMemory} from './wasm-module.ts';

const tagSize = 16;

/** What wasm/aead.ts exports: places in its memory, and the two functions. */
type Exports = {
	readonly memory: WasmMemory;
	readonly keyOffset: {readonly value: number};
	readonly nonceOffset: {readonly value: number};
	readonly packetOffset: {readonly value: number};
	seal(headerSize: number, textSize: number): void;
	open(headerSize: number, textSize: number): number;
};

/** Packets above this are OpenSSL's: there the objects cost less than its code saves. */
export const chachaSizeMax = 8192;

export class Chacha {
	readonly #exports: Exports;
	readonly #memory: Uint8Array;
	readonly #key: number;
	readonly #nonce: number;
	readonly #packet: number;
	/** Whose octets lie in the module's memory. */
	#keyThere: Uint8Array | undefined;

	constructor(exports: Exports) {
		this.#exports = exports;
		this.#memory = new Uint8Array(exports.memory.buffer);
		this.#key = exports.keyOffset.value;
		this.#nonce = exports.nonceOffset.value;
		this.#packet = exports.packetOffset.value;
		assert(this.#packet + chachaSizeMax <= this.#memory.length, 'a packet fits the memory');
	}

	/** As `AeadKey.seal`; `key` is kept by its identity and must not change. */
	seal(
		key: Uint8Array,
		packet: Uint8Array,
		headerSize: number,
		end: number,
		nonce: Uint8Array,
	): void {
		const textEnd = end - tagSize;
		this.#put(key, packet, textEnd, nonce);
		this.#exports.seal(headerSize, textEnd - headerSize);
		const at = this.#packet;
		packet.set(this.#memory.subarray(at + headerSize, at + end), headerSize);
	}

	/** As `AeadKey.open`. */
	open(
		key: Uint8Array,
		packet: Uint8Array,
		headerSize: number,
		end: number,
		nonce: Uint8Array,
	): boolean {
		const textEnd = end - tagSize;
		this.#put(key, packet, end, nonce);
		if (this.#exports.open(headerSize, textEnd - headerSize) === 0) return false;
		const at = this.#packet;
		packet.set(this.#memory.subarray(at + headerSize, at + textEnd), headerSize);
		return true;
	}

	#put(key: Uint8Array, packet: Uint8Array, end: number, nonce: Uint8Array): void {
		if (this.#keyThere !== key) {
			this.#memory.set(key, this.#key);
			this.#keyThere = key;
		}
		this.#memory.set(nonce, this.#nonce);
		this.#memory.set(packet.subarray(0, end), this.#packet);
	}
}

/** Undefined where the machine has no SIMD for it, or the module was not built. */
export function loadChacha(): Chacha | undefined {
	const instantiate = loadModule(import.meta.resolve('#aead'));
	return instantiate && new Chacha(instantiate() as Exports);
}
