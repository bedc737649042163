/**
 * Stages content that DEST has already, in another place: as a clone that shares its blocks where
 * the file system can, else read and written leaf by leaf; kept only if the whole has the wanted
 * digest. `twin` rows copy what is staged already. Owner, mode and time are set by `stage`
 * afterwards.
 */
import {ShoalError} from '../error.ts';
import {digestSize, leafSize} from '../limit.ts';
import type {DirHandle, FileHandle, TreeIo} from '../platform/tree.ts';
import {leafCount, leafHash, leafLength, treeRoot} from '../snapshot/merkle.ts';
import {baseName, equalOctets} from '../snapshot/path.ts';
import {type ChangeRows, contentFrom} from './change-table.ts';
import {DirectoryWalk} from './directory-walk.ts';
import {octetsAt} from './packed-octets.ts';
import {writeSparse} from './sparse-file.ts';
import {stagedName} from './staged-name.ts';
import {fileFormat} from './survey.ts';
import {defineTask, type TaskContext} from './task.ts';

export type CopyInput = {
	/** DEST and its alternates, and of each row which of them has its source. */
	readonly roots: readonly DirHandle[];
	readonly rootOf: Uint8Array;
	readonly staging: readonly DirHandle[];
	/** `content` copy or move: from `source`; twin: from the staged file with the same digest. */
	readonly rows: ChangeRows;
	/** Device of the staged file that a twin copies. */
	readonly twinDevice: Uint16Array;
};

/** `bad`: rows whose source is not there any more or has another content. */
export type CopyOutput = {readonly bad: Uint32Array};

export const copyContent = defineTask<CopyInput, CopyOutput>({
	name: 'copy-content',
	run(input, context) {
		const bad: number[] = [];
		const walks = input.roots.map(root => new DirectoryWalk(context.tree, root));
		const cloner = new Cloner(context.tree);
		try {
			for (let row = 0; row < input.rows.count; row++) {
				if (context.aborted()) break;
				const walk = walks[input.rootOf[row]!]!;
				if (!copyRow(input, row, walk, cloner, context)) bad.push(row);
			}
		} finally {
			for (const walk of walks) walk.release();
		}
		return {bad: Uint32Array.from(bad)};
	},
});

class Cloner {
	readonly #tree: TreeIo;
	/** Where one file cannot be cloned the others seldom can: nobody tries each. */
	#isWorthATry = true;

	constructor(tree: TreeIo) {
		this.#tree = tree;
	}

	/** A clone by that name, open for reading; undefined: there is none, and nothing was made. */
	clone(file: FileHandle, dir: DirHandle, name: Uint8Array): FileHandle | undefined {
		this.#isWorthATry &&= this.#tree.clone(file, dir, name);
		if (!this.#isWorthATry) return undefined;
		this.#tree.setMode(dir, name, 0o600);
		return this.#tree.openRead(dir, name);
	}
}

export type LinkInput = Pick<CopyInput, 'roots' | 'rootOf' | 'staging' | 'rows'>;

/** Stages files of DEST, or beside it, by a further name; `bad`: rows that did not get one. */
export const linkContent = defineTask<LinkInput, CopyOutput>({
	name: 'link-content',
	run({roots, rootOf, staging, rows}, {tree, beat}) {
		const bad: number[] = [];
		const walks = roots.map(root => new DirectoryWalk(tree, root));
		try {
			for (let row = 0; row < rows.count; row++) {
				beat();
				const walk = walks[rootOf[row]!]!;
				if (!linkRow(tree, staging[rows.device[row]!]!, rows, row, walk)) bad.push(row);
			}
		} finally {
			for (const walk of walks) walk.release();
		}
		return {bad: Uint32Array.from(bad)};
	},
});

function linkRow(
	tree: TreeIo,
	dir: DirHandle,
	rows: ChangeRows,
	row: number,
	walk: DirectoryWalk,
): boolean {
	const path = octetsAt(rows.source, row);
	const parent = walk.parent(path);
	if (parent === undefined) return false;
	const name = stagedName(rows.digest.subarray(row * digestSize), rows.copy[row]!);
	try {
		tree.unlink(dir, name);
		tree.makeLink(parent, baseName(path), dir, name);
		// The name may have become another file's, or a symlink's, since it was looked at.
		const stat = tree.stat(dir, name);
		if (stat?.format === fileFormat.file && stat.size === rows.size[row]) return true;
		tree.unlink(dir, name);
		return false;
	} catch (error) {
		if (error instanceof ShoalError) return false;
		throw error;
	}
}

function copyRow(
	input: CopyInput,
	row: number,
	walk: DirectoryWalk,
	cloner: Cloner,
	context: TaskContext,
): boolean {
	const {tree} = context;
	const {rows} = input;
	const dir = input.staging[rows.device[row]!]!;
	const digest = rows.digest.subarray(row * digestSize, (row + 1) * digestSize);
	const name = stagedName(digest, rows.copy[row]!);
	const from = openSource(input, row, walk, context);
	if (from === undefined) return false;
	let isGood = false;
	try {
		// What an earlier run left under this name may be anything.
		tree.unlink(dir, name);
		// A clone has the holes of what it is made of, and no others.
		const clone = rows.holes[row] === 1 ? undefined : cloner.clone(from, dir, name);
		const to = clone ?? tree.create(dir, name, 0o600);
		try {
			const made =
				clone === undefined
					? hashLeaves(from, rows, row, context, to)
					: hashLeaves(clone, rows, row, context);
			isGood = equalOctets(made, digest);
		} finally {
			tree.closeFile(to);
		}
		if (!isGood) tree.unlink(dir, name);
	} finally {
		tree.closeFile(from);
	}
	return isGood;
}

function openSource(
	{rows, staging, twinDevice}: CopyInput,
	row: number,
	walk: DirectoryWalk,
	{tree}: TaskContext,
): FileHandle | undefined {
	if (rows.content[row] === contentFrom.twin) {
		const first = stagedName(rows.digest.subarray(row * digestSize), 0);
		return tree.openRead(staging[twinDevice[row]!]!, first);
	}
	const path = octetsAt(rows.source, row);
	const parent = walk.parent(path);
	return parent === undefined ? undefined : tree.openRead(parent, baseName(path));
}

/** Digest of it, none at all if it is not as long as it should be; with `to`, also copied. */
function hashLeaves(
	from: FileHandle,
	rows: ChangeRows,
	row: number,
	{tree, sha256, aborted}: TaskContext,
	to?: FileHandle,
): Uint8Array {
	const size = rows.size[row]!;
	const none = new Uint8Array(0);
	if (tree.statFile(from).size !== size) return none;
	const count = leafCount(size);
	const hashes = new Uint8Array(count * digestSize);
	const buffer = new Uint8Array(leafSize);
	for (let index = 0; index < count; index++) {
		const leaf = buffer.subarray(0, leafLength(size, index));
		if (aborted() || tree.read(from, leaf, index * leafSize) < leaf.length) return none;
		hashes.set(leafHash(sha256, leaf), index * digestSize);
		if (to === undefined) continue;
		if (rows.holes[row] === 1) writeSparse(tree, to, leaf, index * leafSize, size);
		else tree.write(to, leaf, index * leafSize);
	}
	return treeRoot(sha256, hashes);
}
