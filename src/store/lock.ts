/**
 * One writer at a time in a directory, whatever is killed when. A lock is a file `lock.N` that
 * names its holder; the one with the highest N counts. It is made by link(2) from a file that is
 * complete already, so none is ever seen half written. Whoever finds its holder gone makes
 * `lock.N+1`, which only one can, and looks again: if somebody has gone further meanwhile, it gives
 * way. A number is not used again while a higher one is there, so a slow taker cannot win late.
 *
 * flock(2) would be simpler; Node has none.
 */
import {ShoalError} from '../error.ts';
import type {ProcessInfo} from '../platform/process.ts';
import type {DirHandle, TreeIo} from '../platform/tree.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Longest identity that is believed. */
const identitySizeMax = 255;

/** Takers that may get in each other's way before this one gives up. */
const triesMax = 8;

export class Lock {
	readonly #tree: TreeIo;
	readonly #dir: DirHandle;
	readonly #name: Uint8Array;

	private constructor(tree: TreeIo, dir: DirHandle, name: Uint8Array) {
		this.#tree = tree;
		this.#dir = dir;
		this.#name = name;
	}

	/** @throws ShoalError STORE_LOCKED when another process that runs, or may run, holds it */
	static take(tree: TreeIo, process: ProcessInfo, dir: DirHandle, what: string): Lock {
		for (let tries = 0; tries < triesMax; tries++) {
			const highest = highestLock(tree, dir);
			const holder = highest === 0 ? undefined : readHolder(tree, dir, highest);
			if (holder !== undefined && process.state(holder) !== 'gone') {
				const [host, , , id] = holder.split(' ');
				const who = `process ${id} on ${host}`;
				throw new ShoalError('STORE_LOCKED', `${what} is in use by ${who}`);
			}
			const name = nameOf(highest + 1);
			if (!makeLock(tree, dir, name, process.identity)) continue;
			if (highestLock(tree, dir) === highest + 1) {
				for (const each of locks(tree, dir)) {
					if (each <= highest) tree.unlink(dir, nameOf(each));
				}
				return new Lock(tree, dir, name);
			}
			tree.unlink(dir, name);
		}
		throw new ShoalError('STORE_LOCKED', `${what} is wanted by several processes at once`);
	}

	release(): void {
		this.#tree.unlink(this.#dir, this.#name);
	}
}

function nameOf(number: number): Uint8Array {
	return encoder.encode(`lock.${number}`);
}

function locks(tree: TreeIo, dir: DirHandle): number[] {
	return tree
		.list(dir)
		.map(name => /^lock\.([1-9]\d{0,14})$/.exec(decoder.decode(name))?.[1])
		.filter(digits => digits !== undefined)
		.map(Number);
}

function highestLock(tree: TreeIo, dir: DirHandle): number {
	return locks(tree, dir).reduce((a, b) => Math.max(a, b), 0);
}

/** Undefined when it has been released meanwhile. */
function readHolder(tree: TreeIo, dir: DirHandle, number: number): string | undefined {
	const file = tree.openRead(dir, nameOf(number));
	if (file === undefined) return undefined;
	try {
		const octets = new Uint8Array(identitySizeMax);
		return decoder.decode(octets.subarray(0, tree.read(file, octets, 0)));
	} finally {
		tree.closeFile(file);
	}
}

/** False when somebody else has just made one of that name. */
function makeLock(tree: TreeIo, dir: DirHandle, name: Uint8Array, identity: string): boolean {
	const [, , , id] = identity.split(' ');
	const temporary = encoder.encode(`.lock.${id}`);
	tree.unlink(dir, temporary);
	const file = tree.create(dir, temporary, 0o600);
	try {
		tree.write(file, encoder.encode(identity), 0);
	} finally {
		tree.closeFile(file);
	}
	try {
		tree.makeLink(dir, temporary, dir, name);
		return true;
	} catch (error) {
		if (error instanceof ShoalError && tree.stat(dir, name) !== undefined) return false;
		throw error;
	} finally {
		tree.unlink(dir, temporary);
	}
}
