import type {DirHandle} from '../platform/tree.ts';
import {expectedSize, type ReadBatch} from '../task/read.ts';
import type {ReadRequest} from '../transfer/sender.ts';
import {refuseCode} from '../wire/frame.ts';
import type {Published} from './published.ts';

/**
 * The batch that reads what is asked for to `into`, which has room for all; `shown` are the
 * snapshots that requests name, `otherwise` what is said of a file that is not as expected.
 */
export function makeBatch(
	root: DirHandle,
	requests: readonly ReadRequest[],
	shown: readonly Published[],
	into: Uint8Array,
	otherwise: number = refuseCode.stale,
): ReadBatch {
	const count = requests.length;
	const paths: Uint8Array[] = [];
	const pathEnds = new Uint32Array(count);
	const offsets = new Float64Array(count);
	const lengths = new Uint32Array(count);
	const expected = new Float64Array(count * expectedSize);
	let end = 0;
	requests.forEach((request, index) => {
		const table = shown[request.snapshot]!.tables.get(request.page)!;
		const path = table.path(request.position);
		paths.push(path);
		end += path.length;
		pathEnds[index] = end;
		offsets[index] = request.offset;
		lengths[index] = request.length;
		const at = request.position * expectedSize;
		expected.set(table.expected.subarray(at, at + expectedSize), index * expectedSize);
	});
	const joined = new Uint8Array(end);
	paths.forEach((path, index) => {
		joined.set(path, pathEnds[index]! - path.length);
	});
	return {root, paths: joined, pathEnds, offsets, lengths, expected, otherwise, into};
}
