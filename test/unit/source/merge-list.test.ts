/** That a list made of the one before is the one that is made without it, and the diff likewise. */
import {
	chmodSync,
	linkSync,
	mkdirSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import {makeDiff} from '../../../src/snapshot/diff.ts';
import {List} from '../../../src/snapshot/list.ts';
import {Snapshots} from '../../../src/store/snapshots.ts';
import {Prng} from '../../support/prng.ts';
import {SnapshotScene} from '../../support/snapshot-scene.ts';
import {openState} from '../../support/state.ts';

/** Before, among and after what is in a directory of the name `a`. */
const stems = ['a', 'a!', 'a"', 'a.d', 'a0', 'B', 'b'];

/** A tree that changes a little, in every way that a tree can. */
class Garden {
	readonly #root: SnapshotScene;
	readonly #prng: Prng;
	#directories: string[] = [''];
	#files: string[] = [];

	constructor(root: SnapshotScene, prng: Prng) {
		this.#root = root;
		this.#prng = prng;
	}

	grow(): void {
		const prng = this.#prng;
		const above = prng.pick(this.#directories);
		const name = prng.chance(0.3) ? prng.pick(stems) : `${prng.pick(stems)}${prng.below(100)}`;
		const path = above === '' ? name : `${above}/${name}`;
		const kind = prng.float();
		try {
			if (kind < 0.3) {
				mkdirSync(this.#root.at(path));
				this.#directories.push(path);
			} else if (kind < 0.35 && this.#files.length > 0) {
				linkSync(this.#root.at(prng.pick(this.#files)), this.#root.at(path));
			} else if (kind < 0.4) {
				symlinkSync(`to/${prng.below(9)}`, this.#root.at(path));
			} else {
				writeFileSync(this.#root.at(path), prng.bytes(prng.below(40)), {flag: 'wx'});
				this.#files.push(path);
			}
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
		}
	}

	change(): void {
		const prng = this.#prng;
		const file = this.#files.length === 0 ? undefined : prng.pick(this.#files);
		const directory = prng.pick(this.#directories);
		const kind = prng.below(6);
		if (kind === 0 && file !== undefined) writeFileSync(this.#root.at(file), prng.bytes(20));
		else if (kind === 1 && file !== undefined) this.#remove(file);
		else if (kind === 2 && directory !== '' && prng.chance(0.3)) this.#remove(directory);
		else if (kind === 3 && directory !== '') this.#move(directory);
		else if (kind === 4 && file !== undefined) chmodSync(this.#root.at(file), 0o640);
		else this.grow();
	}

	#remove(path: string): void {
		rmSync(this.#root.at(path), {recursive: true});
		const isLeft = (each: string): boolean => each !== path && !each.startsWith(`${path}/`);
		this.#files = this.#files.filter(isLeft);
		this.#directories = this.#directories.filter(isLeft);
		// A file where a directory was.
		if (!this.#prng.chance(0.2)) return;
		writeFileSync(this.#root.at(path), 'instead');
		this.#files.push(path);
	}

	#move(path: string): void {
		const to = `${path}${this.#prng.pick(['!', '0', 'x'])}`;
		if (this.#directories.includes(to) || this.#files.includes(to)) return;
		try {
			renameSync(this.#root.at(path), this.#root.at(to));
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error;
			return;
		}
		const moved = (each: string): string =>
			each === path || each.startsWith(`${path}/`) ? to + each.slice(path.length) : each;
		this.#files = this.#files.map(moved);
		this.#directories = this.#directories.map(moved);
	}
}

const open = (bytes: Uint8Array): List => {
	const list = List.open(bytes, sha256);
	if (!(list instanceof List)) throw new Error(list.problem);
	return list;
};

async function compare(t: ExecutionContext, seed: number, size: number): Promise<void> {
	const prng = new Prng(seed);
	const scene = new SnapshotScene(t);
	const garden = new Garden(scene, prng);
	for (let count = 0; count < size; count++) garden.grow();
	let before = await scene.take();
	let merged = 0;
	for (let round = 0; round < 12; round++) {
		for (let count = prng.below(4); count > 0; count--) garden.change();
		const after = await scene.take();
		if (after.lookups < after.fileCount) merged++;
		if (Buffer.compare(after.bytes, await scene.fresh()) !== 0) t.fail(`list ${round}`);
		if (after.changed) {
			const kept = new Snapshots(openState(t, scene.state));
			const diff = kept.diff(before.saved, after.saved);
			const expected = makeDiff(open(before.bytes), open(after.bytes));
			if (Buffer.compare(diff!, expected) !== 0) t.fail(`diff ${round}`);
		} else {
			t.deepEqual(after.bytes, before.bytes);
		}
		before = after;
	}
	t.true(merged > 0);
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
	test(`what is made of the list before is what is made without it [SHOAL_SEED=${seed}]`, async t => {
		await compare(t, seed, 60);
	});
}

test('pages of a larger tree, copied and made anew, are those made without the list before [SHOAL_SEED=7]', async t => {
	await compare(t, 7, 1500);
});

test('what has gone from between directories that are as they were is not listed', async t => {
	const scene = new SnapshotScene(t);
	for (const directory of ['a', 'a!']) {
		mkdirSync(scene.at(directory));
		for (let file = 0; file < 9; file++) writeFileSync(scene.at(directory, `${file}`), 'x');
	}
	writeFileSync(scene.at('a"'), 'between what is in a! and what is in a');
	await scene.take();
	rmSync(scene.at('a"'));
	const {bytes, lookups} = await scene.take();
	t.is(lookups, 0, 'of what is in the two, nothing is looked up');
	t.deepEqual(bytes, await scene.fresh());
});
