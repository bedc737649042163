/**
 * Makes a directory that was pulled in place the first tree of a DEST that is published as trees.
 * Its record goes with it, so nothing is fetched again. DEST is absent for the instant between two
 * renames; a run that is cut off there is brought to its end by the next one, because the tree has
 * a record by then.
 */
import type {DirHandle, TreeIo} from '../platform/tree.ts';
import {type StateDir, stateDirName} from '../store/state-dir.ts';
import {octetKey} from '../task/packed-octets.ts';
import {removeTree} from '../task/remove-tree.ts';
import {invalid} from './destination.ts';
import {InPlace} from './in-place.ts';
import {
	forgetChangeTimes,
	type PublishRecord,
	type RecordHead,
	removeRecord,
	writeHead,
	writeRecord,
} from './publish-record.ts';
import type {TreePlace, Trees} from './trees.ts';
import type {OpenOptions} from './update-types.ts';

/** What of the state in DEST has no meaning beside it. */
const left = /^(?:lock\.|publish-|staging-roots|\.)/;

export async function convertDirectory(
	options: OpenOptions,
	parent: DirHandle,
	place: TreePlace,
	home: StateDir,
	trees: Trees,
): Promise<void> {
	const {tree} = options.platform;
	const number = (trees.numbers().at(-1) ?? 0) + 1;
	// Locked there too, and a publish that was cut off is over.
	const before = await InPlace.open({...options, dryRun: false});
	try {
		const root = before.root!;
		const {ino, dev} = tree.statDir(root);
		if (dev !== tree.statDir(home.handle).dev) {
			throw invalid(place.path, 'is a file system of its own: trees of it cannot be beside it');
		}
		const head = before.head ?? unknownHead(ino, dev);
		keepRecord(trees, number, head, before.record);
		moveState(tree, root, home);
	} finally {
		before.close();
	}
	dropState(tree, parent, place);
	trees.adopt(number);
	trees.show(number, options.fsync);
}

/** Says only which directory the tree is. */
function unknownHead(rootIno: bigint, rootDev: bigint): RecordHead {
	const none = new Uint8Array(32);
	return {key: none, root: none, rootIno, rootDev, sequence: 0, complete: false};
}

function keepRecord(
	trees: Trees,
	number: number,
	head: RecordHead,
	record: PublishRecord | undefined,
): void {
	const store = trees.recordOf(number);
	removeRecord(store);
	if (record === undefined) {
		writeHead(store, head);
		return;
	}
	forgetChangeTimes(record.columns);
	writeRecord(store, head, record, undefined);
}

/** Snapshots, what is known of files, and what is staged go along. */
function moveState(tree: TreeIo, root: DirHandle, home: StateDir): void {
	const state = tree.openDir(root, stateDirName);
	if (state === undefined) return;
	try {
		const taken = new Set(tree.list(home.handle).map(octetKey));
		for (const name of tree.list(state)) {
			if (left.test(octetKey(name)) || taken.has(octetKey(name))) continue;
			tree.rename(state, name, home.handle, name);
		}
	} finally {
		tree.closeDir(state);
	}
}

function dropState(tree: TreeIo, parent: DirHandle, {name}: TreePlace): void {
	const root = tree.openDir(parent, name);
	if (root === undefined) return;
	try {
		const {mtimeSec, mtimeNsec} = tree.statDir(root);
		removeTree(tree, root, stateDirName);
		tree.setDirTimes(root, mtimeSec, mtimeNsec);
	} finally {
		tree.closeDir(root);
	}
}
