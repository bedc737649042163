/**
 * Validates a list whole, before anything else looks at it: hashes from the root down, every cut
 * where the rule puts it, then every entry: order, parents listed and directories, hard links to
 * earlier paths of the same kind, sums. What passes is canonical: its entries give these octets.
 * Of a slice, all of that holds for what is at its path and below; of other entries that stand in
 * its pages, only what can be seen in these (README.md §5).
 */
import {assert} from '../assert.ts';
import {digestSize, pathSizeMax} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import {entryType} from './entry.ts';
import {formFlag} from './entry-form.ts';
import {EntryReader} from './entry-reader.ts';
import {decodeHeader, type Header, headerSize} from './header.ts';
import {LinkGroups} from './link-groups.ts';
import {NodeTable, nodePrefix, pagePrefix, readNode, rootPrefix} from './node-table.ts';
import {endsPage} from './page-rule.ts';
import {comparePaths, equalOctets, isWithin} from './path.ts';
import type {Slice} from './slice.ts';

/** Why octets are not a list: for people. */
export type ListProblem = {readonly problem: string};

/** A list taken apart. */
export type ListParts = {
	readonly root: Uint8Array;
	readonly header: Header;
	/** Level 0, the pages, first; the top node last. */
	readonly levels: readonly LevelPart[];
	/** Undefined: the pages were not looked at. */
	readonly unreadCount?: number;
	/** What the entries of each page add to the sum of contents; undefined likewise. */
	readonly pageContentBytes?: Float64Array;
};

export type LevelPart = {
	readonly table: NodeTable;
	/** Where each node begins in the list, and one more: where the last one ends. */
	readonly offsets: Float64Array;
	/** Number of the first page below each node. */
	readonly firstPages: Float64Array;
	/** The path at which the next node begins, of whichever parent; the last has none. */
	readonly bounds: readonly (Uint8Array | undefined)[];
};

/** With `slice`, `bytes` are those nodes and pages of a list that the slice has. */
export function validateList(
	bytes: Uint8Array,
	sha256: Sha256,
	slice?: Slice,
): ListParts | ListProblem {
	const parts = takeApart(bytes, sha256, slice);
	if ('problem' in parts) return parts;
	const checked = checkPages(bytes, parts.header, parts.levels[0]!, sha256, slice);
	return 'problem' in checked ? checked : {...parts, ...checked};
}

/** All but the pages. */
export function takeApart(
	bytes: Uint8Array,
	sha256: Sha256,
	slice?: Slice,
): ListParts | ListProblem {
	const header = decodeHeader(bytes);
	if (header === undefined) return wrong('it does not begin as a list of this version');
	const root = rootOf(bytes, header, sha256);
	const levels = readLevels(bytes, header, sha256, slice);
	return 'problem' in levels ? levels : {root, header, levels};
}

/** The root of a list that was made here: of others, who opens them learns it. */
export function listRoot(bytes: Uint8Array, sha256: Sha256): Uint8Array {
	const header = decodeHeader(bytes);
	assert(header !== undefined, 'a list that was made here');
	return rootOf(bytes, header, sha256);
}

function rootOf(bytes: Uint8Array, {topNodeSize}: Header, sha256: Sha256): Uint8Array {
	return sha256(rootPrefix, bytes.subarray(0, headerSize + topNodeSize));
}

function wrong(problem: string): ListProblem {
	return {problem};
}

function readLevels(
	bytes: Uint8Array,
	header: Header,
	sha256: Sha256,
	slice: Slice | undefined,
): LevelPart[] | ListProblem {
	const {levels: topLevel, topNodeSize, entryCount, pageCount} = header;
	if (bytes.length < headerSize + topNodeSize || topNodeSize === 0) return wrong('it is cut short');
	const top = new LevelReader(headerSize);
	const none = new Uint8Array(0);
	top.table.push(none, 0, new Uint8Array(digestSize), topNodeSize, entryCount, pageCount);
	top.add(0, undefined);
	const levels: LevelPart[] = [top.part()];
	for (let level = topLevel; level > 0; level--) {
		const above = levels[0]!;
		if (above.offsets.at(-1)! > bytes.length) return wrong('it is cut short');
		const below = new LevelReader(above.offsets.at(-1)!);
		if (!below.read(bytes, level, above, sha256, level === topLevel, slice)) {
			return wrong(`an index node of level ${level} is wrong`);
		}
		if (below.isAlone && level === topLevel && level > 1) return wrong('a level too many');
		levels.unshift(below.part());
	}
	return levels[0]!.offsets.at(-1) === bytes.length ? levels : wrong('its size is wrong');
}

