/** Trees as entries, without a file system: valid snapshots of any size from a seed. */
import {sha256} from '../../native-free/digest.ts';
import {type EntryType, type EntryView, entryType, makeEntry} from '../../src/snapshot/entry.ts';
import {encodeHeader} from '../../src/snapshot/header.ts';
import {List} from '../../src/snapshot/list.ts';
import {ListBuilder} from '../../src/snapshot/list-builder.ts';
import {NodeTable, pagePrefix, writeNodes} from '../../src/snapshot/node-table.ts';
import {comparePaths, joinPath} from '../../src/snapshot/path.ts';
import type {Prng} from './prng.ts';

const encoder = new TextEncoder();
export const octets = (text: string): Uint8Array => encoder.encode(text);
/** One octet a character: `latin1('caf\xe9')` is no UTF-8. */
export const latin1 = (text: string): Uint8Array =>
	Uint8Array.from(text, character => character.charCodeAt(0));

const stems = ['lib', 'src', 'index', 'a', 'b', 'README', 'main', 'Ä', 'data', '.', '-', 'x y'];
const odd = [
	latin1('caf\xe9'),
	octets('line\nend'),
	octets('\\#012'),
	octets('日本'),
	latin1('\x01'),
];
const owners = [
	{uid: 0, gid: 0, owner: octets('root'), group: octets('root')},
	{uid: 1000, gid: 100, owner: octets('mirror'), group: octets('users')},
	{uid: 4_294_967_295, gid: 77_777, owner: octets(''), group: octets('')},
];

function randomName(prng: Prng): Uint8Array {
	if (prng.chance(0.05)) return joinOctets(prng.pick(odd), octets(String(prng.below(1000))));
	if (prng.chance(0.01)) return new Uint8Array(255).fill(0x61 + prng.below(26));
	return octets(`${prng.pick(stems)}${prng.chance(0.9) ? prng.below(100_000) : ''}.x`);
}

function joinOctets(a: Uint8Array, b: Uint8Array): Uint8Array {
	return Uint8Array.from([...a, ...b]);
}

function randomFields(prng: Prng, type: EntryType): Partial<EntryView> {
	const size = prng.chance(0.1) ? 0 : prng.below(prng.chance(0.1) ? 2 ** 31 : 100_000);
	const unread = type <= entryType.directory && prng.chance(0.01);
	const device = type === entryType.blockDevice || type === entryType.charDevice;
	return {
		...prng.pick(owners),
		mode: prng.pick([0o644, 0o755, 0o4755, 0o600, prng.below(0o10000)]),
		mtimeSec: prng.chance(0.05) ? -prng.below(2 ** 31) * 99 : 1_600_000_000 + prng.below(1e8),
		mtimeNsec: prng.chance(0.3) ? 0 : prng.below(1e9),
		unread,
		...(type === entryType.file && {size}),
		...(type === entryType.file && !unread && {digest: size === 0 ? sha256() : prng.bytes(32)}),
		...(type === entryType.file && !unread && prng.chance(0.05) && flatFields(prng, size)),
		...(type === entryType.symlink && {target: randomName(prng)}),
		...(device && {device: prng.below(0x1f_ffff) * 2 ** 32 + prng.next()}),
		...(prng.chance(0.02) && {xattr: prng.bytes(32)}),
	};
}

function flatFields(prng: Prng, size: number): Partial<EntryView> {
	return {flatDigest: size === 0 ? sha256() : prng.bytes(32)};
}

/** Entries of a valid tree, in order: about `count` of them, of all types, with hard links. */
export function randomEntries(prng: Prng, count: number): EntryView[] {
	const root = makeEntry({path: octets(''), type: entryType.directory, mtimeSec: 1_700_000_000});
	const byPath = new Map([['', root]]);
	const directories: Uint8Array[] = [root.path];
	while (byPath.size < count) {
		const recent = directories[Math.max(0, directories.length - 1 - prng.below(30))]!;
		const parent = prng.chance(0.5) ? recent : prng.pick(directories);
		const path = joinPath(parent, randomName(prng));
		const key = Buffer.from(path).toString('latin1');
		if (path.length > 4095 || byPath.has(key)) continue;
		const type = prng.chance(0.15)
			? entryType.directory
			: prng.chance(0.9)
				? entryType.file
				: prng.pick([...Object.values(entryType)]);
		byPath.set(key, makeEntry({path, type, ...randomFields(prng, type)}));
		if (type === entryType.directory) directories.push(path);
	}
	const entries = [...byPath.values()].sort((a, b) => comparePaths(a.path, b.path));
	return linkSome(prng, entries);
}

/** Makes some runs of entries names of one inode each. */
function linkSome(prng: Prng, entries: EntryView[]): EntryView[] {
	const linked = [...entries];
	for (let at = 0; at < entries.length - 5; at += 1 + prng.below(60)) {
		const names = linked
			.slice(at, at + 2 + prng.below(3))
			.map((entry, index) => ({entry, index: at + index}))
			.filter(({entry}) => entry.type !== entryType.directory && entry.linkCount === 1);
		if (names.length < 2 || names.some(({entry}) => entry.link.length > 0)) continue;
		const first = {...names[0]!.entry, unread: false, linkCount: names.length};
		if (first.type === entryType.file && first.digest.length === 0) continue;
		linked[names[0]!.index] = first;
		for (const {entry, index} of names.slice(1)) {
			linked[index] = {
				...first,
				path: entry.path,
				link: first.path,
				linkCount: 1,
				digest: new Uint8Array(0),
				flatDigest: new Uint8Array(0),
			};
		}
	}
	return linked;
}

export function buildList(entries: Iterable<EntryView>): Uint8Array {
	const builder = new ListBuilder(sha256);
	for (const entry of entries) builder.add(entry);
	return builder.finish();
}

/** @throws Error with the problem, if the octets are no list */
export function openList(bytes: Uint8Array): List {
	const list = List.open(bytes, sha256);
	if ('problem' in list) throw new Error(list.problem);
	return list;
}

export const listOf = (entries: Iterable<EntryView>): List => openList(buildList(entries));

/** A page as its octets, whatever they are, with what the index shall say of it. */
export type RawPage = {
	readonly bytes: Uint8Array;
	readonly firstPath: Uint8Array;
	readonly entryCount: number;
};

/** A list of these pages with all hashes right, valid or not. */
export function assembleList(pages: readonly RawPage[], contentBytes: number): Uint8Array {
	let table = new NodeTable();
	for (const {bytes, firstPath, entryCount} of pages) {
		const hash = sha256(pagePrefix, bytes);
		table.push(firstPath, firstPath.length, hash, bytes.length, entryCount, 1);
	}
	const levels: Uint8Array[] = [];
	do {
		const level = writeNodes(sha256, levels.length + 1, table);
		levels.unshift(level.bytes);
		table = level.table;
	} while (table.count > 1);
	const header = encodeHeader({
		levels: levels.length,
		pageCount: pages.length,
		entryCount: pages.reduce((sum, page) => sum + page.entryCount, 0),
		contentBytes,
		topNodeSize: levels[0]!.length,
	});
	return Buffer.concat([header, ...levels, ...pages.map(page => page.bytes)]);
}
