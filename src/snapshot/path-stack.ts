/**
 * Finds the nearest directory above each path while paths come in the order of their octets. What
 * is in `d` need not follow `d` at once (`d-x` comes between), so directories stay until no path
 * below them can come; the stretches in which they stay lie one within the other.
 */
import {comparePaths, isWithin} from './path.ts';

export class PathStack<T> {
	readonly #paths: Uint8Array[] = [];
	readonly #values: T[] = [];

	/** Copies the path. */
	push(path: Uint8Array, value: T): void {
		this.#paths.push(path.slice());
		this.#values.push(value);
	}

	/** The value of the innermost directory above `path`; every later path comes after it. */
	above(path: Uint8Array): T | undefined {
		while (this.#paths.length > 0 && isPast(path, this.#paths[this.#paths.length - 1]!)) {
			this.#paths.pop();
			this.#values.pop();
		}
		for (let at = this.#paths.length - 1; at >= 0; at--) {
			if (isWithin(path, this.#paths[at]!)) return this.#values[at];
		}
		return undefined;
	}

	/** Every directory above `path`, the innermost first: after `above`. */
	*allAbove(path: Uint8Array): Generator<T> {
		for (let at = this.#paths.length - 1; at >= 0; at--) {
			if (isWithin(path, this.#paths[at]!)) yield this.#values[at]!;
		}
	}
}

/** Whether `path` comes after all that can be below `directory`. */
function isPast(path: Uint8Array, directory: Uint8Array): boolean {
	const size = directory.length;
	if (size === 0) return false;
	const order = comparePaths(path.subarray(0, size), directory);
	return order > 0 || (order === 0 && path.length > size && path[size]! > 0x2f);
}