/** The nodes of one level, as those above them name them; of a slice, those that it has. */
class LevelReader {
	readonly table = new NodeTable();
	/** The only child of the only node above. */
	isAlone = false;
	readonly #start: number;
	readonly #firstPages: number[] = [];
	readonly #bounds: (Uint8Array | undefined)[] = [];

	constructor(start: number) {
		this.#start = start;
	}

	/** Says of the node that the table got last which page is its first, and what ends it. */
	add(firstPage: number, bound: Uint8Array | undefined): void {
		this.#firstPages.push(firstPage);
		this.#bounds.push(bound);
	}

	/** Reads what is below the nodes of `level`; the top node's hash is the root's own affair. */
	read(
		bytes: Uint8Array,
		level: number,
		above: LevelPart,
		sha256: Sha256,
		isTop: boolean,
		slice: Slice | undefined,
	): boolean {
		const {table, offsets, bounds, firstPages} = above;
		for (let index = 0; index < table.count; index++) {
			const [start, end] = [offsets[index]!, offsets[index + 1]!];
			if (!isTop) {
				const hash = sha256(nodePrefix, bytes.subarray(start, end));
				if (!equalOctets(hash, table.hash(index))) return false;
			}
			const children = new NodeTable();
			const node = readNode(bytes, start, end, level, children);
			if (node === undefined || node.entryCount !== table.entryCounts[index]) return false;
			if (node.pageCount !== table.pageCounts[index]) return false;
			const bound = bounds[index];
			if (bound !== undefined && !node.ends) return false;
			if (bound !== undefined && comparePaths(children.key(children.count - 1), bound) >= 0) {
				return false;
			}
			if (!equalOctets(children.key(0), table.key(index))) return false;
			this.isAlone = isTop && children.count === 1;
			this.#take(children, firstPages[index]!, bound, slice);
		}
		return true;
	}

	part(): LevelPart {
		const {table} = this;
		const offsets = new Float64Array(table.count + 1);
		let offset = this.#start;
		for (let index = 0; index < table.count; index++) {
			offsets[index] = offset;
			offset += table.sizes[index]!;
		}
		offsets[table.count] = offset;
		return {
			table,
			offsets,
			firstPages: Float64Array.from(this.#firstPages),
			bounds: this.#bounds,
		};
	}

	#take(
		children: NodeTable,
		firstPage: number,
		bound: Uint8Array | undefined,
		slice: Slice | undefined,
	): void {
		let page = firstPage;
		for (let child = 0; child < children.count; child++) {
			const key = children.key(child);
			const next = child + 1 < children.count ? children.key(child + 1) : bound;
			if (slice === undefined || slice.covers(key, next)) {
				const size = children.sizes[child]!;
				const entryCount = children.entryCounts[child]!;
				const pageCount = children.pageCounts[child]!;
				this.table.push(key, key.length, children.hash(child), size, entryCount, pageCount);
				this.add(page, next);
			}
			page += children.pageCounts[child]!;
		}
	}
}

