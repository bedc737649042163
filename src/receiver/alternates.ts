/**
 * Directories beside DEST that may have what it lacks: `--compare-dest`, `--copy-dest`,
 * `--link-dest`, several of one kind. They are named by the operator, held from the plan to the
 * end, and only read; below them no symlink is followed.
 */
import {ShoalError} from '../error.ts';
import type {DirHandle, TreeIo} from '../platform/tree.ts';
import type {Pool} from '../pool/pool.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import type {Cursor} from '../snapshot/cursor.ts';
import {entryType} from '../snapshot/entry.ts';
import {equalOctets} from '../snapshot/path.ts';
import {type ChangeTable, contentFrom, existing} from '../task/change-table.ts';
import {OctetPool} from '../task/packed-octets.ts';
import type {StatColumns} from '../task/survey.ts';
import {attributesOf, metadataDetails, sameTime} from './compare.ts';
import {hashPresent} from './hash-present.ts';
import type {Image} from './image.ts';
import type {OwnerMap} from './owner-map.ts';
import type {Present} from './present.ts';
import type {ProblemList} from './problem-list.ts';
import {surveyPaths} from './survey-paths.ts';
import type {AlternateKind, PlanOptions} from './update-types.ts';

export type AlternatesOptions = {
	readonly pool: Pool;
	readonly image: Image;
	readonly options: PlanOptions;
	readonly owners: OwnerMap;
	readonly task: ActiveTask;
};

/** How much of an entry an alternate directory has. */
export const alternateLevel = {
	/** A file of that path: something to search in. */
	basis: 1,
	/** Its content, or target. */
	content: 2,
	/** Also its owner, mode and time. */
	exact: 3,
} as const;

export type Alternate = {
	readonly level: number;
	/** Number of the directory, and where that has the entry. */
	readonly directory: number;
	readonly index: number;
};

export class Alternates {
	readonly kind: AlternateKind;
	/** The directories that are there, in the order given. */
	readonly roots: readonly DirHandle[];
	readonly presents: Present[] = [];
	readonly #tree: TreeIo;
	/** With `checksum`: of each directory, which of its files have the content of their entries. */
	readonly #equal: Set<number>[] = [];
	#given: AlternatesOptions | undefined;

	private constructor(kind: AlternateKind, tree: TreeIo, roots: readonly DirHandle[]) {
		this.kind = kind;
		this.#tree = tree;
		this.roots = roots;
	}

	/** A directory that is not there is no error, as with rsync: it is told. */
	static open(
		tree: TreeIo,
		{kind, directories}: NonNullable<PlanOptions['alternates']>,
		problems: ProblemList,
	): Alternates {
		const roots: DirHandle[] = [];
		for (const directory of directories) {
			try {
				roots.push(tree.openRoot(directory));
			} catch (error) {
				if (!(error instanceof ShoalError)) throw error;
				const path = new TextEncoder().encode(directory);
				problems.notice(error.code, path, `not used by --${kind}-dest: ${error.message}`);
			}
		}
		return new Alternates(kind, tree, roots);
	}

	/** Looks at the paths of all files and symlinks of the image. */
	async look(given: AlternatesOptions): Promise<void> {
		const {pool, image, options, task} = given;
		this.#given = given;
		const paths = new OctetPool();
		const entries = image.entries();
		while (entries.next()) {
			const {type} = entries.entry;
			if (type === entryType.file || type === entryType.symlink) paths.add(entries.path);
		}
		const packed = paths.packed();
		for (const [number, root] of this.roots.entries()) {
			const present = await task.run({kind: 'survey', unit: 'entries'}, survey =>
				surveyPaths(pool, root, packed, survey.order),
			);
			this.presents.push(present);
			this.#equal.push(new Set());
			if (options.checksum) await this.#hash(number, given);
		}
	}

