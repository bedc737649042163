/** One file of a source, as those who work for its receivers are told of it. */
import {statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import platform from '#platform';
import {refuseCode} from '../../src/wire/frame.ts';
import {tempDirectory} from './temp-directory.ts';

const {tree, crypto, clock, compression} = platform;

/** What a thread hands to the tasks that it runs. */
export const taskContext = {
	...{tree, crypto, clock, compression, sha256: crypto.sha256},
	aborted: () => false,
	beat: () => undefined,
};

export function servedFile(t: ExecutionContext, content: Uint8Array) {
	const directory = tempDirectory(t);
	const path = join(directory, 'file');
	writeFileSync(path, content);
	const root = tree.openRoot(directory);
	t.teardown(() => tree.closeDir(root));
	const {mtimeNs} = statSync(path, {bigint: true});
	const [seconds, nanoseconds] = [mtimeNs / 1_000_000_000n, mtimeNs % 1_000_000_000n];
	const place = {
		digest: new Uint8Array(32).fill(7),
		path: Buffer.from('file'),
		size: content.length,
		expected: Float64Array.of(content.length, Number(seconds), Number(nanoseconds), 0),
		otherwise: refuseCode.stale,
	};
	return {root, path, place};
}
