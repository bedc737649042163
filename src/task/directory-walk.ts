/**
 * Reaches paths below a held directory one held component after another, so that no symlink is
 * ever followed, also when another process swaps a directory for one meanwhile. The directories
 * of the last path stay open, down to a depth: in path order most steps open nothing.
 */
import type {DirHandle, TreeIo} from '../platform/tree.ts';

const slash = 0x2f;

/**
 * Handles that stay open. Trees are seldom this deep, and every thread may hold so many of the
 * 1,024 descriptors that a process often has; what lies deeper is opened anew from the last one.
 */
const heldMax = 48;

export class DirectoryWalk {
	readonly #tree: TreeIo;
	readonly #root: DirHandle;
	/** Handles of the components of `#path`, and where in it each one ends. */
	readonly #held: DirHandle[] = [];
	readonly #ends: number[] = [];
	#path: Uint8Array = new Uint8Array(0);
	/** The directory of the last path if it is below those that are held. */
	#deep: DirHandle | undefined;

	/** `root` stays the caller's. */
	constructor(tree: TreeIo, root: DirHandle) {
		this.#tree = tree;
		this.#root = root;
	}

	/**
	 * The directory at `path`, held until the next call; undefined when a component of it is
	 * absent, a symlink or anything else that is not a directory.
	 */
	directory(path: Uint8Array): DirHandle | undefined {
		this.#keep(this.#commonDepth(path));
		let start = this.#ends.length === 0 ? 0 : this.#ends[this.#ends.length - 1]! + 1;
		while (start < path.length) {
			const found = path.indexOf(slash, start);
			const end = found === -1 ? path.length : found;
			const above = this.#deep ?? this.#held[this.#held.length - 1] ?? this.#root;
			const handle = this.#tree.openDir(above, path.subarray(start, end));
			this.#closeDeep();
			if (handle === undefined) return undefined;
			if (this.#held.length < heldMax) {
				this.#held.push(handle);
				this.#ends.push(end);
				this.#path = path.slice(0, end);
			} else {
				this.#deep = handle;
			}
			start = end + 1;
		}
		return this.#deep ?? this.#held[this.#held.length - 1] ?? this.#root;
	}

	/** The directory that holds the last component of `path`, as `directory`. */
	parent(path: Uint8Array): DirHandle | undefined {
		return this.directory(path.subarray(0, Math.max(0, path.lastIndexOf(slash))));
	}

	/** Lets go of all: needed before a directory on the way is renamed or removed. */
	release(): void {
		this.#keep(0);
	}

	/** How many held components are the first ones of `path`, each whole. */
	#commonDepth(path: Uint8Array): number {
		let depth = 0;
		let at = 0;
		for (; depth < this.#ends.length; depth++) {
			const end = this.#ends[depth]!;
			if (end > path.length || (end < path.length && path[end] !== slash)) return depth;
			for (; at < end; at++) if (path[at] !== this.#path[at]) return depth;
		}
		return depth;
	}

	#keep(depth: number): void {
		this.#closeDeep();
		while (this.#held.length > depth) {
			this.#ends.pop();
			this.#tree.closeDir(this.#held.pop()!);
		}
	}

	#closeDeep(): void {
		if (this.#deep !== undefined) this.#tree.closeDir(this.#deep);
		this.#deep = undefined;
	}
}
