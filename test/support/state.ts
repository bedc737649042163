/** State directories of tests, on a real file system. */
import {mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {sha256} from '../../native-free/digest.ts';
import {processInfo} from '../../native-free/process.ts';
import {openTree} from '../../native-free/tree.ts';
import type {ProcessInfo} from '../../src/platform/process.ts';
import {StateDir, type StatePlatform} from '../../src/store/state-dir.ts';

export const tree = openTree();
export const statePlatform: StatePlatform = {tree, process: processInfo, sha256};

/** A fresh directory that is removed when the test ends. */
export function makeDirectory(t: ExecutionContext): string {
	const path = mkdtempSync(join(tmpdir(), 'shoal-'));
	t.teardown(() => rmSync(path, {recursive: true, force: true}));
	return path;
}

/** The state directory of a fresh tree, or of `path`; closed when the test ends. */
export function openState(
	t: ExecutionContext,
	path = makeDirectory(t),
	platform: StatePlatform = statePlatform,
): StateDir {
	mkdirSync(path, {recursive: true});
	const root = platform.tree.openRoot(path);
	const state = StateDir.open(platform, {root, rootPath: path, create: true})!;
	t.teardown(() => {
		state.close();
		platform.tree.closeDir(root);
	});
	return state;
}

/** Processes of a small world: `name` is one of them, those in `running` run. */
export function fakeProcess(name: string, running: Set<string>, unseen?: string): ProcessInfo {
	const identity = (who: string): string => `host boot 1 ${who} 7`;
	running.add(identity(name));
	return {
		...processInfo,
		identity: identity(name),
		state: who =>
			who === identity(unseen ?? '') ? 'unknown' : running.has(who) ? 'running' : 'gone',
	};
}
