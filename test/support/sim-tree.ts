/**
 * A published tree without files: a real list of entries of given sizes, and contents cut from one
 * random buffer, so that any range of any object is known without being stored.
 */
import type {Sha256} from '../../src/platform/crypto.ts';
import type {Ahead} from '../../src/receiver/ahead.ts';
import {clearIn, RequestQueue, type RowRequest} from '../../src/receiver/request-queue.ts';
import {entryType, makeEntry} from '../../src/snapshot/entry.ts';
import {List} from '../../src/snapshot/list.ts';
import {ListBuilder} from '../../src/snapshot/list-builder.ts';
import {leavesSize} from '../../src/snapshot/merkle.ts';
import {
	blankChange,
	ChangeTable,
	changeKind,
	contentFrom,
	noRow,
} from '../../src/task/change-table.ts';
import {type ObjectKind, objectKind} from '../../src/wire/frame.ts';
import {Prng} from './prng.ts';

const pattern = new Prng(0x5eed).bytes(1 << 17);

/** Files of one directory. */
const directorySize = 100;

export class SimTree {
	readonly list: List;
	/** By row: the files in path order. */
	readonly sizes: readonly number[];
	readonly contentBytes: number;
	readonly #rowOfPath = new Map<string, number>();
	readonly #rowOfDigest = new Map<string, number>();

	constructor(sizes: readonly number[], sha256: Sha256, prng: Prng) {
		this.sizes = sizes;
		this.contentBytes = sizes.reduce((sum, size) => sum + size, 0);
		const builder = new ListBuilder(sha256);
		builder.add(makeEntry({path: octets(''), type: entryType.directory}));
		sizes.forEach((size, row) => {
			const directory = `d${padded(Math.floor(row / directorySize), 3)}`;
			if (row % directorySize === 0) {
				builder.add(makeEntry({path: octets(directory), type: entryType.directory}));
			}
			const path = `${directory}/${padded(row, 5)}-${prng.next().toString(16)}.bin`;
			const digest = size === 0 ? sha256() : prng.bytes(32);
			this.#rowOfPath.set(path, row);
			this.#rowOfDigest.set(keyOf(digest), row);
			const mtimeSec = 1_600_000_000 + prng.below(1e8);
			const type = entryType.file;
			builder.add(makeEntry({path: octets(path), type, size, digest, mtimeSec}));
		});
		this.list = listOf(builder.finish(), sha256);
	}

	rowOfPath(path: Uint8Array): number {
		return this.#rowOfPath.get(new TextDecoder().decode(path))!;
	}

	/** The leaf hashes of the file with this digest. */
	leaves(digest: Uint8Array): Uint8Array | undefined {
		const row = this.#rowOfDigest.get(keyOf(digest));
		if (row === undefined) return undefined;
		const size = leavesSize(this.sizes[row]!);
		return this.octets(objectKind.leaves, row, 0, size);
	}

	/** A range of an object of row `row`; a view where the buffer has it in one piece. */
	octets(kind: ObjectKind, row: number, offset: number, length: number): Uint8Array {
		const start = (kind * 7919 + row * 1_299_709 + offset) % pattern.length;
		if (start + length <= pattern.length) return pattern.subarray(start, start + length);
		const whole = new Uint8Array(length);
		for (let at = 0; at < length; ) {
			const from = (start + at) % pattern.length;
			const size = Math.min(length - at, pattern.length - from);
			whole.set(pattern.subarray(from, from + size), at);
			at += size;
		}
		return whole;
	}
}

/** Asks for all contents of a list whose files are `tree`'s, as a pull does; less those `ahead`. */
export function requestsOf(list: List, tree: SimTree, ahead?: Ahead): RequestQueue {
	const table = new ChangeTable();
	const rows: number[] = [];
	const cursor = list.cursor();
	while (cursor.next()) {
		if (cursor.type !== entryType.file) continue;
		const row = table.add({
			...blankChange(),
			type: cursor.type,
			kind: changeKind.new,
			content: contentFrom.source,
			mode: cursor.mode,
			page: cursor.page,
			position: cursor.position,
			mtimeNsec: cursor.mtimeNsec,
			size: cursor.size,
			mtimeSec: cursor.mtimeSec,
			path: cursor.path,
			digest: cursor.digest,
		});
		if (tree.rowOfPath(cursor.path) !== row) throw new Error('the list is of another tree');
		if (cursor.size > 0) rows.push(row);
	}
	const unasked = ahead?.handOver(table, rows, new Set()) ?? {rows};
	return new RequestQueue({table, isClear: clearIn(list, table), ...unasked});
}

/** Checks what is handed over: right octets, each once, and in the end all of them. */
export class SimDestination {
	wrong: string | undefined;
	bytes = 0;
	refusedCount = 0;
	/** The session was dialled again: what was asked for and not done comes once more, whole. */
	mayRepeat = false;
	readonly #tree: SimTree;
	/** By kind and row: one octet for each that came. */
	readonly #seen = new Map<number, Uint8Array>();

	constructor(tree: SimTree) {
		this.#tree = tree;
	}

	block({kind, rows}: RowRequest, object: number, offset: number, data: Uint8Array): void {
		const row = rows[object] ?? noRow;
		if (row === noRow) {
			this.wrong ??= `octets of object ${object}, which was not asked for`;
			return;
		}
		const expected = this.#tree.octets(kind, row, offset, data.length);
		if (Buffer.compare(expected, data) !== 0) this.wrong ??= `octets of ${kind}/${row}`;
		let seen = this.#seen.get(row * 8 + kind);
		if (seen === undefined) {
			const size = this.#tree.sizes[row]!;
			seen = new Uint8Array(kind === objectKind.leaves ? leavesSize(size) : size);
			this.#seen.set(row * 8 + kind, seen);
		}
		const end = offset + data.length;
		const repeated = !this.mayRepeat && seen.subarray(offset, end).includes(1);
		if (end > seen.length || repeated) {
			this.wrong ??= `${kind}/${row} at ${offset} twice, or beyond its end`;
		}
		seen.fill(1, offset, end);
		this.bytes += data.length;
	}

	/** Every octet of every file has come. */
	get isWhole(): boolean {
		return this.#tree.sizes.every((size, row) => {
			if (size === 0) return true;
			const seen = this.#seen.get(row * 8 + objectKind.content);
			return seen !== undefined && !seen.includes(0);
		});
	}
}

function listOf(bytes: Uint8Array, sha256: Sha256): List {
	const list = List.open(bytes, sha256);
	if (list instanceof List) return list;
	throw new Error(list.problem);
}

function padded(value: number, width: number): string {
	return String(value).padStart(width, '0');
}

function keyOf(digest: Uint8Array): string {
	return Buffer.from(digest).toString('latin1');
}

function octets(text: string): Uint8Array {
	return new TextEncoder().encode(text);
}
