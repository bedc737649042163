/**
 * The snapshots that were taken of a tree: the newest ones with their lists, the diffs between
 * them, and the order in which they came. The head record is written last, so whatever is killed
 * when, it names only what is there.
 */

import {assert} from '../assert.ts';
import {ShoalError} from '../error.ts';
import {toHex} from '../hex.ts';
import {digestSize} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import {makeDiff} from '../snapshot/diff.ts';
import {List} from '../snapshot/list.ts';
import {equalOctets} from '../snapshot/path.ts';
import {listRoot} from '../snapshot/validate.ts';
import {Reader, Writer} from '../wire/codec.ts';
import type {StateDir} from './state-dir.ts';

/** One snapshot of the history. */
export type Saved = {
	/** Rises with every change of the tree; Unix milliseconds where that is more. */
	readonly sequence: number;
	readonly root: Uint8Array;
};

/** A list that was made here. */
export type Made = Pick<List, 'root' | 'bytes'>;

type Diff = {readonly from: Uint8Array; readonly octets: Uint8Array};

/** Snapshots kept, the newest one included: as many diffs as one head frame can name, and one. */
export const historyMax = 9;

/** How much of the history is kept; the newest snapshot always is. */
export type KeepLimits = {
	/** Snapshots, at most `historyMax`, which is the default. */
	readonly count?: number | undefined;
	/** By the age of the snapshot that came after: then nobody has had it for so long. */
	readonly ageMs?: number | undefined;
};

/** So many octets of diffs are kept however small the list is. */
const smallSize = 65_536;

const headVersion = 1;
const ownPlace: HistoryPlace = {prefix: '', keepsLists: true};
/** What a history keeps beside its head. */
const historyFile = /^[0-9a-f]{64}(-[0-9a-f]{64}\.diff|\.list)$/;

/** Where a history is kept. */
export type HistoryPlace = {
	/** Of the names of its files: several histories may share a directory. */
	readonly prefix: string;
	/** False: somebody else keeps the lists. */
	readonly keepsLists: boolean;
};

export class Snapshots {
	readonly #state: StateDir;
	readonly #sha256: Sha256;
	readonly #prefix: string;
	readonly #keepsLists: boolean;

	/** Default: the history of what was taken of the tree here. */
	constructor(state: StateDir, {prefix, keepsLists}: HistoryPlace = ownPlace) {
		this.#state = state;
		this.#sha256 = state.platform.sha256;
		this.#prefix = prefix;
		this.#keepsLists = keepsLists;
	}

	/** Newest first; empty before the first snapshot. @throws ShoalError STORE_CORRUPT */
	history(): readonly Saved[] {
		const octets = this.#state.readRecord(this.#headName);
		if (octets === undefined) return [];
		const from = new Reader(octets);
		const version = from.u8();
		const count = from.varint();
		const saved: Saved[] = [];
		for (let index = 0; index < count && index < historyMax && !from.failed; index++) {
			saved.push({sequence: from.varint(), root: from.take(digestSize).slice()});
		}
		if (version !== headVersion || from.failed) {
			throw new ShoalError('STORE_CORRUPT', `${this.#state.path}/${this.#headName} is damaged`);
		}
		return saved;
	}

