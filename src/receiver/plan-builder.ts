/**
 * Turns entries and what DEST has in their places into rows of changes. It is fed entry by entry in
 * path order, by a walk over all of DEST or over a diff only; nothing here touches a disk.
 */
import type {Cursor} from '../snapshot/cursor.ts';
import {entryType, entryTypeNames} from '../snapshot/entry.ts';
import {equalOctets, isWithin} from '../snapshot/path.ts';
import {
	blankChange,
	type Change,
	ChangeTable,
	changeKind,
	contentFrom,
	existing,
	leaveOwner,
	leaveTime,
} from '../task/change-table.ts';
import {copyOctets, octetKey} from '../task/packed-octets.ts';
import type {Alternate, Alternates} from './alternates.ts';
import {
	type Attributes,
	attributesOf,
	changeDetail,
	existingOf,
	metadataDetails,
	sameTime,
} from './compare.ts';
import type {Image, ImageCursor} from './image.ts';
import {lendContent} from './local-content.ts';
import type {OwnerMap} from './owner-map.ts';
import type {Fact} from './plan-scan.ts';
import type {Present} from './present.ts';
import type {ProblemList} from './problem-list.ts';
import {whyUnfit} from './unfit.ts';
import type {PlanOptions} from './update-types.ts';

export type PlanBuilderOptions = {
	readonly image: Image;
	readonly present: Present;
	readonly options: PlanOptions;
	readonly owners: OwnerMap;
	readonly problems: ProblemList;
	/** Directories of ours in DEST: no entry of an image is at or below them. */
	readonly protectedPaths: readonly Uint8Array[];
	/** Files of DEST are never changed, only replaced: see `Way`. */
	readonly sharesInodes: boolean;
	/** Whether a directory that exists in DEST has anything in it. */
	readonly isFilled: (path: Uint8Array) => boolean;
	readonly alternates?: Alternates | undefined;
	/** Directories of DEST that cannot give way: something in them is protected. */
	readonly blocked?: ReadonlySet<number> | undefined;
};

/** A hard-link group: its first name in the image, and what becomes of that. */
type Group = {
	readonly leader: Uint8Array;
	/** Undefined: the first name stays as it is. */
	row: number | undefined;
	readonly present: number;
	readonly refused: boolean;
};

/** Needs its content, unless hashing shows that DEST has it. */
type Verdict = 'same' | 'other' | 'unknown';

const none = new Uint8Array(0);

export class PlanBuilder {
	readonly table = new ChangeTable();
	/** Of each entry of the image, by index: its row, and where `present` has it; -1: none. */
	readonly rowOf: Int32Array;
	readonly presentOf: Int32Array;
	/** 1: the content is known to be the entry's by its digest, not just by size and time. */
	readonly verified: Uint8Array;
	/** Of each row: where `present` has what is in its place, and its entry's index; -1: none. */
	readonly presentOfRow: number[] = [];
	readonly indexOfRow: number[] = [];
	/** Rows that may turn out to have their content already: to be hashed. */
	readonly doubtful: number[] = [];
	/** Of rows whose content has to come: the file of that path in an alternate directory. */
	readonly alternateOf = new Map<number, Alternate>();
	/** In all, and by `entryType`. */
	entries = 0;
	readonly entryTypes: number[] = entryTypeNames.map(() => 0);
	files = 0;
	bytesTotal = 0;
	bytesKept = 0;
	readonly #image: Image;
	readonly #present: Present;
	readonly #options: PlanOptions;
	readonly #owners: OwnerMap;
	readonly #problems: ProblemList;
	readonly #protectedPaths: readonly Uint8Array[];
	readonly #sharesInodes: boolean;
	readonly #isFilled: (path: Uint8Array) => boolean;
	readonly #blocked: ReadonlySet<number> | undefined;
	readonly #alternates: Alternates | undefined;
	readonly #groups = new Map<string, Group>();
	/** Hard-link groups whose content has been counted. */
	readonly #counted = new Set<string>();
	readonly #followers: {row: number; group: Group}[] = [];
	/** Inodes of DEST with several names, and the group that they were left to. */
	readonly #claims = new Map<string, string>();
	/** Rows of files that are to be changed, in inodes that others keep as they are. */
	readonly #apart = new Set<number>();

