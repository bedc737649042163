/**
 * Hard links while a list is validated: the first path of each group stands in a flat table, and
 * further names are held against it. README.md §2. First paths are found by their SHA-256, so
 * that no choice of paths makes a validation slow: halving costs a hostile list's long common
 * prefixes twenty times over, and weaker hashes can be made to collide.
 */
import type {Sha256} from '../platform/crypto.ts';
import {formFlag} from './entry-form.ts';
import type {EntryReader} from './entry-reader.ts';

const firstCapacity = 16;
/** Numbers kept of a first path: its kind, size, mtime (two), device. */
const factCount = 5;

export class LinkGroups {
	readonly #sha256: Sha256;
	#count = 0;
	/** Path, then mode, owner, group and target of each first path; two ends for each. */
	#octets = new Uint8Array(firstCapacity * 128);
	#ends = new Float64Array(firstCapacity * 2);
	#facts = new Float64Array(firstCapacity * factCount);
	/** Names of the group that have not come yet. */
	#missing = new Float64Array(firstCapacity);
	#missingSum = 0;
	/** 1 + index; 0: free. */
	#slots = new Uint32Array(firstCapacity * 2);
	/** The first 32 bits of each first path's hash. */
	#hashes = new Uint32Array(firstCapacity);

	constructor(sha256: Sha256) {
		this.#sha256 = sha256;
	}

	/** Whether every group has as many names as its first path says. */
	get complete(): boolean {
		return this.#missingSum === 0;
	}

	/** Takes the first path of a group. */
	addFirst(entry: EntryReader): void {
		const index = this.#count++;
		const common = commonOctets(entry);
		const start = this.#start(index);
		const pathEnd = start + entry.pathSize;
		this.#reserve(pathEnd + common.reduce((sum, part) => sum + part.length, 0));
		this.#octets.set(entry.path, start);
		let end = pathEnd;
		for (const part of common) {
			this.#octets.set(part, end);
			end += part.length;
		}
		this.#ends[index * 2] = pathEnd;
		this.#ends[index * 2 + 1] = end;
		this.#facts.set(factsOf(entry), index * factCount);
		this.#missing[index] = entry.linkCount - 1;
		this.#missingSum += entry.linkCount - 1;
		this.#hashes[index] = this.#hashOf(entry.path);
		this.#place(index);
	}

	/** Takes a further name; false if there is no such group, or it is another kind of entry. */
	addFurther(entry: EntryReader): boolean {
		const index = this.#find(entry.link);
		if (index === undefined || this.#missing[index] === 0) return false;
		const facts = factsOf(entry);
		for (let fact = 0; fact < factCount; fact++) {
			if (facts[fact] !== this.#facts[index * factCount + fact]) return false;
		}
		let at = this.#ends[index * 2]!;
		for (const part of commonOctets(entry)) {
			for (const octet of part) if (octet !== this.#octets[at++]) return false;
		}
		if (at !== this.#ends[index * 2 + 1]) return false;
		this.#missing[index]!--;
		this.#missingSum--;
		return true;
	}

	#start(index: number): number {
		return index === 0 ? 0 : this.#ends[index * 2 - 1]!;
	}

	#find(path: Uint8Array): number | undefined {
		const slots = this.#slots;
		const hash = this.#hashOf(path);
		for (let at = hash & (slots.length - 1); ; at = (at + 1) & (slots.length - 1)) {
			const index = slots[at]! - 1;
			if (index < 0) return undefined;
			if (this.#hashes[index] === hash && this.#isPath(index, path)) return index;
		}
	}

	#place(index: number): void {
		const slots = this.#slots;
		let at = this.#hashes[index]! & (slots.length - 1);
		while (slots[at] !== 0) at = (at + 1) & (slots.length - 1);
		slots[at] = index + 1;
	}

	#hashOf(path: Uint8Array): number {
		const [a, b, c, d] = this.#sha256(path);
		return ((a! << 24) | (b! << 16) | (c! << 8) | d!) >>> 0;
	}

	#isPath(index: number, path: Uint8Array): boolean {
		const start = this.#start(index);
		if (this.#ends[index * 2]! - start !== path.length) return false;
		for (let at = 0; at < path.length; at++) {
			if (this.#octets[start + at] !== path[at]) return false;
		}
		return true;
	}

	#reserve(octetsSize: number): void {
		if (octetsSize > this.#octets.length) {
			const octets = new Uint8Array(Math.max(octetsSize, this.#octets.length * 2));
			octets.set(this.#octets);
			this.#octets = octets;
		}
		if (this.#count <= this.#missing.length) return;
		this.#ends = doubled(this.#ends);
		this.#facts = doubled(this.#facts);
		this.#missing = doubled(this.#missing);
		const hashes = new Uint32Array(this.#hashes.length * 2);
		hashes.set(this.#hashes);
		this.#hashes = hashes;
		this.#slots = new Uint32Array(this.#slots.length * 2);
		for (let index = 0; index < this.#count - 1; index++) this.#place(index);
	}
}

function doubled(from: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
	const to = new Float64Array(from.length * 2);
	to.set(from);
	return to;
}

function factsOf(entry: EntryReader): number[] {
	const kind = entry.type * 2 + (entry.form & formFlag.xattr ? 1 : 0);
	return [kind, entry.size, entry.mtimeSec, entry.mtimeNsec, entry.device];
}

/** What all names of a group have in common, as octets; lengths stand within. */
function commonOctets(entry: EntryReader): Uint8Array[] {
	return [entry.ownership, entry.target, entry.xattr];
}
