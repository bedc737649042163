/**
 * One writer at a time in a directory, whatever is killed when. A lock is a file `lock.N` that
 * names its holder. Who wants it first writes a file of its own, then looks at all others: of two
 * that come at once, at least one sees the other and gives way. A file that names nobody, or a
 * holder that is gone for certain, counts for nothing and is removed by the next holder, so a
 * killed process leaves nothing to clean up. Process numbers come back, so a holder is named by
 * host, boot, namespace, number and start time.
 *
 * flock(2) would be simpler; Node has none.
 */
import {ShoalError} from '../error.ts';
import type {ProcessInfo} from '../platform/process.ts';
import type {DirHandle, FileHandle, TreeIo} from '../platform/tree.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Longest identity that is believed. */
const identitySizeMax = 255;

/** Host, boot, namespace, number, start. With less it is not written yet, or never will be. */
const identityWords = 5;

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
	static take(tree: TreeIo, processes: ProcessInfo, dir: DirHandle, what: string): Lock {
		for (let tries = 0; tries < triesMax; tries++) {
			const found = locks(tree, dir);
			const rival = findHolder(tree, processes, dir, found);
			if (rival !== undefined) throw new ShoalError('STORE_LOCKED', inUse(what, rival));
			const own = found.reduce((a, b) => Math.max(a, b), 0) + 1;
			if (!makeLock(tree, dir, nameOf(own), processes.identity)) continue;
			const others = locks(tree, dir).filter(number => number !== own);
			if (findHolder(tree, processes, dir, others) === undefined) {
				for (const number of others) tree.unlink(dir, nameOf(number));
				return new Lock(tree, dir, nameOf(own));
			}
			tree.unlink(dir, nameOf(own));
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

type Holder = {readonly number: number; readonly identity: string; readonly known: boolean};

/** The first of these locks whose holder is not gone for certain. */
function findHolder(
	tree: TreeIo,
	processes: ProcessInfo,
	dir: DirHandle,
	numbers: readonly number[],
): Holder | undefined {
	for (const number of numbers) {
		const identity = readHolder(tree, dir, number);
		if (identity === undefined || identity.split(' ').length !== identityWords) continue;
		const state = processes.state(identity);
		if (state !== 'gone') return {number, identity, known: state === 'running'};
	}
	return undefined;
}

function inUse(what: string, {number, identity, known}: Holder): string {
	const [host, , , id] = identity.split(' ');
	const who = `${what} is in use by process ${id} on ${host}`;
	return known
		? who
		: `${who}, which cannot be seen from here (if it is gone: remove lock.${number})`;
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
	let file: FileHandle;
	try {
		file = tree.create(dir, name, 0o600);
	} catch (error) {
		if (error instanceof ShoalError && tree.stat(dir, name) !== undefined) return false;
		throw error;
	}
	try {
		tree.write(file, encoder.encode(identity), 0);
	} finally {
		tree.closeFile(file);
	}
	return true;
}