	constructor(builder: PlanBuilderOptions) {
		const {image, present, options, owners, problems, protectedPaths, isFilled} = builder;
		this.#sharesInodes = builder.sharesInodes;
		this.#protectedPaths = protectedPaths;
		this.#image = image;
		this.#present = present;
		this.#options = options;
		this.#owners = owners;
		this.#problems = problems;
		this.#isFilled = isFilled;
		this.#blocked = builder.blocked;
		this.#alternates = builder.alternates;
		const count = image.list.presentCount;
		this.rowOf = new Int32Array(count).fill(-1);
		this.presentOf = new Int32Array(count).fill(-1);
		this.verified = new Uint8Array(count);
	}

	/** An entry whose place in DEST was not looked at: it is as the record says. */
	keep({entry}: ImageCursor): void {
		this.#count(entry);
		if (entry.digest.length > 0) this.bytesKept += entry.size;
	}

	/** `present`: index of what is at the entry's path, -1 if nothing is. */
	consider(at: ImageCursor, present: number, fact: Fact): void {
		const {entry, path, index} = at;
		this.#count(entry);
		if (this.#isRefused(at, present)) {
			if (entry.linkCount > 1) this.#addGroup(entry.path, path, undefined, present, true);
			return;
		}
		this.presentOf[index] = present;
		const group = entry.link.length > 0 ? this.#groupOf(entry) : undefined;
		if (group !== undefined) {
			this.#follow(at, present, group);
			return;
		}
		const alternate = this.#alternates?.find(entry, path, this.#contentOf(entry));
		if (alternate !== undefined && this.#alternates!.spares(entry, alternate, present)) {
			this.#spare(index, present);
			return;
		}
		const isRelinked =
			alternate !== undefined && this.#alternates!.relinks(alternate, this.#present.stat, present);
		const row = isRelinked
			? this.#relink(at, present, alternate)
			: this.#considerOwn(at, present, fact);
		if (row !== undefined && alternate !== undefined) this.#give(row, alternate, path);
		if (entry.linkCount > 1) this.#addGroup(entry.path, path, row, present, false);
		else if (entry.link.length > 0) this.#addGroup(entry.link, path, row, present, false);
	}

