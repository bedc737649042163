/**
 * What the file log knows, flat: one row a record in columns, found by file (device and inode) or
 * by content digest through two open-addressing tables of row numbers. About 150 octets a file.
 */
import {digestSize} from '../limit.ts';
import type {StatIdentity} from '../platform/tree.ts';

export type FileRow = {
	readonly stat: StatIdentity;
	readonly hashedAtMs: number;
	/** Where the record's body begins in the log, and the octets of its parts. */
	readonly bodyOffset: number;
	readonly leavesSize: number;
	readonly sumsSize: number;
	readonly bodyCrc: number;
};

const rowsAtFirst = 1024;

export class FileTable {
	/** Rows, superseded ones included. */
	count = 0;
	/** Rows that a later one of the same file has taken the place of. */
	deadCount = 0;
	#digests = new Uint8Array(rowsAtFirst * digestSize);
	#ino = new BigUint64Array(rowsAtFirst);
	#dev = new BigUint64Array(rowsAtFirst);
	/** size, mtimeSec, ctimeSec, hashedAtMs, bodyOffset, leavesSize, sumsSize. */
	#numbers = new Float64Array(rowsAtFirst * numbersPerRow);
	/** mtimeNsec, ctimeNsec, bodyCrc. */
	#words = new Uint32Array(rowsAtFirst * wordsPerRow);
	/** 1 + row; 0: free. */
	#byFile = new Uint32Array(rowsAtFirst * 2);
	#byDigest = new Uint32Array(rowsAtFirst * 2);

