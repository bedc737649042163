/** One path of a snapshot, and what is known of it. README.md §2 says how it is written. */
import type {Sha256} from '../platform/crypto.ts';
import {equalOctets} from './path.ts';

export const entryType = {
	file: 0,
	directory: 1,
	symlink: 2,
	fifo: 3,
	socket: 4,
	blockDevice: 5,
	charDevice: 6,
} as const;
export type EntryType = (typeof entryType)[keyof typeof entryType];

/** Names of the types, by number. */
export const entryTypeNames = [
	'file',
	'directory',
	'symlink',
	'fifo',
	'socket',
	'blockDevice',
	'charDevice',
] as const;

/**
 * One entry. The octet fields of a Cursor are views of its buffers, valid until its next `next`;
 * an absent one is empty.
 */
export type EntryView = {
	/** Whole path without a leading slash; the tree's root directory is empty and comes first. */
	readonly path: Uint8Array;
	readonly type: EntryType;
	/** Octets of a regular file, else 0. */
	readonly size: number;
	/** Unix seconds, at most 2^48 either side of 1970. */
	readonly mtimeSec: number;
	readonly mtimeNsec: number;
	/** Permission, setuid, setgid and sticky bits: 12 bits. */
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
	/** Names of owner and group, empty if unknown, at most 255 octets. */
	readonly owner: Uint8Array;
	readonly group: Uint8Array;
	/** Where a symlink points, else empty. */
	readonly target: Uint8Array;
	/** Of a further name of a hard link: the first path of its group, in path order; else empty. */
	readonly link: Uint8Array;
	/** Names in the group for its first path, else 1. */
	readonly linkCount: number;
	/** Reference to extended attributes, reserved: empty or 32 octets. */
	readonly xattr: Uint8Array;
	/** 32 octets for a regular file that was read and is no further name, else empty. */
	readonly digest: Uint8Array;
	/** Plain SHA-256 of the content beside `digest`, where asked for; else empty. */
	readonly flatDigest: Uint8Array;
	/** Of a device: major × 2^32 + minor; else 0. */
	readonly device: number;
	/**
	 * The source could not read it: a file has no digest and stays as it is at a receiver, a
	 * directory may have entries that are not listed.
	 */
	readonly unread: boolean;
	/** A file, by its first name, that has holes at the source: zeros that take no room. */
	readonly sparse: boolean;
};

const none = new Uint8Array(0);

/** An entry with what is not said absent: empty, zero, one link. */
export function makeEntry(
	fields: Partial<EntryView> & Pick<EntryView, 'path' | 'type'>,
): EntryView {
	return {
		size: 0,
		mtimeSec: 0,
		mtimeNsec: 0,
		mode: fields.type === entryType.directory ? 0o755 : 0o644,
		uid: 0,
		gid: 0,
		owner: none,
		group: none,
		target: none,
		link: none,
		linkCount: 1,
		xattr: none,
		digest: none,
		flatDigest: none,
		device: 0,
		unread: false,
		sparse: false,
		...fields,
	};
}

/** Whether all but the paths of two entries is the same. */
export function isSameEntry(a: EntryView, b: EntryView): boolean {
	return (
		a.mtimeNsec === b.mtimeNsec &&
		a.mtimeSec === b.mtimeSec &&
		a.size === b.size &&
		a.type === b.type &&
		a.mode === b.mode &&
		a.uid === b.uid &&
		a.gid === b.gid &&
		a.linkCount === b.linkCount &&
		a.device === b.device &&
		a.unread === b.unread &&
		a.sparse === b.sparse &&
		equalOctets(a.digest, b.digest) &&
		equalOctets(a.owner, b.owner) &&
		equalOctets(a.group, b.group) &&
		equalOctets(a.target, b.target) &&
		equalOctets(a.link, b.link) &&
		equalOctets(a.xattr, b.xattr) &&
		equalOctets(a.flatDigest, b.flatDigest)
	);
}

/** A copy of an entry that outlives the cursor it comes from. */
export function copyEntry(entry: EntryView): EntryView {
	return {
		path: entry.path.slice(),
		type: entry.type,
		size: entry.size,
		mtimeSec: entry.mtimeSec,
		mtimeNsec: entry.mtimeNsec,
		mode: entry.mode,
		uid: entry.uid,
		gid: entry.gid,
		owner: entry.owner.slice(),
		group: entry.group.slice(),
		target: entry.target.slice(),
		link: entry.link.slice(),
		linkCount: entry.linkCount,
		xattr: entry.xattr.slice(),
		digest: entry.digest.slice(),
		flatDigest: entry.flatDigest.slice(),
		device: entry.device,
		unread: entry.unread,
		sparse: entry.sparse,
	};
}

/** Digest of the empty file: SHA-256 of nothing. */
export const emptyDigest = (sha256: Sha256): Uint8Array => sha256();
