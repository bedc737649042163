/** A list wherever it is: in a file, in the state directory of a tree, or at a source. */
import platform from '#platform';
import {ShoalError} from '../error.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import type {SourceUrl} from '../session/source-url.ts';
import {List} from '../snapshot/list.ts';
import {Snapshots} from '../store/snapshots.ts';
import type {ListOrigin, ListOriginOptions} from './options.ts';
import {reach} from './reach.ts';
import {openRun} from './run-task.ts';
import {openTreeState} from './tree-state.ts';
import {Trust} from './trust.ts';

/**
 * The list, or a slice of it that has all at `path` and below; empty: the whole list.
 * @throws ShoalError SNAPSHOT_MISSING, SNAPSHOT_INVALID, TREE_MISSING, and as dialling does
 */
export async function openList(
	from: ListOrigin,
	path: Uint8Array,
	options: ListOriginOptions,
): Promise<List> {
	if (!('host' in from)) return readList(from.path, options);
	const {task} = openRun(options, platform.clock, {kind: 'ls', owner: from.host});
	return task.lasting(() => fetchList(from, path, options, task));
}

async function fetchList(
	url: SourceUrl,
	path: Uint8Array,
	options: ListOriginOptions,
	task: ActiveTask,
): Promise<List> {
	const trust = new Trust(platform, options, url);
	let fail: (error: ShoalError) => void = () => undefined;
	const broken = new Promise<never>((_, reject) => {
		fail = reject;
	});
	broken.catch(() => undefined);
	const supply = await reach(platform, url, trust, {
		...options,
		task,
		sequence: 0,
		failed: error => fail(error),
		linked: (link, reason) => options.on?.({event: 'link', link, reason}),
		notice: text => options.on?.({event: 'notice', text}),
		remark: text => options.on?.({event: 'remark', text}),
	});
	try {
		return await task.run({kind: 'list'}, each => {
			const advance = (done: number, total: number): void => each.advance(done, total);
			return Promise.race([broken, supply.obtainList(undefined, path, advance)]);
		});
	} finally {
		await supply.close();
	}
}

/** A list file, or the newest snapshot of a tree. */
function readList(path: string, {state}: ListOriginOptions): List {
	const {tree, process, crypto} = platform;
	const bytes = readFile(path);
	if (bytes !== undefined) {
		const found = List.open(bytes, crypto.sha256);
		if (found instanceof List) return found;
		throw new ShoalError('SNAPSHOT_INVALID', `${path} is no snapshot: ${found.problem}`);
	}
	const statePlatform = {tree, process, sha256: crypto.sha256};
	const {root, state: opened} = openTreeState(statePlatform, {directory: path, state}, false);
	try {
		const snapshots = opened && new Snapshots(opened);
		const newest = snapshots?.history()[0];
		if (newest !== undefined) return snapshots!.list(newest);
		throw new ShoalError('SNAPSHOT_MISSING', `no snapshot of ${path} was taken yet`);
	} finally {
		opened?.close();
		tree.closeDir(root);
	}
}

/** Undefined when it is a directory. @throws ShoalError TREE_MISSING */
function readFile(path: string): Uint8Array | undefined {
	const {tree} = platform;
	const cut = path.replace(/\/+$/, '').lastIndexOf('/');
	const dir = tree.openRoot(cut < 0 ? '.' : path.slice(0, cut) || '/');
	try {
		const name = new TextEncoder().encode(path.slice(cut + 1).replace(/\/+$/, ''));
		const file = name.length === 0 ? undefined : tree.openRead(dir, name);
		if (file === undefined) return undefined;
		try {
			const octets = new Uint8Array(tree.statFile(file).size);
			return octets.subarray(0, tree.read(file, octets, 0));
		} finally {
			tree.closeFile(file);
		}
	} finally {
		tree.closeDir(dir);
	}
}