function checkPages(
	bytes: Uint8Array,
	header: Header,
	pages: LevelPart,
	sha256: Sha256,
	slice: Slice | undefined,
): Required<Pick<ListParts, 'unreadCount' | 'pageContentBytes'>> | ListProblem {
	const {table, offsets, firstPages, bounds} = pages;
	if (table.count === 0) return wrong('it has no root directory');
	const check = new EntryCheck(sha256, slice);
	const pageContentBytes = new Float64Array(table.count);
	let sum = 0;
	for (let index = 0; index < table.count; index++) {
		const page = firstPages[index]!;
		const [start, end] = [offsets[index]!, offsets[index + 1]!];
		const hash = sha256(pagePrefix, bytes.subarray(start, end));
		if (!equalOctets(hash, table.hash(index))) return wrong(`page ${page} is damaged`);
		const problem = check.page(bytes, start, end, table.key(index), bounds[index]);
		if (problem !== undefined) return wrong(`page ${page}: ${problem}`);
		if (check.pageEntryCount !== table.entryCounts[index]) {
			return wrong(`page ${page}: its number of entries is wrong`);
		}
		const isLast = page + 1 === header.pageCount;
		if (!isLast && !check.pageEnds) return wrong(`page ${page} ends too early`);
		pageContentBytes[index] = check.contentBytes;
		sum += check.contentBytes;
	}
	const whole = {unreadCount: check.unreadCount, pageContentBytes};
	if (slice !== undefined) return whole;
	if (!check.links.complete) return wrong('a hard link has fewer names than it says');
	return sum === header.contentBytes ? whole : wrong('the sum of its sizes is wrong');
}

/** What has to hold between entries, page after page. */
class EntryCheck {
	readonly links: LinkGroups;
	unreadCount = 0;
	/** Of the last page: entries, and octets of their contents. */
	pageEntryCount = 0;
	contentBytes = 0;
	/** Whether the last entry ends its page. */
	pageEnds = false;
	#started = false;
	readonly #reader: EntryReader;
	readonly #slice: Slice | undefined;
	/**
	 * 1 at n where the first n octets of the last path are a listed directory. That is enough: in
	 * path order, a directory whose path no longer begins the path at hand has no more entries.
	 */
	readonly #listed = new Uint8Array(pathSizeMax + 1);

	constructor(sha256: Sha256, slice: Slice | undefined) {
		this.links = new LinkGroups(sha256);
		this.#reader = new EntryReader(sha256());
		this.#slice = slice;
	}

	/** Pages come in order, those of a slice with gaps; what a page has is before `bound`. */
	page(
		bytes: Uint8Array,
		start: number,
		end: number,
		key: Uint8Array,
		bound: Uint8Array | undefined,
	): string | undefined {
		const reader = this.#reader;
		const listed = this.#listed;
		reader.open(bytes, start, end);
		this.pageEntryCount = 0;
		this.contentBytes = 0;
		this.pageEnds = false;
		let before = reader.pathSize;
		while (reader.next()) {
			if (this.pageEnds) return 'it ends too late';
			const {pathSize, type, form} = reader;
			if (this.pageEntryCount === 0 && !equalOctets(reader.path, key))
				return 'its first path is not its key';
			if (this.#started) {
				for (let size = reader.shared + 1; size <= before; size++) listed[size] = 0;
				const isListed = listed[reader.parentSize] === 1;
				if (!isListed && (this.#isMeant() || this.#isAbove())) {
					return 'an entry in no listed directory';
				}
			} else if (pathSize > 0 || type !== entryType.directory) {
				return 'no root directory';
			}
			this.#started = true;
			before = pathSize;
			if (type === entryType.directory) listed[pathSize] = 1;
			if (form !== 0 && !this.#checkForm(form)) return 'a hard link to no such entry';
			if (type === entryType.file && (form & notFetched) === 0) this.contentBytes += reader.size;
			this.pageEntryCount++;
			this.pageEnds = endsPage(reader.pathHash, reader.offset - start, this.pageEntryCount);
		}
		if (reader.failed) return 'an entry is malformed';
		const isBefore = bound === undefined || comparePaths(reader.path, bound) < 0;
		return isBefore ? undefined : 'an entry of a later page';
	}

	#checkForm(form: number): boolean {
		if (form & formFlag.first) this.links.addFirst(this.#reader);
		if (!this.#isMeant()) return true;
		if (form & formFlag.unread) this.unreadCount++;
		return (form & formFlag.further) === 0 || this.links.addFurther(this.#reader);
	}

	/** Whether it is on the way from the root to the slice. */
	#isAbove(): boolean {
		return this.#slice !== undefined && isWithin(this.#slice.path, this.#reader.path);
	}

	/** Whether all about the entry can be seen. */
	#isMeant(): boolean {
		return this.#slice === undefined || this.#slice.holds(this.#reader.path);
	}
}

/** Forms of files without a content of their own to fetch. */
const notFetched = formFlag.further | formFlag.unread;
