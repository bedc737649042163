/** The first look at a large tree: held to a rate, broken off, killed, and gone on with. */
import {existsSync, statSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import test from 'ava';
import {Prng} from '../support/prng.ts';
import {ended, start} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

const mebibyte = 1 << 20;
const fileCount = 24;

/** Files that were changed long enough ago to be trusted once they are hashed. */
async function tree(space: Workspace): Promise<string> {
	const content = new Prng(5).bytes(mebibyte + fileCount);
	for (let file = 0; file < fileCount; file++) {
		space.write(`tree/f${file}`, content.subarray(file, file + mebibyte));
	}
	await sleep(2100);
	return space.at('tree');
}

for (const [signal, exit] of [
	['SIGINT', 20],
	['SIGKILL', null],
] as const) {
	test(`after ${signal} in the midst of hashing, the rest alone is hashed`, async t => {
		const space = new Workspace(t);
		const words = ['snapshot', await tree(space), '--json'];
		const slow = start([...words, '--bwlimit', '3M', '--threads', '1'], space.environment);
		const timer = setInterval(() => {
			const log = statSync(space.at('tree/.shoal/files.log'), {throwIfNoEntry: false});
			if (log === undefined || log.size <= 4 * 128) return;
			// Once: a second SIGINT ends it at once.
			clearInterval(timer);
			slow.kill(signal);
		}, 50);
		t.teardown(() => clearInterval(timer));
		const broken = await ended(slow);
		t.is(broken.exit, exit, broken.errors);
		const rest = (await space.run('snapshot', space.at('tree'))).lines.at(-1)!;
		t.like(rest, {exit: 0, files: fileCount});
		const hashed = Number(rest['filesHashed']);
		t.true(hashed > 0 && hashed < fileCount, `${hashed} of ${fileCount} left`);
	});
}

test('what is read to be hashed is held to the rate, and an end does not wait for it', async t => {
	const space = new Workspace(t);
	const directory = await tree(space);
	const startMs = performance.now();
	const {lines} = await space.run('snapshot', directory, '--bwlimit', '12M');
	const elapsedMs = performance.now() - startMs;
	t.like(lines.at(-1), {exit: 0, filesHashed: fileCount});
	t.true(elapsedMs > 1900, `${fileCount} MiB at 12 MiB a second took ${elapsedMs} ms`);
	const words = ['snapshot', directory, '--bwlimit', '100', '--state', space.at('other')];
	const slow = start(words, space.environment);
	const broken = ended(slow);
	// It is at work once it has its log; the first file alone would take hours.
	while (!existsSync(space.at('other/files.log'))) await sleep(20);
	await sleep(200);
	slow.kill('SIGINT');
	const {exit, errors} = await broken;
	t.is(exit, 20, errors);
});