	/** The list of a snapshot of the history, validated whole. @throws ShoalError STORE_CORRUPT */
	list({root}: Saved): List {
		const name = this.#listName(root);
		const octets = this.#state.readFile(name);
		const list = octets === undefined ? {problem: 'it is gone'} : List.open(octets, this.#sha256);
		if (!(list instanceof List)) {
			throw new ShoalError('STORE_CORRUPT', `${this.#state.path}/${name}: ${list.problem}`);
		}
		if (list.root.some((octet, index) => octet !== root[index])) {
			throw new ShoalError('STORE_CORRUPT', `${this.#state.path}/${name} is another list`);
		}
		return list;
	}

	/** Whether `bytes` are the list of a snapshot of the history, and it is kept whole. */
	holds({root}: Saved, bytes: Uint8Array): boolean {
		const name = this.#listName(root);
		if (this.#state.sizeOf(name) !== bytes.length) return false;
		if (!equalOctets(listRoot(bytes, this.#sha256), root)) return false;
		const kept = this.#state.readFile(name);
		return kept !== undefined && equalFiles(kept, bytes);
	}

	/**
	 * Notes, in octets of the caller's, of what the newest snapshot was made, whose list is `bytes`.
	 * It only saves work: where it cannot be written, there is none.
	 */
	mark(bytes: Uint8Array, noted: Uint8Array): void {
		try {
			this.#state.writeFile(this.#markName, this.#sha256(bytes), noted);
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			this.unmark();
		}
	}

	/** Nothing is known of it any more. */
	unmark(): void {
		this.#state.removeRecord(this.#markName);
	}

	/** What was noted, if anything; it may be damaged. */
	noted(): Uint8Array | undefined {
		return this.#state.readFile(this.#markName)?.subarray(digestSize);
	}

	/** The newest snapshot with the octets of its list, if they are as when it was marked. */
	marked(): {saved: Saved; bytes: Uint8Array} | undefined {
		const digest = this.#state.readFile(this.#markName)?.subarray(0, digestSize);
		const [saved] = this.history();
		const bytes = saved && this.#state.readFile(this.#listName(saved.root));
		if (digest === undefined || saved === undefined || bytes === undefined) return undefined;
		return equalOctets(this.#sha256(bytes), digest) ? {saved, bytes} : undefined;
	}

	/** The diff between two neighbours of the history; undefined when it is not kept. */
	diff(from: Saved, to: Saved): Uint8Array | undefined {
		return this.#state.readFile(this.#diffName(from.root, to.root));
	}

	/**
	 * Saves `list` as the newest snapshot, with the diff from the one before. A list with the root
	 * of the newest one is that snapshot: nothing is written, unless its list was lost. `before` is
	 * the newest one's list, undefined when it could not be read.
	 */
	save(list: List, before: List | undefined, wallMs: number, keep: KeepLimits = {}): Saved {
		const history = this.history();
		const [newest] = history;
		if (newest !== undefined && isSame(newest.root, list.root)) {
			if (before === undefined) this.#writeList(list);
			return newest;
		}
		const saved = nextOf(newest, list.root, wallMs);
		this.#add(saved, history, list, diffTo(list, before), keep, wallMs);
		return saved;
	}

	/** As `save` of a list that is not the newest one, from which `diff` leads to it. */
	saveNext(list: Made, diff: Uint8Array, wallMs: number, keep: KeepLimits = {}): Saved {
		const history = this.history();
		const [newest] = history;
		assert(newest !== undefined && !isSame(newest.root, list.root), 'another list');
		const saved = nextOf(newest, list.root, wallMs);
		this.#add(saved, history, list, {from: newest.root, octets: diff}, keep, wallMs);
		return saved;
	}

	/**
	 * Saves `list` as the newest snapshot under the number that its source gave it. `before` is the
	 * list that was here; what came before one with a higher number is another story.
	 */
	follow(list: List, before: List | undefined, sequence: number): void {
		const saved = {sequence, root: list.root};
		const [newest, ...older] = this.history();
		if (newest !== undefined && newest.sequence === sequence && isSame(newest.root, list.root)) {
			return;
		}
		const isNext =
			newest !== undefined &&
			newest.sequence < sequence &&
			before !== undefined &&
			isSame(newest.root, before.root) &&
			!isSame(newest.root, list.root);
		const diff = isNext ? diffTo(list, before) : undefined;
		if (isNext) this.#add(saved, [newest, ...older], list, diff, {}, sequence);
		else this.#add(saved, [], list, undefined, {}, sequence);
	}

	#add(
		saved: Saved,
		history: readonly Saved[],
		list: Made,
		diff: Diff | undefined,
		keep: KeepLimits,
		wallMs: number,
	): void {
		this.#writeList(list);
		if (diff !== undefined) {
			this.#state.writeFile(this.#diffName(diff.from, list.root), diff.octets);
		}
		const kept = this.#worthKeeping([saved, ...history], list.bytes.length, wallMs, keep);
		this.#state.writeRecord(this.#headName, encodeHead(kept));
		this.#prune(kept);
	}

	#writeList(list: Made): void {
		if (this.#keepsLists) this.#state.writeFile(this.#listName(list.root), list.bytes);
	}

	/**
	 * The newest of them, within the limits. Who is so far behind that the diffs are larger than the
	 * list fetches the list, so those are of no use. What a running source offers is in its memory,
	 * and stays there until it offers something newer.
	 */
	#worthKeeping(
		history: readonly Saved[],
		listSize: number,
		wallMs: number,
		{count = historyMax, ageMs = Infinity}: KeepLimits,
	): readonly Saved[] {
		let size = 0;
		let length = 1;
		for (; length < Math.min(count, historyMax, history.length); length++) {
			const [older, newer] = [history[length]!, history[length - 1]!];
			size += this.#state.sizeOf(this.#diffName(older.root, newer.root)) ?? 0;
			if (size > Math.max(listSize, smallSize) || wallMs - newer.sequence > ageMs) break;
		}
		return history.slice(0, length);
	}

	/** Removes lists but the newest two, and diffs, that nothing in `kept` needs. */
	#prune(kept: readonly Saved[]): void {
		const {tree} = this.#state.platform;
		// Of the one before, too: a source that begins to read it as this is written finds it.
		const needed = new Set(kept.slice(0, 2).map(({root}) => this.#listName(root)));
		for (let index = 1; index < kept.length; index++) {
			needed.add(this.#diffName(kept[index]!.root, kept[index - 1]!.root));
		}
		for (const octets of tree.list(this.#state.handle)) {
			const name = new TextDecoder().decode(octets);
			if (!name.startsWith(this.#prefix)) continue;
			if (!historyFile.test(name.slice(this.#prefix.length))) continue;
			if (!needed.has(name)) tree.unlink(this.#state.handle, octets);
		}
	}

	get #headName(): string {
		return `${this.#prefix}head`;
	}

	get #markName(): string {
		return `${this.#prefix}mark`;
	}

	#listName(root: Uint8Array): string {
		return `${this.#prefix}${toHex(root)}.list`;
	}

	#diffName(from: Uint8Array, to: Uint8Array): string {
		return `${this.#prefix}${toHex(from)}-${toHex(to)}.diff`;
	}
}

function nextOf(newest: Saved | undefined, root: Uint8Array, wallMs: number): Saved {
	return {sequence: Math.max((newest?.sequence ?? 0) + 1, wallMs), root};
}

function diffTo(list: List, before: List | undefined): Diff | undefined {
	return before && {from: before.root, octets: makeDiff(before, list)};
}

function encodeHead(kept: readonly Saved[]): Uint8Array {
	const to = new Writer(new Uint8Array(2 + historyMax * (8 + digestSize)));
	to.u8(headVersion);
	to.varint(kept.length);
	for (const {sequence, root} of kept) {
		to.varint(sequence);
		to.put(root);
	}
	return to.written();
}

/** As `equalOctets`, four at a time: tens of megabytes. Both begin their buffers. */
function equalFiles(a: Uint8Array, b: Uint8Array): boolean {
	if (a.length !== b.length) return false;
	const count = a.length >>> 2;
	const words = new Uint32Array(a.buffer, a.byteOffset, count);
	const others = new Uint32Array(b.buffer, b.byteOffset, count);
	for (let index = 0; index < count; index++) if (words[index] !== others[index]) return false;
	return equalOctets(a.subarray(count * 4), b.subarray(count * 4));
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
	return a.every((octet, index) => octet === b[index]);
}
