/**
 * inotify(7) by node:fs, a directory at a time: Node's own recursive watch on Linux holds each file
 * by a name that it decodes. The path leads through the held directory, so no symlink is followed.
 */
import {type FSWatcher, watch} from 'node:fs';
import {ShoalError} from '../src/error.ts';
import type {WatchDirectory} from '../src/platform/watch.ts';
import {descriptorsPath} from './anchor.ts';
import {nodeCode} from './tree-error.ts';

const descriptors = descriptorsPath();

export const watchDirectory: WatchDirectory = ({fd}, told, failed) => {
	if (descriptors === undefined) {
		throw new ShoalError('WATCH_FAILED', 'this system tells of no changes by directory');
	}
	let watcher: FSWatcher;
	try {
		watcher = watch(`${descriptors}/${fd}`, {encoding: 'buffer', persistent: false});
	} catch (error) {
		const code = nodeCode(error);
		if (code === undefined) throw error;
		const why = code === 'ENOSPC' ? 'the system watches no more directories' : code;
		throw new ShoalError('WATCH_FAILED', why, {cause: error});
	}
	watcher.on('change', (_event, name) => {
		told(name === null ? undefined : Uint8Array.from(name as Buffer));
	});
	watcher.on('error', failed);
	return () => watcher.close();
};
