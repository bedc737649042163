/** What a snapshot of a tree that is as it was costs, and that nothing is missed by it. */
import {
	chmodSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {toHex} from '../../../src/hex.ts';
import {openPool} from '../../support/pool.ts';
import {aheadMs, SnapshotScene} from '../../support/snapshot-scene.ts';
import {openTask} from '../../support/task.ts';

class Scene extends SnapshotScene {
	constructor(t: ExecutionContext, ahead = aheadMs) {
		super(t, ahead);
		for (const directory of ['a', 'b']) {
			mkdirSync(this.at(directory));
			for (let file = 0; file < 5; file++) {
				writeFileSync(this.at(directory, `file-${file}`), `${directory} ${file}`);
			}
		}
		symlinkSync('a/file-0', this.at('link'));
	}
}

/** Hashed, and noted. */
async function settled(t: ExecutionContext): Promise<Scene> {
	const scene = new Scene(t);
	await scene.take();
	t.true(scene.isMarked);
	return scene;
}

test('a tree that is as it was is known by its scan alone', async t => {
	const scene = new Scene(t);
	const first = await scene.take();
	t.is(first.filesHashed, 10);
	t.true(scene.isMarked);
	const second = await scene.take();
	t.like(second, {lookups: 0, filesHashed: 0, changed: false, whole: true, fileCount: 10});
	t.deepEqual(second.bytes, first.bytes);
	t.deepEqual(second.header, first.header);
	t.is(toHex(second.saved.root), toHex(first.saved.root));
	t.is(second.saved.sequence, first.saved.sequence);
});

const changes: Readonly<Record<string, (scene: Scene) => void>> = {
	'a file of the same size, with its time put back': scene => {
		const path = scene.at('a/file-1');
		const {atime, mtime} = statSync(path);
		writeFileSync(path, 'a x');
		utimesSync(path, atime, mtime);
	},
	'a mode': scene => chmodSync(scene.at('b/file-2'), 0o600),
	'a time': scene => utimesSync(scene.at('b/file-2'), 1, 1),
	'a name': scene => renameSync(scene.at('a/file-1'), scene.at('a/file-x')),
	'a directory with all in it': scene => renameSync(scene.at('a'), scene.at('c')),
	'a new file': scene => writeFileSync(scene.at('new'), 'x'),
	'a file that is gone': scene => rmSync(scene.at('b/file-0')),
	'a target of a link': scene => {
		rmSync(scene.at('link'));
		symlinkSync('a/file-1', scene.at('link'));
	},
	'the name of an owner': scene => {
		scene.owner = 'other';
	},
	'an owner without a name': scene => {
		scene.owner = undefined;
	},
};

for (const [what, change] of Object.entries(changes)) {
	test(`what has changed since is seen: ${what}`, async t => {
		const scene = await settled(t);
		const before = await scene.take();
		change(scene);
		const after = await scene.take();
		t.true(after.changed);
		t.notDeepEqual(after.bytes, before.bytes);
		t.deepEqual(after.bytes, await scene.fresh());
	});
}

const losses: Readonly<Record<string, (scene: Scene) => void>> = {
	'the list': scene => rmSync(scene.stored('.list')),
	'an octet of the list': scene => {
		const octets = readFileSync(scene.stored('.list'));
		octets[octets.length - 1]! ^= 1;
		writeFileSync(scene.stored('.list'), octets);
	},
	'the end of the note': scene => truncateSync(scene.stored('mark'), 40),
	'all of the note': scene => truncateSync(scene.stored('mark'), 0),
};

for (const [what, lose] of Object.entries(losses)) {
	test(`what the state directory has lost is made again: ${what}`, async t => {
		const scene = await settled(t);
		const {bytes} = await scene.take();
		lose(scene);
		t.like(await scene.take(), {lookups: 10, filesHashed: 0, changed: false});
		t.deepEqual(new Uint8Array(readFileSync(scene.stored('.list'))), bytes);
		t.like(await scene.take(), {lookups: 0, filesHashed: 0, changed: false});
	});
}

test('files whose records are lost are hashed again, though all is as it was', async t => {
	const scene = await settled(t);
	truncateSync(scene.stored('files.log'), statSync(scene.stored('files.log')).size - 1);
	t.like(await scene.take(), {filesHashed: 1, changed: false});
	rmSync(scene.stored('files.log'));
	t.like(await scene.take(), {filesHashed: 10, changed: false});
});

test('files that may have been written while they were hashed are looked at each time', async t => {
	const scene = new Scene(t, -aheadMs);
	await scene.take();
	t.is((await scene.take()).filesHashed, 10);
	t.is((await scene.take()).filesHashed, 10);
});

test('of a directory that changed, only its own files are looked up', async t => {
	const scene = await settled(t);
	writeFileSync(scene.at('b/file-3'), 'other');
	// Five, and the one that was hashed once more.
	t.like(await scene.take(), {lookups: 6, filesHashed: 1, fileCount: 10, changed: true});
	t.like(await scene.take(), {lookups: 0, filesHashed: 0, changed: false});
	chmodSync(scene.at('b'), 0o700);
	t.like(await scene.take(), {lookups: 0, filesHashed: 0, changed: true});
});

test('what cannot be looked at is told each time', async t => {
	const scene = await settled(t);
	scene.unreadable = 'file-3';
	for (let round = 0; round < 2; round++) {
		t.is((await scene.take()).problems.length, 2);
		t.false(scene.isMarked);
	}
	scene.unreadable = '';
	t.like(await scene.take(), {lookups: 10, problems: []});
	t.like(await scene.take(), {lookups: 0, problems: []});
});

test('a look at a part of the tree ends what is known of all of it', async t => {
	const scene = await settled(t);
	t.false((await scene.take(['a/file-1'])).whole);
	t.false(scene.isMarked);
	t.is((await scene.take()).lookups, 10);
	t.is((await scene.take()).lookups, 0);
});

test('where nothing can be noted, all is looked up each time', async t => {
	const scene = new Scene(t);
	await scene.take();
	mkdirSync(join(scene.state, '.shoal/.mark.new/full'), {recursive: true});
	chmodSync(scene.at('b/file-0'), 0o600);
	t.like(await scene.take(), {filesHashed: 1, changed: true});
	t.false(scene.isMarked);
	t.like(await scene.take(), {lookups: 10, changed: false});
	t.like(await scene.take(), {lookups: 10, changed: false});
});

test('names of owners are those of one moment, noted as they are listed', async t => {
	const scene = new Scene(t);
	scene.ownersRead = () => {
		scene.owner = 'other';
	};
	await scene.take();
	scene.owner = 'mirror';
	scene.ownersRead = () => undefined;
	t.deepEqual((await scene.take()).bytes, await scene.fresh());
});

test('what is stopped while it makes the list has no job left that hashes', async t => {
	const scene = new Scene(t);
	// So many that others have a turn before the list comes to what is hashed.
	mkdirSync(scene.at('many'));
	for (let file = 0; file < 2100; file++) writeFileSync(scene.at('many', `${file}`), '');
	const large = scene.at('z');
	writeFileSync(large, '');
	await scene.take();
	truncateSync(large, 8 << 20);
	const pool = openPool(t, 1);
	const task = openTask();
	const run = pool.run.bind(pool);
	let running = 0;
	pool.run = (kind, input, options) => {
		running++;
		if (kind.name.startsWith('hash')) queueMicrotask(() => task.abort());
		return run(kind, input, options).finally(() => running--);
	};
	scene.pool = pool;
	await t.throwsAsync(scene.take(undefined, task), {code: 'INTERRUPTED'});
	t.is(running, 0);
});
