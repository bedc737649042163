/** The rows of one page as they are read: form, mode and owners, once for many entries. */
import type {EntryType} from './entry.ts';
import {idMax, isValidForm, modeMax, ownerSizeMax} from './entry-form.ts';

/** Type and form: what stands in a row before that which hard links have in common. */
const formSize = 2;

/** Where rows are read from: EntryReader. */
type Octets = {
	readonly bytes: Uint8Array;
	readonly failed: boolean;
	offset: number;
	varint(): number;
	/** Passes over octets and answers where they begin. */
	skip(size: number): number;
};

export class RowTable {
	count = 0;
	readonly types: EntryType[] = [];
	readonly forms: number[] = [];
	readonly modes: number[] = [];
	readonly uids: number[] = [];
	readonly gids: number[] = [];
	/** Places of each row: where it begins, the length of either name, where it ends. */
	readonly #offsets: number[] = [];
	readonly #owners: number[] = [];
	readonly #groups: number[] = [];
	readonly #ends: number[] = [];
	readonly #keys = new Set<string>();

	clear(): void {
		this.count = 0;
		this.#keys.clear();
	}

	/** Takes the next row; false if it is malformed, or there already. */
	read(from: Octets): boolean {
		const {bytes, offset} = from;
		if (from.skip(4) !== offset || from.failed) return false;
		const row = this.count;
		const mode = (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
		if (!isValidForm(bytes[offset]!, bytes[offset + 1]!) || mode > modeMax) return false;
		const uid = from.varint();
		const gid = from.varint();
		if (uid > idMax || gid > idMax) return false;
		this.#owners[row] = from.offset;
		if (!skipName(from)) return false;
		this.#groups[row] = from.offset;
		if (!skipName(from)) return false;
		const key = String.fromCharCode(...bytes.subarray(offset, from.offset));
		if (this.#keys.has(key)) return false;
		this.#keys.add(key);
		this.#offsets[row] = offset;
		this.#ends[row] = from.offset;
		this.types[row] = bytes[offset]! as EntryType;
		this.forms[row] = bytes[offset + 1]!;
		this.modes[row] = mode;
		this.uids[row] = uid;
		this.gids[row] = gid;
		this.count = row + 1;
		return true;
	}

	/** Name of the owner: a view of the octets that the rows were read from. */
	owner(row: number, bytes: Uint8Array): Uint8Array {
		const offset = this.#owners[row]!;
		return bytes.subarray(offset + lengthSize(bytes, offset), this.#groups[row]);
	}

	group(row: number, bytes: Uint8Array): Uint8Array {
		const offset = this.#groups[row]!;
		return bytes.subarray(offset + lengthSize(bytes, offset), this.#ends[row]);
	}

	/** Mode, owner and group as they stand: a view. */
	ownership(row: number, bytes: Uint8Array): Uint8Array {
		return bytes.subarray(this.#offsets[row]! + formSize, this.#ends[row]);
	}

	/** Whether two rows, of tables read from the octets given, say the same. */
	isSame(
		row: number,
		bytes: Uint8Array,
		other: RowTable,
		otherRow: number,
		otherBytes: Uint8Array,
	): boolean {
		const offset = this.#offsets[row]!;
		const otherOffset = other.#offsets[otherRow]!;
		const size = this.#ends[row]! - offset;
		if (size !== other.#ends[otherRow]! - otherOffset) return false;
		for (let at = 0; at < size; at++) {
			if (bytes[offset + at] !== otherBytes[otherOffset + at]) return false;
		}
		return true;
	}
}

function skipName(from: Octets): boolean {
	const size = from.varint();
	if (size > ownerSizeMax) return false;
	const offset = from.skip(size);
	return !from.failed && !hasZero(from.bytes, offset, size);
}

export function hasZero(bytes: Uint8Array, offset: number, size: number): boolean {
	for (let at = offset; at < offset + size; at++) if (bytes[at] === 0) return true;
	return false;
}

/** Octets that the length of a name takes: it is at most `ownerSizeMax`. */
function lengthSize(bytes: Uint8Array, offset: number): number {
	return bytes[offset]! < 0x40 ? 1 : 2;
}
