/** A file system whose process dies, or whose disk fails, at a chosen change. */
import platform from '#platform';
import type {DirHandle, FileHandle, TreeIo} from '../../src/platform/tree.ts';

/** Calls that change something, by name. */
const changing = [
	'create',
	'clone',
	'write',
	'truncate',
	'makeDir',
	'makeLink',
	'makeSymlink',
	'rename',
	'unlink',
	'removeDir',
	'setMode',
	'setOwner',
	'setTimes',
	'setDirMode',
	'setDirOwner',
	'setDirTimes',
] as const;
type Changing = (typeof changing)[number];

export type Fate = {
	/** Asked before each change with its number, from 1; what it answers is thrown. */
	readonly strike: (number: number, call: Changing) => Error | undefined;
	/** A write that is struck leaves the first half of its octets. */
	readonly tears?: boolean;
};

export class Death extends Error {}

export type MortalTree = {
	readonly tree: TreeIo;
	/** Changes so far. */
	readonly count: () => number;
	/** What the system does for a dead process. */
	readonly closeAll: () => void;
};

export function mortalTree({strike, tears = false}: Fate): MortalTree {
	const real = platform.tree;
	const open = new Set<number>();
	let count = 0;
	const calls: Record<string, unknown> = {};
	for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(real))) {
		const call = (real as unknown as Record<string, unknown>)[name];
		if (typeof call === 'function') calls[name] = call.bind(real);
	}
	const opened = <Handle extends DirHandle | FileHandle>(handle: Handle | undefined) => {
		if (handle !== undefined) open.add(handle.fd);
		return handle;
	};
	for (const name of changing) {
		const call = calls[name] as (...words: unknown[]) => unknown;
		calls[name] = (...words: unknown[]) => {
			const error = strike(++count, name);
			if (error === undefined) return call(...words);
			if (tears && name === 'write') {
				const [file, from, offset] = words as [FileHandle, Uint8Array, number];
				real.write(file, from.subarray(0, from.length >> 1), offset);
			}
			throw error;
		};
	}
	for (const name of ['openRoot', 'openDir', 'openRead', 'openWrite', 'create']) {
		const call = calls[name] as (...words: unknown[]) => DirHandle | undefined;
		calls[name] = (...words: unknown[]) => opened(call(...words));
	}
	for (const name of ['closeDir', 'closeFile']) {
		const call = calls[name] as (handle: DirHandle) => void;
		calls[name] = (handle: DirHandle) => {
			open.delete(handle.fd);
			call(handle);
		};
	}
	const closeAll = (): void => {
		for (const fd of open) real.closeFile({fd});
		open.clear();
	};
	return {tree: calls as unknown as TreeIo, count: () => count, closeAll};
}
