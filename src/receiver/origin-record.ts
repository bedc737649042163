/**
 * Whose image DEST is: the statement that was pulled by, kept so that DEST can be served on under
 * it. Beside it are the diffs that led here, and leaf hashes as they came, so that a relay makes
 * nothing of its own.
 */
import type {List} from '../snapshot/list.ts';
import {equalOctets} from '../snapshot/path.ts';
import {FileLog} from '../store/file-log.ts';
import {Snapshots} from '../store/snapshots.ts';
import type {StateDir} from '../store/state-dir.ts';
import {copyOctets} from '../task/packed-octets.ts';
import {Reader, Writer} from '../wire/codec.ts';
import {forgiving, type RecordStore} from './publish-record.ts';

/** A head with what a relay needs to show it: signed octets all. */
export type SignedHead = {
	readonly statement: Uint8Array;
	/** Oldest first; the last one leads to who signed the head. */
	readonly rotations: readonly Uint8Array[];
};

export type Origin = SignedHead & {
	/** Where it was pulled from, as a URL with the key of the origin. */
	readonly upstream: string;
};

export type OriginRecord = Origin & {
	/** All of the module was pulled: what is left out of DEST is only what did not come. */
	readonly isWhole: boolean;
};

/** What is shown in its place once upstream has signed it anew. */
export type OriginRecordName = 'origin' | 'origin-renewed';

const version = 1;
const statementMax = 1024;
const urlMax = 2048;
export const rotationsKept = 64;

export function readOrigin(store: RecordStore, name: OriginRecordName): OriginRecord | undefined {
	const octets = forgiving(() => store.readRecord(name));
	if (octets === undefined) return undefined;
	const from = new Reader(octets);
	const isKnown = from.u8() === version;
	const isWhole = from.u8() === 1;
	const upstream = new TextDecoder().decode(from.opaque(urlMax));
	const statement = copyOctets(from.opaque(statementMax));
	const rotations: Uint8Array[] = [];
	for (let left = Math.min(from.u8(), rotationsKept); left > 0 && !from.failed; left--) {
		rotations.push(copyOctets(from.opaque(statementMax)));
	}
	if (!isKnown || from.failed || from.left > 0) return undefined;
	return {isWhole, upstream, statement, rotations};
}

export function writeOrigin(
	store: RecordStore,
	name: OriginRecordName,
	{isWhole, upstream, statement, rotations: all}: OriginRecord,
): void {
	const rotations = all.slice(-rotationsKept);
	const url = new TextEncoder().encode(upstream);
	const parts = [url, statement, ...rotations];
	const size = parts.reduce((sum, part) => sum + part.length + 8, 8);
	const to = new Writer(new Uint8Array(size));
	to.u8(version);
	to.u8(isWhole ? 1 : 0);
	to.opaque(url);
	to.opaque(statement);
	to.u8(rotations.length);
	for (const rotation of rotations) to.opaque(rotation);
	store.writeRecord(name, to.written());
}

/** A poll that finds nothing new writes nothing. */
export function keepOrigin(store: RecordStore, record: OriginRecord): void {
	const known = readOrigin(store, 'origin');
	const isKnown =
		known !== undefined &&
		known.isWhole === record.isWhole &&
		known.upstream === record.upstream &&
		equalOctets(known.statement, record.statement);
	if (!isKnown) writeOrigin(store, 'origin', record);
}

/** Of snapshots that came from elsewhere; their lists are in publish records. */
export function receivedSnapshots(state: StateDir): Snapshots {
	return new Snapshots(state, {prefix: 'received-', keepsLists: false});
}

/** Leaf hashes that came, by the digest that they prove: made when the first has come. */
export class ReceivedLeaves {
	readonly #state: StateDir;
	#log: FileLog | undefined;

	/** To be written to under the lock of the directory. */
	constructor(state: StateDir) {
		this.#state = state;
	}

	/** For reading, while another process may write. */
	static openRead(state: StateDir): FileLog {
		return FileLog.openRead(state, logName);
	}

	keep(digest: Uint8Array, size: number, leaves: Uint8Array): void {
		this.#log ??= FileLog.open(this.#state, logName);
		this.#log.appendContent(size, {digest, leaves, sums: none});
	}

	/** Who reads finds all that was kept; it outlives this process. */
	flush(): void {
		this.#log?.flush();
	}

	/** Only what the list has is worth keeping. */
	forgetAbsent(list: List): void {
		this.#log?.forgetAbsent(list);
	}

	close(): void {
		this.#log?.close();
		this.#log = undefined;
	}
}

/** Keeps that `list` was received after `before`, with what changed between them. */
export function keepReceived(
	state: StateDir,
	list: List,
	before: List | undefined,
	sequence: number,
): void {
	receivedSnapshots(state).follow(list, before, sequence);
}

const logName = 'received';
const none = new Uint8Array(0);
