/**
 * How a name is reached from a held directory. Node has no openat; on Linux the path
 * `/proc/self/fd/N/name` is one: the kernel goes to the directory that descriptor N holds,
 * wherever it is now and whatever has taken its old place. proc(5), /proc/pid/fd.
 */
import {readlinkSync} from 'node:fs';
import {assert} from '../src/assert.ts';
import type {DirHandle, Name} from '../src/platform/tree.ts';

export type Anchor = {
	/** The handle of a directory that was opened as `fd` by `path`. */
	hold(fd: number, path: Uint8Array): DirHandle;
	/** A path to `name` in `dir`, valid until the next call. */
	reach(dir: DirHandle, name: Name): Uint8Array;
	/** A path to `dir` itself, valid until the next call. */
	self(dir: DirHandle): Uint8Array;
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

/** The path is built in one buffer: a call into Node copies it before it returns. */
export function procAnchor(): Anchor {
	const prefix = Buffer.from('/proc/self/fd/');
	let buffer = Buffer.alloc(1024);
	prefix.copy(buffer);

	function begin(fd: number): number {
		let end = prefix.length;
		let place = 1;
		while (place * 10 <= fd) place *= 10;
		for (; place >= 1; place = Math.floor(place / 10)) {
			buffer[end++] = 0x30 + (Math.floor(fd / place) % 10);
		}
		return end;
	}

	return {
		hold: fd => ({fd}),
		reach({fd}, name) {
			checkName(name);
			if (name.length > buffer.length - 32) {
				buffer = Buffer.alloc(name.length + 1024);
				prefix.copy(buffer);
			}
			const end = begin(fd);
			buffer[end] = slash;
			buffer.set(name, end + 1);
			return buffer.subarray(0, end + 1 + name.length);
		},
		self: ({fd}) => buffer.subarray(0, begin(fd)),
		describe: ({fd}) => readlinkSync(`/proc/self/fd/${fd}`, {encoding: 'buffer'}),
	};
}
