/**
 * How a name is reached from a held directory. Node has no openat; on Linux the path
 * `/proc/PID/fd/N/name` is one: the kernel goes to the directory that descriptor N holds,
 * wherever it is now and whatever has taken its old place. proc(5), /proc/pid/fd.
 */
import {existsSync, readlinkSync} from 'node:fs';
import {assert} from '../src/assert.ts';
import type {DirHandle, Name} from '../src/platform/tree.ts';
import {nodeCode} from './tree-error.ts';

export type Anchor = {
	/** The handle of a directory that was opened as `fd` by `path`. */
	hold(fd: number, path: Uint8Array): DirHandle;
	/** A path to `dir` that ends in a slash; the same octets again are the same buffer again. */
	prefix(dir: DirHandle): Buffer;
	/** Where `dir` is now as far as known: only for messages. */
	describe(dir: DirHandle): Uint8Array;
};

const slash = 0x2f;
const dot = 0x2e;

/** A single component is all that a held directory anchors: anything else is a bug above. */
export function checkName(name: Name): void {
	const {length} = name;
	assert(length > 0, 'empty name');
	assert(name[0] !== dot || (length > 1 && (name[1] !== dot || length > 2)), 'a dot name');
	for (let at = 0; at < length; at++) {
		const octet = name[at]!;
		assert(octet !== slash && octet !== 0, 'not a single name');
	}
}

/** Undefined where there is no such path. */
export function procAnchor(): Anchor | undefined {
	const root = descriptorsPath();
	if (root === undefined) return undefined;
	let heldFd = -1;
	let held = Buffer.alloc(0);
	return {
		hold: fd => ({fd}),
		prefix({fd}) {
			if (fd !== heldFd) {
				held = Buffer.from(`${root}/${fd}/`);
				heldFd = fd;
			}
			return held;
		},
		describe: ({fd}) => placeOf(`${root}/${fd}`),
	};
}

/** Asked about when something has failed already: a second failure must not hide the first. */
function placeOf(link: string): Buffer {
	try {
		return readlinkSync(link, {encoding: 'buffer'});
	} catch (error) {
		if (nodeCode(error) === undefined) throw error;
		return Buffer.from(link);
	}
}

/**
 * Naming the process saves 5-10 % of an lstat over `/proc/self`, a symlink that the kernel follows
 * each time; but in a container /proc may show another numbering than ours.
 */
export function descriptorsPath(): string | undefined {
	if (process.platform !== 'linux' || !existsSync('/proc/self/fd')) return undefined;
	const ours = readlinkSync('/proc/self') === String(process.pid);
	return ours ? `/proc/${process.pid}/fd` : '/proc/self/fd';
}
