/** What a snapshot of a tree that is as it was costs, and that nothing is missed by it. */
import {
	chmodSync,
	mkdirSync,
	readdirSync,
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
import platform from '#platform';
import {ShoalError} from '../../../src/error.ts';
import {toHex} from '../../../src/hex.ts';
import type {Platform} from '../../../src/platform/platform.ts';
import type {DirHandle, Name, Stat} from '../../../src/platform/tree.ts';
import {Pool} from '../../../src/pool/pool.ts';
import {type Taken, takeSnapshot} from '../../../src/source/take-snapshot.ts';
import {FileLog} from '../../../src/store/file-log.ts';
import {Snapshots} from '../../../src/store/snapshots.ts';
import {spoilTree} from '../../support/pool.ts';
import {makeDirectory, openState, tree} from '../../support/state.ts';
import {openTask} from '../../support/task.ts';

/** So far ahead is the clock that what was written just now counts as long written. */
const aheadMs = 60_000;

type Look = Taken & {
	/** Files that were looked up in the log. */
	readonly lookups: number;
};

class Scene {
	readonly tree: string;
	readonly state: string;
	readonly platform: Platform;
	/** Of the owner of everything. */
	owner: string | undefined = 'mirror';
	/** A name. */
	unreadable = '';
	readonly #t: ExecutionContext;

	constructor(t: ExecutionContext, ahead = aheadMs) {
		this.#t = t;
		this.tree = makeDirectory(t);
		this.state = makeDirectory(t);
		const {clock} = platform;
		const nameOf = () => (this.owner === undefined ? undefined : Buffer.from(this.owner));
		this.platform = {
			...platform,
			clock: {now: () => clock.now(), at: clock.at, wallMs: () => clock.wallMs() + ahead},
			readOwners: () => ({...platform.readOwners(), user: nameOf, group: nameOf}),
		};
		for (const directory of ['a', 'b']) {
			mkdirSync(this.at(directory));
			for (let file = 0; file < 5; file++) {
				writeFileSync(this.at(directory, `file-${file}`), `${directory} ${file}`);
			}
		}
		symlinkSync('a/file-0', this.at('link'));
	}

	at(...names: string[]): string {
		return join(this.tree, ...names);
	}

	get isMarked(): boolean {
		return readdirSync(join(this.state, '.shoal')).includes('mark');
	}

	/** The path of the one file of the state directory that ends so. */
	stored(ending: string): string {
		const place = join(this.state, '.shoal');
		return join(place, readdirSync(place).find(name => name.endsWith(ending))!);
	}

	async take(changed?: readonly string[]): Promise<Look> {
		const {clock, crypto, threads} = this.platform;
		const spoilt = spoilTree(tree, {visit: (dir, each) => this.#visit(dir, each)});
		const context = {tree: spoilt, crypto, sha256: crypto.sha256, clock};
		const pool = new Pool({threads, threadCount: 0, context});
		const root = tree.openRoot(this.tree);
		const state = openState(this.#t, this.state);
		const files = FileLog.open(state);
		let lookups = 0;
		const lookup = files.lookup.bind(files);
		files.lookup = (path, stat) => {
			lookups++;
			return lookup(path, stat);
		};
		try {
			const taken = await takeSnapshot({
				platform: this.platform,
				pool,
				directory: this.tree,
				root,
				exclude: [],
				snapshots: new Snapshots(state),
				files,
				changed: changed?.map(path => Buffer.from(path)),
				task: openTask(),
			});
			return {...taken, lookups};
		} finally {
			files.close();
			await pool.close();
			tree.closeDir(root);
		}
	}

	/** As the tree's, but for what cannot be looked at. */
	#visit(dir: DirHandle, each: (name: Name, stat: Stat | Error) => void): void {
		const failure = new ShoalError('FILE_UNREADABLE', 'a bad sector');
		tree.visit(dir, (name, stat) => {
			each(name, Buffer.from(name).toString() === this.unreadable ? failure : stat);
		});
	}

	/** The list that a look without any memory makes. */
	async fresh(): Promise<Uint8Array> {
		rmSync(this.state, {recursive: true});
		return (await this.take()).bytes;
	}
}

/** Hashed, found as it was, and noted. */
async function settled(t: ExecutionContext): Promise<Scene> {
	const scene = new Scene(t);
	await scene.take();
	await scene.take();
	t.true(scene.isMarked);
	return scene;
}

test('a tree that is as it was is known by its scan alone', async t => {
	const scene = new Scene(t);
	const first = await scene.take();
	t.is(first.filesHashed, 10);
	t.false(scene.isMarked);
	const second = await scene.take();
	t.like(second, {lookups: 10, filesHashed: 0, changed: false});
	const third = await scene.take();
	t.like(third, {lookups: 0, filesHashed: 0, changed: false, whole: true, fileCount: 10});
	t.deepEqual(third.bytes, first.bytes);
	t.deepEqual(third.header, first.header);
	t.is(toHex(third.saved.root), toHex(first.saved.root));
	t.is(third.saved.sequence, first.saved.sequence);
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
		t.true(after.lookups > 0);
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
	t.false(scene.isMarked);
	rmSync(scene.stored('files.log'));
	t.like(await scene.take(), {filesHashed: 10, changed: false});
});

test('files that may have been written while they were hashed are looked at each time', async t => {
	const scene = new Scene(t, -aheadMs);
	await scene.take();
	t.is((await scene.take()).filesHashed, 10);
	t.false(scene.isMarked);
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
	t.like(await scene.take(), {lookups: 10, changed: false});
	t.like(await scene.take(), {lookups: 10, changed: false});
});
