/**
 * Validates a list whole, before anything else looks at it: hashes from the root down, every cut
 * where the rule puts it, then every entry: order, parents listed and directories, hard links to
 * earlier paths of the same kind, sums. What passes is canonical: its entries give these octets.
 */
import {digestSize, pathSizeMax} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import {entryType} from './entry.ts';
import {formFlag} from './entry-form.ts';
import {EntryReader} from './entry-reader.ts';
import {decodeHeader, type Header, headerSize} from './header.ts';
import {LinkGroups} from './link-groups.ts';
import {NodeTable, nodePrefix, pagePrefix, readNode, rootPrefix} from './node-table.ts';
import {endsPage} from './page-rule.ts';
import {equalOctets} from './path.ts';

/** Why octets are not a list: for people. */
export type ListProblem = {readonly problem: string};

/** A list taken apart. */
export type ListParts = {
	readonly root: Uint8Array;
	readonly header: Header;
	/** Level 0, the pages, first; the top node last. */
	readonly levels: readonly LevelPart[];
	readonly unreadCount: number;
	/** What the entries of each page add to the sum of contents. */
	readonly pageContentBytes: Float64Array;
};

export type LevelPart = {
	readonly table: NodeTable;
	/** Where each node begins in the list, and one more: where the last one ends. */
	readonly offsets: Float64Array;
	/** Number of the first page below each node. */
	readonly firstPages: Float64Array;
};

export function validateList(bytes: Uint8Array, sha256: Sha256): ListParts | ListProblem {
	const header = decodeHeader(bytes);
	if (header === undefined) return wrong('it does not begin as a list of this version');
	const topSize = headerSize + header.topNodeSize;
	const root = sha256(rootPrefix, bytes.subarray(0, topSize));
	const levels = readLevels(bytes, header, sha256);
	if ('problem' in levels) return levels;
	const checked = checkPages(bytes, header, levels[0]!, sha256);
	return 'problem' in checked ? checked : {root, header, levels, ...checked};
}

function wrong(problem: string): ListProblem {
	return {problem};
}

function readLevels(bytes: Uint8Array, header: Header, sha256: Sha256): LevelPart[] | ListProblem {
	const {levels: topLevel, topNodeSize, entryCount, pageCount} = header;
	if (bytes.length < headerSize + topNodeSize || topNodeSize === 0) return wrong('it is cut short');
	const top = new NodeTable();
	top.push(new Uint8Array(0), 0, new Uint8Array(digestSize), topNodeSize, entryCount, pageCount);
	const levels: LevelPart[] = [part(top, headerSize)];
	for (let level = topLevel; level > 0; level--) {
		const above = levels[0]!;
		if (above.offsets.at(-1)! > bytes.length) return wrong('it is cut short');
		if (level < topLevel && above.table.count < 2) return wrong('a level too many');
		const below = readLevel(bytes, level, above, sha256, level === topLevel);
		if (below === undefined) return wrong(`an index node of level ${level} is wrong`);
		levels.unshift(part(below, above.offsets.at(-1)!));
	}
	return levels[0]!.offsets.at(-1) === bytes.length ? levels : wrong('its size is wrong');
}

function part(table: NodeTable, start: number): LevelPart {
	const offsets = new Float64Array(table.count + 1);
	const firstPages = new Float64Array(table.count);
	let offset = start;
	let page = 0;
	for (let index = 0; index < table.count; index++) {
		offsets[index] = offset;
		firstPages[index] = page;
		offset += table.sizes[index]!;
		page += table.pageCounts[index]!;
	}
	offsets[table.count] = offset;
	return {table, offsets, firstPages};
}

/** The nodes below those of `level`; the hash of the top node is the root's own affair. */
function readLevel(
	bytes: Uint8Array,
	level: number,
	{table, offsets}: LevelPart,
	sha256: Sha256,
	isTop: boolean,
): NodeTable | undefined {
	const below = new NodeTable();
	for (let index = 0; index < table.count; index++) {
		const start = offsets[index]!;
		const end = offsets[index + 1]!;
		if (!isTop) {
			const hash = sha256(nodePrefix, bytes.subarray(start, end));
			if (!equalOctets(hash, table.hash(index))) return undefined;
		}
		const first = below.count;
		const node = readNode(bytes, start, end, level, below);
		if (node === undefined || node.entryCount !== table.entryCounts[index]) return undefined;
		if (node.pageCount !== table.pageCounts[index]) return undefined;
		if (index + 1 < table.count && !node.ends) return undefined;
		if (!equalOctets(below.key(first), table.key(index))) return undefined;
	}
	return below;
}

function checkPages(
	bytes: Uint8Array,
	header: Header,
	pages: LevelPart,
	sha256: Sha256,
): Pick<ListParts, 'unreadCount' | 'pageContentBytes'> | ListProblem {
	const {table, offsets} = pages;
	if (table.count !== header.pageCount) return wrong('its number of pages is wrong');
	const check = new EntryCheck(sha256);
	const pageContentBytes = new Float64Array(table.count);
	let sum = 0;
	for (let page = 0; page < table.count; page++) {
		const start = offsets[page]!;
		const end = offsets[page + 1]!;
		const hash = sha256(pagePrefix, bytes.subarray(start, end));
		if (!equalOctets(hash, table.hash(page))) return wrong(`page ${page} is damaged`);
		const problem = check.page(bytes, start, end, table.key(page));
		if (problem !== undefined) return wrong(`page ${page}: ${problem}`);
		if (check.pageEntryCount !== table.entryCounts[page]) {
			return wrong(`page ${page}: its number of entries is wrong`);
		}
		if (page + 1 < table.count && !check.pageEnds) return wrong(`page ${page} ends too early`);
		pageContentBytes[page] = check.contentBytes;
		sum += check.contentBytes;
	}
	if (!check.links.complete) return wrong('a hard link has fewer names than it says');
	if (sum !== header.contentBytes) return wrong('the sum of its sizes is wrong');
	return {unreadCount: check.unreadCount, pageContentBytes};
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
	/**
	 * 1 at n where the first n octets of the last path are a listed directory. That is enough: in
	 * path order, a directory whose path no longer begins the path at hand has no more entries.
	 */
	readonly #listed = new Uint8Array(pathSizeMax + 1);

	constructor(sha256: Sha256) {
		this.links = new LinkGroups(sha256);
		this.#reader = new EntryReader(sha256());
	}

	page(bytes: Uint8Array, start: number, end: number, key: Uint8Array): string | undefined {
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
				if (listed[reader.parentSize] === 0) return 'an entry in no listed directory';
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
		return reader.failed ? 'an entry is malformed' : undefined;
	}

	#checkForm(form: number): boolean {
		if (form & formFlag.unread) this.unreadCount++;
		if (form & formFlag.first) this.links.addFirst(this.#reader);
		return (form & formFlag.further) === 0 || this.links.addFurther(this.#reader);
	}
}

/** Forms of files without a content of their own to fetch. */
const notFetched = formFlag.further | formFlag.unread;
