/**
 * A digest of all that a list is made of, without making it: what a scan found, the names of its
 * owners, and the state of the file log. If both scan and log are as they were when everything in
 * the one was found in the other, the list is the one that was made then.
 */
import {toHex} from '../hex.ts';
import type {Sha256} from '../platform/crypto.ts';
import type {OwnerNames} from '../platform/owner.ts';
import type {FileLog} from '../store/file-log.ts';
import type {ScanTable} from '../task/scan-table.ts';

/** Rises when a list that is made of the same scan becomes another one. */
const version = 1;

const encoder = new TextEncoder();

export class ScanMark {
	readonly #table: ScanTable;
	readonly #owners: OwnerNames;
	readonly #sha256: Sha256;
	#scanned: Uint8Array | undefined;

	constructor(table: ScanTable, owners: OwnerNames, sha256: Sha256) {
		this.#table = table;
		this.#owners = owners;
		this.#sha256 = sha256;
	}

	/** With the log as it is now. */
	with(files: FileLog): Uint8Array {
		this.#scanned ??= this.#scan();
		return this.#sha256(encoder.encode(`${version} ${files.extent}\n`), this.#scanned);
	}

	/** Of the entries, all columns in one: they are one buffer. */
	#scan(): Uint8Array {
		const {count, columns} = this.#table;
		const {paths, targets, uid, gid} = columns;
		const names = [
			`${count} ${paths.length} ${targets.length}`,
			...namesOf(uid, number => this.#owners.user(number)),
			'groups',
			...namesOf(gid, number => this.#owners.group(number)),
		];
		const head = encoder.encode(`${names.join('\n')}\n\n`);
		return this.#sha256(head, new Uint8Array(paths.buffer));
	}
}

/** Each number once, as it comes, with its name. */
function namesOf(
	numbers: Uint32Array,
	nameOf: (number: number) => Uint8Array | undefined,
): string[] {
	const seen = new Set<number>();
	let last = -1;
	for (const number of numbers) {
		if (number === last) continue;
		last = number;
		seen.add(number);
	}
	return Array.from(seen, number => {
		const name = nameOf(number);
		return name === undefined ? `${number}` : `${number} ${toHex(name)}`;
	});
}
