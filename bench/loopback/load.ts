/** What is transferred: one file whose mebibytes all differ. */
import {closeSync, mkdirSync, openSync, utimesSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {Prng} from '../../test/support/prng.ts';
import {benchSeed} from '../harness.ts';

const mebibyte = 1 << 20;

export function makeTree(tree: string, size: number): void {
	mkdirSync(tree);
	const part = new Prng(benchSeed).bytes(mebibyte);
	const view = new DataView(part.buffer, part.byteOffset);
	const file = openSync(join(tree, 'file'), 'wx');
	for (let at = 0; at < size; at += mebibyte) {
		view.setFloat64(0, at);
		writeSync(file, part, 0, Math.min(mebibyte, size - at));
	}
	closeSync(file);
	// Of a directory that was made in the same second rsync leaves the time as it is.
	utimesSync(tree, 1_700_000_000, 1_700_000_000);
}
