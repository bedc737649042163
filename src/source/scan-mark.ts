/**
 * Digests of all that a list is made of, without making it: of what a scan found, some entries at a
 * time, with the names of their owners, and of the state of the file log. If scan and log are as
 * they were when everything in the one was found in the other, the list is the one that was made
 * then.
 */

import {concatenate} from '../concatenate.ts';
import {toHex} from '../hex.ts';
import {digestSize} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import type {OwnerNames} from '../platform/owner.ts';
import {equalOctets} from '../snapshot/path.ts';
import type {FileLog} from '../store/file-log.ts';
import {octetsOf} from '../task/scan-columns.ts';
import type {Stretch} from '../task/scan-table.ts';

/** Rises when a list that is made of the same scan becomes another one. */
const version = 1;

const encoder = new TextEncoder();

export class ScanMark {
	readonly #owners: OwnerNames;
	readonly #sha256: Sha256;
	readonly #files: FileLog;

	/** The log is taken as it is when digests are made. */
	constructor(owners: OwnerNames, sha256: Sha256, files: FileLog) {
		this.#owners = owners;
		this.#sha256 = sha256;
		this.#files = files;
	}

	/** The digests, one after another. */
	*of(stretches: Iterable<Stretch>): Generator<void, Uint8Array> {
		const digests: Uint8Array[] = [];
		for (const digest of this.#digests(stretches)) {
			digests.push(digest);
			yield;
		}
		return concatenate(digests);
	}

	/** Whether the digests are these: looks no further than the first that is not. */
	*compare(noted: Uint8Array, stretches: Iterable<Stretch>): Generator<void, boolean> {
		let at = 0;
		for (const digest of this.#digests(stretches)) {
			if (!equalOctets(noted.subarray(at, at + digestSize), digest)) return false;
			at += digestSize;
			yield;
		}
		return at === noted.length;
	}

	*#digests(stretches: Iterable<Stretch>): Generator<Uint8Array> {
		yield this.#sha256(encoder.encode(`${version} ${this.#files.extent}`));
		for (const {columns, count} of stretches) {
			const users = namesOf(columns.uid, count, number => this.#owners.user(number));
			const groups = namesOf(columns.gid, count, number => this.#owners.group(number));
			const parts = octetsOf(columns, count);
			const sizes = parts.map(({length}) => length);
			const head = encoder.encode(JSON.stringify([count, sizes, users, groups]));
			yield this.#sha256(head, ...parts);
		}
	}
}

/** Each number once, as it comes, with its name in hexadecimal digits. */
function namesOf(
	numbers: Uint32Array,
	count: number,
	nameOf: (number: number) => Uint8Array | undefined,
): (readonly [number, string?])[] {
	const seen = new Set<number>();
	for (let index = 0; index < count; index++) {
		if (index === 0 || numbers[index] !== numbers[index - 1]) seen.add(numbers[index]!);
	}
	return Array.from(seen, number => {
		const name = nameOf(number);
		return name === undefined ? [number] : [number, toHex(name)];
	});
}
