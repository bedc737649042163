/**
 * What a list was made of, noted so that the next scan tells what has to be made anew: digests of
 * all directories as they were found, the names of their owners, and the extent of the file log.
 * While the log and the names are as they were, a directory whose digest is noted is in the list
 * with the very entries that would be made of it again.
 */
import {concatenate} from '../concatenate.ts';
import {toHex} from '../hex.ts';
import {digestSize} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import type {OwnerNames} from '../platform/owner.ts';
import {equalOctets} from '../snapshot/path.ts';
import type {FileLog} from '../store/file-log.ts';
import type {TableBuilder} from '../task/scan-table.ts';
import {DigestSet} from './digest-set.ts';

/** Rises when a list that is made of the same scan becomes another one. */
const version = 2;

/** A digest of what follows, and the length of the words in it. */
const headSize = digestSize + 4;

const encoder = new TextEncoder();

/** Owners and groups by number, each with its name in hexadecimal digits if it has one. */
type Names = readonly (readonly [number, string?])[];
type Words = readonly [string, Names, Names];

export class ScanMark {
	readonly #owners: OwnerNames;
	readonly #sha256: Sha256;
	readonly #files: FileLog;

	constructor(owners: OwnerNames, sha256: Sha256, files: FileLog) {
		this.#owners = owners;
		this.#sha256 = sha256;
		this.#files = files;
	}

	/** Of the log as it is now; `digests` of those directories that have nothing uncertain. */
	encode({users, groups}: TableBuilder, digests: Uint8Array): Uint8Array {
		const words: Words = [this.#extent, this.#users(users), this.#groups(groups)];
		const octets = encoder.encode(JSON.stringify(words));
		const size = new Uint8Array(4);
		new DataView(size.buffer).setUint32(0, octets.length);
		return concatenate([this.#sha256(size, octets), size, octets, digests]);
	}

	/** The digests; undefined if it is damaged, or what is not in the digests has changed. */
	decode(noted: Uint8Array): DigestSet | undefined {
		if (noted.length < headSize) return undefined;
		const size = noted.subarray(digestSize, headSize);
		const end = headSize + new DataView(size.buffer, size.byteOffset).getUint32(0);
		const octets = noted.subarray(headSize, end);
		if (!equalOctets(this.#sha256(size, octets), noted.subarray(0, digestSize))) return undefined;
		const [extent, users, groups] = JSON.parse(new TextDecoder().decode(octets)) as Words;
		if (extent !== this.#extent) return undefined;
		const now = [this.#users(numbersOf(users)), this.#groups(numbersOf(groups))];
		if (JSON.stringify(now) !== JSON.stringify([users, groups])) return undefined;
		return new DigestSet(noted.subarray(end));
	}

	get #extent(): string {
		return `${version} ${this.#files.extent}`;
	}

	#users(numbers: Iterable<number>): Names {
		return namesOf(numbers, number => this.#owners.user(number));
	}

	#groups(numbers: Iterable<number>): Names {
		return namesOf(numbers, number => this.#owners.group(number));
	}
}

function namesOf(
	numbers: Iterable<number>,
	nameOf: (number: number) => Uint8Array | undefined,
): Names {
	return Array.from(numbers, number => {
		const name = nameOf(number);
		return name === undefined ? [number] : [number, toHex(name)];
	});
}

const numbersOf = (names: Names): number[] => names.map(([number]) => number);