	/** What is in DEST and not in the image. */
	remove(present: number, details = 0): void {
		const {stat} = this.#present;
		const row = this.#add({
			...blankChange(),
			path: this.#present.path(present),
			kind: changeKind.deleted,
			details,
			type: stat.type[present]!,
			existing: existingOf(stat.type[present]!),
			existingMode: stat.mode[present]!,
			size: existingOf(stat.type[present]!) === existing.file ? stat.size[present]! : 0,
		});
		this.presentOfRow[row] = present;
	}

	/** A directory that stays while entries in it come and go; undefined: not in the image. */
	touch(path: Uint8Array, present: number): number | undefined {
		const entry = this.#image.find(path);
		if (entry === undefined || entry.type !== entryType.directory) return undefined;
		const row = this.#addEntry(entry, path, present, changeKind.touch, 0);
		this.presentOfRow[row] = present;
		return row;
	}

	/** What hashing found for a doubtful row. */
	resolve(row: number, isEqual: boolean): void {
		if (!isEqual) return;
		const {columns} = this.table;
		columns.content[row] = contentFrom.none;
		const details = columns.details[row]! & ~changeDetail.content;
		columns.details[row] = details;
		this.verified[this.indexOfRow[row]!] = 1;
		this.bytesKept += columns.size[row]!;
		if (details === 0) this.#drop(row);
		else if (this.#apart.has(row)) this.#keepApart(row);
		else this.#changeMetadata(row);
	}

	/** After all doubts are gone: further names whose group stays, and is theirs, need nothing. */
	settleLinks(): void {
		const {columns} = this.table;
		for (const {row, group} of this.#followers) {
			const leader = group.row;
			const isNew = leader !== undefined && columns.kind[leader]! <= changeKind.changed;
			if (isNew || (leader !== undefined && this.#isReplaced(leader))) continue;
			if (this.#isSameFile(this.presentOfRow[row]!, group.present)) this.#drop(row);
		}
	}

	#count({type, size, link, linkCount, path}: Cursor): void {
		this.entries++;
		this.entryTypes[type]!++;
		if (type !== entryType.file) return;
		this.files++;
		if (link.length === 0 && linkCount === 1) this.bytesTotal += size;
		else {
			// The first name in the list may be one that the image has not.
			const group = octetKey(link.length > 0 ? link : path);
			if (!this.#counted.has(group)) this.bytesTotal += size;
			this.#counted.add(group);
		}
	}

	/** Entries that cannot be made, or must not be: what DEST has there stays. */
	#isRefused({entry, path}: ImageCursor, present: number): boolean {
		const problems = this.#problems;
		if (entry.type > entryType.symlink) {
			const name = entryTypeNames[entry.type];
			problems.notice('FILE_UNSUPPORTED', path, `${name} left out: it cannot be made yet`);
			return true;
		}
		if (this.#protectedPaths.some(each => isWithin(path, each))) {
			problems.add('NAME_UNSUPPORTED', path, 'shoal keeps its own state under this name');
			return true;
		}
		const why = whyUnfit(entry.size, path);
		if (why !== undefined) {
			problems.add(...why);
			return true;
		}
		if (entry.unread && entry.type === entryType.file) {
			problems.addSource('FILE_UNREADABLE', path, 'the source could not read it');
			return true;
		}
		if (entry.unread) problems.addSource('FILE_UNREADABLE', path, 'the source could not list it');
		if (this.#blocked?.has(present) === true) {
			problems.add('DIRECTORY_FILLED', path, 'a directory with protected entries is in its place');
			return true;
		}
		const inWay = present >= 0 && entry.type !== entryType.directory && !this.#options.delete;
		if (!inWay || existingOf(this.#present.stat.type[present]!) !== existing.directory) {
			return false;
		}
		if (!this.#isFilled(path)) return false;
		problems.add('DIRECTORY_FILLED', path, 'a directory with entries is in its place');
		return true;
	}

	/** An entry that is no further name of a group in the image. Its row, if it needs one. */
	#considerOwn(at: ImageCursor, present: number, fact: Fact): number | undefined {
		const {entry, path, index} = at;
		const isFile = entry.type === entryType.file;
		const content = this.#contentOf(entry);
		if (present < 0) {
			return this.#addEntry(entry, path, -1, changeKind.new, 0, content, index);
		}
		if (entry.type !== this.#present.stat.type[present]) {
			const details = changeDetail.type;
			const row = this.#addEntry(entry, path, -1, changeKind.changed, details, content, index);
			return this.#place(row, present);
		}
		const wanted = this.#attributes(entry, present);
		let details = metadataDetails(entry, this.#present, present, wanted, this.#options);
		let verdict: Verdict = 'same';
		if (isFile) {
			verdict = this.#compareContent(content, present, fact);
			const isOthers = this.#isClaimed(entry, path, present);
			if (isOthers) details |= changeDetail.link;
			if (verdict === 'other' && entry.size !== this.#present.stat.size[present]) {
				details |= changeDetail.size;
			}
			if (verdict !== 'same') details |= changeDetail.content;
			else if (fact.digest.length > 0) this.verified[index] = 1;
		}
		const isRelinked = (details & changeDetail.link) !== 0;
		const isApart = isRelinked || (isFile && this.#isElsewhere(content, present, details));
		const moves = verdict !== 'same' || isApart || (details & changeDetail.target) !== 0;
		if (isFile && verdict === 'same' && !isApart) this.bytesKept += entry.size;
		if (details === 0) return undefined;
		const kind = moves ? changeKind.changed : changeKind.metadata;
		const needed = isFile && (moves || this.#sharesInodes) ? content : undefined;
		const row = this.#addEntry(entry, path, present, kind, details, needed, index);
		if (isApart) this.#apart.add(row);
		if (isApart && verdict === 'same') {
			this.#keepApart(row);
		} else if (kind === changeKind.metadata) {
			this.#changeMetadata(row);
		} else if (verdict === 'unknown') {
			this.doubtful.push(row);
		}
		return row;
	}

	#give(row: number, alternate: Alternate, path: Uint8Array): void {
		const isBasis = this.#alternates!.give(this.table, row, alternate, path);
		if (isBasis) this.alternateOf.set(row, alternate);
	}

	/** Not deleted for want of an entry: so it goes without `--delete`, too. */
	#spare(index: number, present: number): void {
		this.presentOf[index] = -1;
		if (present >= 0) this.remove(present, changeDetail.link);
	}

	#relink({entry, path, index}: ImageCursor, present: number, alternate: Alternate): number {
		const [kind, details] = [changeKind.changed, changeDetail.link];
		const content = this.#contentOf(entry);
		const row = this.#addEntry(entry, path, present, kind, details, content, index);
		this.table.columns.content[row] = contentFrom.linked;
		this.table.setSource(row, path, alternate.directory + 1);
		return row;
	}

	#compareContent(entry: Cursor, present: number, fact: Fact): Verdict {
		const {stat} = this.#present;
		const options = this.#options;
		if (entry.size !== stat.size[present]) return 'other';
		if (entry.size === 0) return 'same';
		if (options.checksum || options.ignoreTimes) return 'unknown';
		if (fact.digest.length > 0) return equalOctets(fact.digest, entry.digest) ? 'same' : 'other';
		if (options.sizeOnly) return 'same';
		// A file that the record knew otherwise was touched by someone: size and time prove little.
		return !fact.recorded && sameTime(entry, stat, present) ? 'same' : 'unknown';
	}

	/** The entry that has the content: of a group whose first name is outside the image, that one. */
	#contentOf(entry: Cursor): Cursor {
		if (entry.link.length === 0) return entry;
		const place = this.#image.list.find(entry.link);
		const leader = place && this.#image.list.cursor(place.page, place.position);
		return leader?.next() ? leader : entry;
	}

	#groupOf(entry: Cursor): Group | undefined {
		return this.#groups.get(octetKey(entry.link));
	}

	#addGroup(
		key: Uint8Array,
		leader: Uint8Array,
		row: number | undefined,
		present: number,
		refused: boolean,
	): void {
		this.#groups.set(octetKey(key), {leader: copyOctets(leader), row, present, refused});
	}

	#follow(at: ImageCursor, present: number, group: Group): void {
		const {entry, path, index} = at;
		// What is wrong with the first name has been told.
		if (group.refused) return;
		const isSame = this.#isSameFile(present, group.present);
		if (group.row === undefined && isSame) return;
		const isFile = present >= 0 && this.#present.stat.type[present] === entry.type;
		if (isFile && group.row !== undefined)
			lendContent(this.table, group.row, path, this.#present.stat, present);
		const details = present < 0 ? 0 : isFile ? this.#relinked(entry, present) : changeDetail.type;
		const kind = present < 0 ? changeKind.new : changeKind.changed;
		const row = this.#addEntry(entry, path, present, kind, details, undefined, index, group.leader);
		this.table.columns.content[row] = contentFrom.link;
		this.#followers.push({row, group});
	}

	/** What will differ for who looks at a name that comes to be another file's. */
	#relinked(entry: Cursor, present: number): number {
		const wanted = this.#attributes(entry, present);
		const isOther = entry.size !== this.#present.stat.size[present];
		const size = isOther ? changeDetail.size : 0;
		const rest = metadataDetails(entry, this.#present, present, wanted, this.#options);
		return changeDetail.link | size | rest;
	}

	#isSameFile(a: number, b: number): boolean {
		const {ino, dev} = this.#present.stat;
		return a >= 0 && b >= 0 && ino[a] === ino[b] && dev[a] === dev[b];
	}

	/** Whether the inode there serves an earlier path that is no name of the same file. */
	#isClaimed(entry: Cursor, path: Uint8Array, present: number): boolean {
		const {stat} = this.#present;
		if (stat.linkCount[present]! < 2) return false;
		const inode = `${stat.dev[present]}:${stat.ino[present]}`;
		const group = octetKey(entry.link.length > 0 ? entry.link : path);
		const holder = this.#claims.get(inode);
		if (holder === undefined) this.#claims.set(inode, group);
		return holder !== undefined && holder !== group;
	}

	#attributes(entry: Cursor, present: number): Attributes {
		return attributesOf(entry, present, this.#present.stat, this.#options, this.#owners);
	}

	/** `present` lends what is not preserved; `content`: the entry whose octets are needed. */
	#addEntry(
		entry: Cursor,
		path: Uint8Array,
		present: number,
		kind: number,
		details: number,
		content?: Cursor,
		index = -1,
		leader: Uint8Array = none,
	): number {
		const isFile = entry.type === entryType.file;
		const {stat} = this.#present;
		const row = this.#add({
			...blankChange(),
			...this.#attributes(entry, present),
			path,
			kind,
			type: entry.type,
			details,
			content: isFile && content !== undefined ? contentFrom.source : contentFrom.none,
			page: content?.page ?? 0,
			position: content?.position ?? 0,
			size: isFile ? (content ?? entry).size : 0,
			holes: this.#options.sparse || (content ?? entry).sparse ? 1 : 0,
			digest: isFile ? (content ?? entry).digest : none,
			target: entry.target,
			leader,
		});
		if (index >= 0) {
			this.rowOf[index] = row;
			this.indexOfRow[row] = index;
		}
		if (present >= 0) {
			this.#place(row, present);
			if (entry.type === entryType.directory) {
				this.table.columns.existingMode[row] = stat.mode[present]!;
			}
		}
		return row;
	}

	#place(row: number, present: number): number {
		const {stat} = this.#present;
		this.presentOfRow[row] = present;
		this.table.columns.existing[row] = existingOf(stat.type[present]!);
		this.table.columns.existingMode[row] = stat.mode[present]!;
		return row;
	}

	#add(change: Omit<Change, 'source'>): number {
		const row = this.table.add(change);
		this.presentOfRow.push(-1);
		this.indexOfRow.push(-1);
		return row;
	}

	/** Its file stays as it is but for owner, mode and time: a copy of it, where it is shared. */
	#changeMetadata(row: number): void {
		const {columns} = this.table;
		const {stat} = this.#present;
		const present = this.presentOfRow[row]!;
		columns.kind[row] = changeKind.metadata;
		if (!this.#sharesInodes || columns.type[row] === entryType.directory) return;
		if (columns.uid[row] === leaveOwner) columns.uid[row] = stat.uid[present]!;
		if (columns.gid[row] === leaveOwner) columns.gid[row] = stat.gid[present]!;
		if (columns.mtimeNsec[row] === leaveTime) {
			columns.mtimeSec[row] = stat.mtimeSec[present]!;
			columns.mtimeNsec[row] = stat.mtimeNsec[present]!;
		}
		if (columns.type[row] === entryType.file) this.#keepApart(row);
	}

	/**
	 * Whether a file that gets another time has names that are none of the image, in a copy of DEST
	 * by links for one: rsync makes it anew then, and those stay as they are.
	 */
	#isElsewhere({linkCount}: Cursor, present: number, details: number): boolean {
		if (this.#sharesInodes || (details & changeDetail.time) === 0) return false;
		return this.#present.stat.linkCount[present]! > linkCount;
	}

	/** The octets are right but the inode is another file's: they are copied from there. */
	#keepApart(row: number): void {
		this.table.columns.content[row] = contentFrom.copy;
		this.table.setSource(row, this.table.path(row));
	}

	/** A row of metadata that gets an inode of its own. */
	#isReplaced(row: number): boolean {
		return this.#sharesInodes && this.table.columns.kind[row] === changeKind.metadata;
	}

	#drop(row: number): void {
		this.table.columns.kind[row] = changeKind.none;
		this.rowOf[this.indexOfRow[row]!] = -1;
	}
}
