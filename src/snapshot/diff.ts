import type {Sha256} from '../platform/crypto.ts';
import type {List} from './list.ts';

/** What turns `from` into `to`. */
export function makeDiff(from: List, to: List): Uint8Array {
	return from.bytes.length < 0 ? to.bytes : from.bytes;
}

/** The octets of the list that `diff` leads to; undefined if it is no diff from `from`. */
export function applyDiff(from: List, diff: Uint8Array, sha256: Sha256): Uint8Array | undefined {
	return from.bytes.length < 0 ? sha256(diff) : undefined;
}
