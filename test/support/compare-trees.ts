/**
 * Compares two directory trees with a walker of its own, which shares no code with the program:
 * type, content, mode, modification time, owner, link targets, and which names are one file.
 */
import {createHash} from 'node:crypto';
import {type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync} from 'node:fs';

/** Node sets times to the nearest microsecond; a disk may keep fewer digits. */
const timeTolerance = 2000n;

type Walked = {
	readonly type: string;
	readonly mode: number;
	readonly mtimeNs: bigint;
	readonly owner: string;
	/** Digest of a file, target of a symlink. */
	readonly content: string;
	/** First path of its group, for a file with several names in this tree. */
	group: string;
};

export type CompareOptions = {
	/** Names at both roots that are left out. */
	readonly skip?: readonly string[];
};

/** Differences between the trees, one line each, names as Latin-1; empty when they are equal. */
export function compareTrees(
	a: string,
	b: string,
	{skip = ['.shoal']}: CompareOptions = {},
): string[] {
	const left = walkTree(a, skip);
	const right = walkTree(b, skip);
	const differences: string[] = [];
	for (const [path, entry] of left) {
		const other = right.get(path);
		if (other === undefined) differences.push(`${show(path)}: is missing`);
		else differences.push(...compareEntries(path, entry, other));
	}
	for (const path of right.keys()) {
		if (!left.has(path)) differences.push(`${show(path)}: is too much`);
	}
	return differences;
}

/** Entries by path (Latin-1, so any octet is one letter); the root is the empty path. */
export function walkTree(root: string, skip: readonly string[] = []): Map<string, Walked> {
	const found = new Map<string, Walked>();
	const groups = new Map<string, string>();
	const visit = (path: string) => {
		const full = Buffer.from(path === '' ? latin1(root) : `${latin1(root)}/${path}`, 'latin1');
		const stat = lstatSync(full, {bigint: true});
		found.set(path, describe(path, full, stat, groups));
		if (!stat.isDirectory()) return;
		const names = readdirSync(full, {encoding: 'buffer'}).map(name => name.toString('latin1'));
		for (const name of names.sort()) {
			if (path === '' && skip.includes(name)) continue;
			visit(path === '' ? name : `${path}/${name}`);
		}
	};
	visit('');
	const sizes = new Map<string, number>();
	for (const {group} of found.values()) sizes.set(group, (sizes.get(group) ?? 0) + 1);
	// Further names in other trees make no group.
	for (const entry of found.values()) if (sizes.get(entry.group) === 1) entry.group = '';
	return found;
}

function describe(
	path: string,
	full: Buffer,
	stat: BigIntStats,
	groups: Map<string, string>,
): Walked {
	let content = '';
	let group = '';
	if (stat.isFile()) {
		content = createHash('sha256').update(readFileSync(full)).digest('hex');
		if (stat.nlink > 1n) {
			const inode = `${stat.dev}:${stat.ino}`;
			group = groups.get(inode) ?? path;
			groups.set(inode, group);
		}
	} else if (stat.isSymbolicLink()) content = readlinkSync(full, {encoding: 'latin1'});
	return {
		type: typeOf(stat),
		mode: Number(stat.mode & 0o7777n),
		mtimeNs: stat.mtimeNs,
		owner: `${stat.uid}:${stat.gid}`,
		content,
		group,
	};
}

function typeOf(stat: BigIntStats): string {
	if (stat.isFile()) return 'file';
	if (stat.isDirectory()) return 'directory';
	return stat.isSymbolicLink() ? 'symlink' : 'special';
}

function compareEntries(path: string, a: Walked, b: Walked): string[] {
	const differences: string[] = [];
	for (const key of ['type', 'owner', 'content', 'group'] as const) {
		if (a[key] !== b[key]) differences.push(`${show(path)}: ${key} ${a[key]} became ${b[key]}`);
	}
	// A symlink's permissions mean nothing, and Linux cannot set them.
	if (a.mode !== b.mode && a.type !== 'symlink') {
		differences.push(`${show(path)}: mode ${a.mode.toString(8)} became ${b.mode.toString(8)}`);
	}
	const apart = a.mtimeNs > b.mtimeNs ? a.mtimeNs - b.mtimeNs : b.mtimeNs - a.mtimeNs;
	if (apart > timeTolerance) differences.push(`${show(path)}: time is ${apart} ns apart`);
	return differences;
}

function latin1(path: string): string {
	return Buffer.from(path).toString('latin1');
}

function show(path: string): string {
	return JSON.stringify(path === '' ? '.' : path);
}