	/** The newest row of the file that `stat` is of; -1: none. */
	findFile(stat: Pick<StatIdentity, 'ino' | 'dev'>): number {
		const slots = this.#byFile;
		for (let at = hashFile(stat.ino, stat.dev) & (slots.length - 1); ; at = next(at, slots)) {
			const row = slots[at]! - 1;
			if (row < 0) return -1;
			if (this.#ino[row] === stat.ino && this.#dev[row] === stat.dev) return row;
		}
	}

	/** A row with that content digest; -1: none. */
	findDigest(digest: Uint8Array): number {
		const slots = this.#byDigest;
		for (let at = hashDigest(digest, 0) & (slots.length - 1); ; at = next(at, slots)) {
			const row = slots[at]! - 1;
			if (row < 0) return -1;
			if (this.#hasDigest(row, digest)) return row;
		}
	}

	/** Whether the row is of exactly this file, unchanged, and was hashed when that was certain. */
	isTrusted(row: number, stat: StatIdentity): boolean {
		const at = row * numbersPerRow;
		const numbers = this.#numbers;
		const words = this.#words;
		const hashedAtMs = numbers[at + 3]!;
		return (
			numbers[at] === stat.size &&
			numbers[at + 1] === stat.mtimeSec &&
			numbers[at + 2] === stat.ctimeSec &&
			words[row * wordsPerRow] === stat.mtimeNsec &&
			words[row * wordsPerRow + 1] === stat.ctimeNsec &&
			this.#ino[row] === stat.ino &&
			this.#dev[row] === stat.dev &&
			Math.max(stat.mtimeSec, stat.ctimeSec) * 1000 + guardMs <= hashedAtMs
		);
	}

	/** A view, valid until the next `add`. */
	digest(row: number): Uint8Array {
		return this.#digests.subarray(row * digestSize, (row + 1) * digestSize);
	}

	row(row: number): FileRow {
		const at = row * numbersPerRow;
		const numbers = this.#numbers;
		const word = row * wordsPerRow;
		return {
			stat: {
				ino: this.#ino[row]!,
				dev: this.#dev[row]!,
				size: numbers[at]!,
				mtimeSec: numbers[at + 1]!,
				mtimeNsec: this.#words[word]!,
				ctimeSec: numbers[at + 2]!,
				ctimeNsec: this.#words[word + 1]!,
			},
			hashedAtMs: numbers[at + 3]!,
			bodyOffset: numbers[at + 4]!,
			leavesSize: numbers[at + 5]!,
			sumsSize: numbers[at + 6]!,
			bodyCrc: this.#words[word + 2]!,
		};
	}

	add({stat, hashedAtMs, bodyOffset, leavesSize, sumsSize, bodyCrc}: FileRow, digest: Uint8Array) {
		if (this.count * numbersPerRow === this.#numbers.length) this.#grow();
		const row = this.count++;
		this.#ino[row] = stat.ino;
		this.#dev[row] = stat.dev;
		this.#numbers.set(
			[stat.size, stat.mtimeSec, stat.ctimeSec, hashedAtMs, bodyOffset, leavesSize, sumsSize],
			row * numbersPerRow,
		);
		this.#words.set([stat.mtimeNsec, stat.ctimeNsec, bodyCrc], row * wordsPerRow);
		this.#digests.set(digest, row * digestSize);
		this.#index(row);
	}

	/** Rows that are the newest of their file, oldest first. */
	*live(): Generator<number> {
		for (let row = 0; row < this.count; row++) {
			if (this.findFile({ino: this.#ino[row]!, dev: this.#dev[row]!}) === row) yield row;
		}
	}

	#index(row: number): void {
		const files = this.#byFile;
		const ino = this.#ino[row]!;
		const dev = this.#dev[row]!;
		let at = hashFile(ino, dev) & (files.length - 1);
		for (; files[at] !== 0; at = next(at, files)) {
			const other = files[at]! - 1;
			if (this.#ino[other] !== ino || this.#dev[other] !== dev) continue;
			this.deadCount++;
			break;
		}
		files[at] = row + 1;
		const digests = this.#byDigest;
		const digest = this.digest(row);
		at = hashDigest(digest, 0) & (digests.length - 1);
		while (digests[at] !== 0 && !this.#hasDigest(digests[at]! - 1, digest)) {
			at = next(at, digests);
		}
		digests[at] = row + 1;
	}

	#hasDigest(row: number, digest: Uint8Array): boolean {
		const at = row * digestSize;
		for (let index = 0; index < digestSize; index++) {
			if (this.#digests[at + index] !== digest[index]) return false;
		}
		return true;
	}

	#grow(): void {
		const rows = this.count * 2;
		this.#digests = grown(this.#digests, new Uint8Array(rows * digestSize));
		this.#numbers = grown(this.#numbers, new Float64Array(rows * numbersPerRow));
		this.#words = grown(this.#words, new Uint32Array(rows * wordsPerRow));
		const ino = new BigUint64Array(rows);
		ino.set(this.#ino);
		this.#ino = ino;
		const dev = new BigUint64Array(rows);
		dev.set(this.#dev);
		this.#dev = dev;
		this.#byFile = new Uint32Array(rows * 2);
		this.#byDigest = new Uint32Array(rows * 2);
		this.deadCount = 0;
		for (let row = 0; row < this.count; row++) this.#index(row);
	}
}

/** A file modified so shortly before it was hashed may have been modified again unseen. */
const guardMs = 2000 + 1000;

const numbersPerRow = 7;
const wordsPerRow = 3;

function grown<T extends Uint8Array | Float64Array | Uint32Array>(from: T, to: T): T {
	to.set(from);
	return to;
}

function hashFile(ino: bigint, dev: bigint): number {
	const low = Number(ino & 0xffff_ffffn);
	const high = Number((ino >> 32n) ^ dev) | 0;
	return Math.imul(low ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1) >>> 7;
}

/** A digest is uniform: its first octets are as good as any hash. */
function hashDigest(digest: Uint8Array, at: number): number {
	return digest[at]! | (digest[at + 1]! << 8) | (digest[at + 2]! << 16) | (digest[at + 3]! << 24);
}

function next(at: number, slots: Uint32Array): number {
	return (at + 1) & (slots.length - 1);
}