	/** The best that any of them has: of equals the first, as rsync chooses. */
	find(entry: Cursor, path: Uint8Array, content: Cursor): Alternate | undefined {
		let best: Alternate | undefined;
		for (const [directory, present] of this.presents.entries()) {
			const index = present.find(path);
			if (index < 0 || present.stat.type[index] !== entry.type) continue;
			const level = this.#level(directory, index, entry, content);
			if (best === undefined || level > best.level) best = {level, directory, index};
			if (level === alternateLevel.exact) break;
		}
		return best;
	}

	/**
	 * What is just so in a directory that DEST is compared with has no place in DEST. A symlink is
	 * looked for there only if DEST has nothing in its place, as rsync does.
	 */
	spares({type}: Cursor, {level}: Alternate, present: number): boolean {
		if (this.kind !== 'compare' || level < alternateLevel.exact) return false;
		return present < 0 || type === entryType.file;
	}

	/** Whether a file of DEST gives way to a further name of the one that is just so. */
	relinks({level, directory, index}: Alternate, stat: StatColumns, present: number): boolean {
		if (this.kind !== 'link' || level < alternateLevel.exact || present < 0) return false;
		const there = this.presents[directory]!.stat;
		if (stat.type[present] !== entryType.file || there.type[index] !== entryType.file) return false;
		return stat.ino[present] !== there.ino[index] || stat.dev[present] !== there.dev[index];
	}

	/** Content for a file that DEST lacks; true: not content, but a file to search in. */
	give(table: ChangeTable, row: number, alternate: Alternate, path: Uint8Array): boolean {
		const {level, directory, index} = alternate;
		const {columns} = table;
		if (columns.type[row] !== entryType.file || columns.content[row] !== contentFrom.source) {
			return false;
		}
		if (columns.existing[row] === existing.file) return false;
		if (level < alternateLevel.content) return this.presents[directory]!.stat.size[index]! > 0;
		const isLinked = this.kind === 'link' && level === alternateLevel.exact;
		columns.content[row] = isLinked ? contentFrom.linked : contentFrom.copy;
		table.setSource(row, path, directory + 1);
		return false;
	}

	close(): void {
		for (const root of this.roots) this.#tree.closeDir(root);
	}

	#level(directory: number, index: number, entry: Cursor, content: Cursor): number {
		const {options, owners} = this.#given!;
		const present = this.presents[directory]!;
		const isSame =
			entry.type === entryType.symlink
				? equalOctets(entry.target, present.target(index))
				: this.#hasContent(directory, index, content);
		if (!isSame) return alternateLevel.basis;
		const wanted = attributesOf(entry, index, present.stat, options, owners);
		const details = metadataDetails(entry, present, index, wanted, options);
		return details === 0 ? alternateLevel.exact : alternateLevel.content;
	}

	/** rsync's quick check. What is copied is held against its digest all the same. */
	#hasContent(directory: number, index: number, content: Cursor): boolean {
		const {checksum, ignoreTimes, sizeOnly} = this.#given!.options;
		const {stat} = this.presents[directory]!;
		if (content.size !== stat.size[index]) return false;
		if (checksum) return content.size === 0 || this.#equal[directory]!.has(index);
		return !ignoreTimes && (sizeOnly || sameTime(content, stat, index));
	}

	async #hash(number: number, {pool, image, task}: AlternatesOptions): Promise<void> {
		const present = this.presents[number]!;
		const wanted = new Map<number, Uint8Array>();
		const entries = image.entries();
		while (entries.next()) {
			const {entry, path} = entries;
			if (entry.type !== entryType.file || entry.size === 0) continue;
			const index = present.find(path);
			if (index < 0 || present.stat.type[index] !== entryType.file) continue;
			if (present.stat.size[index] === entry.size) wanted.set(index, entry.digest.slice());
		}
		const indexes = Uint32Array.from(wanted.keys()).sort();
		const root = this.roots[number]!;
		const onDigest = (index: number, digest: Uint8Array): void => {
			if (equalOctets(digest, wanted.get(index)!)) this.#equal[number]!.add(index);
		};
		await task.run({kind: 'hash'}, hash =>
			hashPresent({pool, root, present, indexes, task: hash, onDigest}),
		);
	}
}
