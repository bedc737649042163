/** `shoal ls`: prints the entries of a snapshot, wherever it is. */
import platform from '#platform';
import {ShoalError} from '../error.ts';
import type {SourceUrl} from '../session/source-url.ts';
import {jsonLine, longLine} from '../snapshot/export.ts';
import {List} from '../snapshot/list.ts';
import {Snapshots} from '../store/snapshots.ts';
import {StateDir} from '../store/state-dir.ts';
import type {ListOptions} from './options.ts';
import {reach} from './reach.ts';
import {Trust} from './trust.ts';

/** Letters gathered before they are written. */
const chunkSize = 65_536;

/** @throws ShoalError SNAPSHOT_MISSING, SNAPSHOT_INVALID, SOURCE_INVALID, and as dialling does */
export async function list(options: ListOptions): Promise<void> {
	const {from, write, format, signal} = options;
	const found = 'host' in from ? await fetchList(from, options) : readList(from.path, options);
	const below = new TextEncoder().encode((options.path ?? '').replace(/^\/+|\/+$/g, ''));
	const url = 'host' in from ? from.path : new Uint8Array(0);
	const prefix = below.length > 0 ? below : url;
	const lineOf = format === 'long' ? longLine : jsonLine;
	const start = prefix.length === 0 ? {page: 0, position: 0} : found.find(prefix);
	if (start === undefined) {
		throw new ShoalError('PATH_MISSING', 'the snapshot has no such path', {path: prefix});
	}
	const cursor = found.cursor(start.page, start.position);
	let text = '';
	while (cursor.next()) {
		// Between a directory and what is in it come names that go on with less than a slash.
		if (!startsWith(cursor.path, prefix)) break;
		if (!isBelow(cursor.path, prefix)) continue;
		text += `${lineOf(cursor)}\n`;
		if (text.length < chunkSize) continue;
		await write(text);
		text = '';
		signal?.throwIfAborted();
	}
	if (text !== '') await write(text);
}

async function fetchList(url: SourceUrl, options: ListOptions): Promise<List> {
	const trust = new Trust(platform, options, url);
	let fail: (error: ShoalError) => void = () => undefined;
	const broken = new Promise<never>((_, reject) => {
		fail = reject;
	});
	broken.catch(() => undefined);
	const supply = await reach(platform, url, trust, {
		...options,
		sequence: 0,
		failed: error => fail(error),
		notice: text => options.on?.({event: 'notice', text}),
	});
	try {
		return await Promise.race([broken, supply.obtainList(undefined, () => undefined)]);
	} finally {
		await supply.close();
	}
}

/** A list file, or the newest snapshot of a tree. */
function readList(path: string, {state}: ListOptions): List {
	const {tree, process, crypto} = platform;
	const bytes = readFile(path);
	if (bytes !== undefined) {
		const found = List.open(bytes, crypto.sha256);
		if (found instanceof List) return found;
		throw new ShoalError('SNAPSHOT_INVALID', `${path} is no snapshot: ${found.problem}`);
	}
	const root = tree.openRoot(path);
	const opened = StateDir.open(
		{tree, process, sha256: crypto.sha256},
		{root, rootPath: path, create: false, ...(state === undefined ? {} : {state})},
	);
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

function startsWith(path: Uint8Array, prefix: Uint8Array): boolean {
	return path.length >= prefix.length && prefix.every((octet, index) => path[index] === octet);
}

/** `path` starts with `prefix`: whether it is that path or inside it. */
function isBelow(path: Uint8Array, prefix: Uint8Array): boolean {
	return prefix.length === 0 || path.length === prefix.length || path[prefix.length] === 0x2f;
}
