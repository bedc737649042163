/**
 * Entries as lines of mtree(5), for mtree(8) of NetBSD and FreeBSD and for libarchive. A snapshot
 * is a specification of its tree: `mtree -p DIR -f SPEC` finds what differs.
 */
import {toHex} from '../hex.ts';
import {type EntryView, entryType} from './entry.ts';
import {deviceMajor, deviceMinor, isDevice, timestampText} from './entry-text.ts';

/** The value of `type`, by number. */
const typeWords = ['file', 'dir', 'link', 'fifo', 'socket', 'block', 'char'];

/**
 * Octets of a name that stand for themselves. All others are written in octal, as vis(3) does: a
 * space ends a word, `#` begins a comment.
 */
const plain = /[A-Za-z0-9._/+,:@%-]/;
/** Each octet as it is written. */
const spelling = Array.from({length: 256}, (_, octet) => {
	const letter = String.fromCharCode(octet);
	return plain.test(letter) ? letter : `\\${octet.toString(8).padStart(3, '0')}`;
});
/** What makes a name a pattern. */
const magic = /[*?[]/;
/** Names of owners are taken by mtree as they stand: others are left to their number. */
const plainName = /^[A-Za-z0-9._@$-]+$/;

/** What libarchive knows the format by, and a comment that names the snapshot. */
export function mtreeHeader(root: Uint8Array): string {
	return `#mtree\n# snapshot ${toHex(root)}`;
}

export type MtreeLineOptions = {
	/** Relative to the directory that is described, empty for itself. */
	readonly path: Uint8Array;
	/**
	 * Of the group, for every name of a hard link, else 1: names outside the tree are not known, so
	 * nothing is said of a file with one name.
	 */
	readonly linkCount: number;
	/**
	 * For mtree(8) of the BSDs, which takes `*`, `?` and `[` in a name for a pattern, however they
	 * are written, and needs a backslash before them; for libarchive that is another name.
	 */
	readonly patterns: boolean;
};

export function mtreeLine(entry: EntryView, options: MtreeLineOptions): string {
	const {path, linkCount, patterns} = options;
	const words = [
		path.length === 0 ? '.' : `./${patterns ? visiblePattern(path) : visible(path)}`,
		`type=${typeWords[entry.type]}`,
		`mode=${entry.mode.toString(8).padStart(4, '0')}`,
		...ownerWords('uname', entry.owner),
		...ownerWords('gname', entry.group),
		`uid=${entry.uid}`,
		`gid=${entry.gid}`,
	];
	if (linkCount > 1) words.push(`nlink=${linkCount}`);
	if (entry.type === entryType.file) words.push(`size=${entry.size}`);
	words.push(`time=${timestampText(entry)}`);
	if (entry.target.length > 0) words.push(`link=${visible(entry.target)}`);
	if (isDevice(entry)) words.push(`device=native,${deviceMajor(entry)},${deviceMinor(entry)}`);
	if (entry.flatDigest.length > 0) words.push(`sha256digest=${toHex(entry.flatDigest)}`);
	return words.join(' ');
}

function visible(octets: Uint8Array): string {
	let text = '';
	for (const octet of octets) text += spelling[octet]!;
	return text;
}

/** A name with glob characters is a pattern that matches itself alone. */
function visiblePattern(path: Uint8Array): string {
	const names = String.fromCharCode(...path).split('/');
	const patterns = names.map(name => (magic.test(name) ? name.replace(/[\\*?[]/g, '\\$&') : name));
	return visible(Uint8Array.from(patterns.join('/'), letter => letter.charCodeAt(0)));
}

function ownerWords(keyword: string, name: Uint8Array): string[] {
	const text = String.fromCharCode(...name);
	return plainName.test(text) ? [`${keyword}=${text}`] : [];
}
