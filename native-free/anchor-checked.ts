/**
 * Where no path leads through a descriptor (macOS, Windows, a Linux without /proc): a handle
 * remembers the real path of its directory, and each use first makes sure that the path still
 * leads to the directory that is held, without a symlink on the way.
 *
 * What this cannot do: between the check and the call a process that may write to a directory
 * above can still swap it. So where such processes are not trusted, run on a system with /proc.
 */
import {closeSync, fstatSync, realpathSync, statSync} from 'node:fs';
import {ShoalError} from '../src/error.ts';
import {escapePath} from '../src/escape.ts';
import type {DirHandle} from '../src/platform/tree.ts';
import type {Anchor} from './anchor.ts';

/** Plain data: a handle keeps its meaning when it is posted to another thread. */
type CheckedHandle = DirHandle & {readonly path: Uint8Array};

const bigint = {bigint: true} as const;

export function checkedAnchor(): Anchor {
	return {
		hold(fd, path) {
			try {
				return check(handle(fd, realPath(path)));
			} catch (error) {
				closeSync(fd);
				throw error;
			}
		},
		prefix: dir => Buffer.concat([check(dir).path, Buffer.from('/')]),
		describe: dir => ('path' in dir ? (dir as CheckedHandle).path : Buffer.from('a file')),
	};
}

function check(dir: DirHandle): CheckedHandle {
	const checked = dir as CheckedHandle;
	const held = fstatSync(dir.fd, bigint);
	const found = statSync(checked.path as Buffer, {bigint: true, throwIfNoEntry: false});
	const same = found !== undefined && found.ino === held.ino && found.dev === held.dev;
	if (!same || Buffer.compare(realPath(checked.path), checked.path) !== 0) {
		const where = escapePath(checked.path);
		throw new ShoalError('FILE_UNWRITABLE', `${where} was moved or replaced while it was in use`);
	}
	return checked;
}

function realPath(path: Uint8Array): Buffer {
	return realpathSync(path as Buffer, {encoding: 'buffer'});
}

function handle(fd: number, path: Uint8Array): CheckedHandle {
	return {fd, path};
}
