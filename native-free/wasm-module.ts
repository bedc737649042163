/** Loads what `npm run build:wasm` made. */
import {readFileSync} from 'node:fs';
import {nodeCode} from './tree-error.ts';

/** The part of WebAssembly's interface that is used; Node's types leave it to a browser's. */
const {WebAssembly} = globalThis as unknown as {
	readonly WebAssembly: {
		readonly Module: new (code: Uint8Array) => object;
		readonly Instance: new (module: object) => {readonly exports: unknown};
		readonly CompileError: new () => Error;
	};
};

/** Of a module: its memory in pages of 64 KiB, which is another buffer once it has grown. */
export type WasmMemory = {readonly buffer: ArrayBuffer; grow(pages: number): number};

/**
 * Makes instances of the module at `url`; undefined where the machine has no SIMD for it, or the
 * module was not built.
 */
export function loadModule(url: string): (() => unknown) | undefined {
	try {
		const module = new WebAssembly.Module(readFileSync(new URL(url)));
		return () => new WebAssembly.Instance(module).exports;
	} catch (error) {
		const isUnfit = error instanceof WebAssembly.CompileError;
		if (isUnfit || nodeCode(error) === 'ENOENT') return undefined;
		throw error;
	}
}
