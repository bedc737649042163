import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import {toHex} from '../../../src/hex.ts';
import type {TreeIo} from '../../../src/platform/tree.ts';
import {applyDiff} from '../../../src/snapshot/diff.ts';
import type {List} from '../../../src/snapshot/list.ts';
import {equalOctets} from '../../../src/snapshot/path.ts';
import {historyMax, type Saved, Snapshots} from '../../../src/store/snapshots.ts';
import {Prng} from '../../support/prng.ts';
import {listOf, randomEntries} from '../../support/snapshot.ts';
import {makeDirectory, openState, statePlatform, tree} from '../../support/state.ts';

/** Lists that follow each other: the root's mtime moves. */
const entries = randomEntries(new Prng(1), 300);
const listAt = (time: number): List =>
	listOf([{...entries[0]!, mtimeSec: time}, ...entries.slice(1)]);
const lists = Array.from({length: historyMax + 3}, (_, index) => listAt(index));

function saveAll(snapshots: Snapshots, count: number): Saved[] {
	const saved: Saved[] = [];
	for (let index = 0; index < count; index++) {
		saved.unshift(snapshots.save(lists[index]!, lists[index - 1], 1000 * index));
	}
	return saved;
}

test('there is no history before the first snapshot', t => {
	t.deepEqual(new Snapshots(openState(t)).history(), []);
});

test('the history is newest first, and the newest list and the diffs up to it are there', t => {
	const state = openState(t);
	const snapshots = new Snapshots(state);
	const saved = saveAll(snapshots, 4);
	const history = new Snapshots(state).history();
	t.deepEqual(
		history.map(({sequence, root}) => [sequence, toHex(root)]),
		saved.map(({sequence, root}) => [sequence, toHex(root)]),
	);
	t.true(equalOctets(snapshots.list(history[0]!).bytes, lists[3]!.bytes));
	for (let index = 1; index < history.length; index++) {
		const diff = snapshots.diff(history[index]!, history[index - 1]!)!;
		const made = applyDiff(lists[3 - index]!, diff, sha256)!;
		t.true(equalOctets(made, lists[4 - index]!.bytes));
	}
	t.is(snapshots.diff(history[2]!, history[0]!), undefined, 'only between neighbours');
});

test('the sequence rises with each change, and is the time where that is more', t => {
	const snapshots = new Snapshots(openState(t));
	t.is(snapshots.save(lists[0]!, undefined, 5000).sequence, 5000);
	t.is(snapshots.save(lists[1]!, lists[0], 5000).sequence, 5001);
	t.is(snapshots.save(lists[2]!, lists[1], 10).sequence, 5002, 'the clock went back');
	t.is(snapshots.save(lists[3]!, lists[2], 6000).sequence, 6000);
});

test('the same list again is the same snapshot, and writes nothing', t => {
	const state = openState(t);
	const snapshots = new Snapshots(state);
	const first = snapshots.save(lists[0]!, undefined, 1);
	const names = readdirSync(state.path);
	const head = readFileSync(join(state.path, 'head'));
	t.is(snapshots.save(listAt(0), lists[0], 99).sequence, first.sequence);
	t.deepEqual(readdirSync(state.path), names);
	t.deepEqual(readFileSync(join(state.path, 'head')), head);
});

test('a list that comes back later is a snapshot of its own', t => {
	const snapshots = new Snapshots(openState(t));
	snapshots.save(lists[0]!, undefined, 1);
	snapshots.save(lists[1]!, lists[0], 2);
	const again = snapshots.save(lists[0]!, lists[1], 3);
	t.is(again.sequence, 3);
	t.true(equalOctets(snapshots.list(again).bytes, lists[0]!.bytes));
	const [, before] = snapshots.history();
	t.truthy(applyDiff(lists[1]!, snapshots.diff(before!, again)!, sha256));
});

test('what no kept snapshot needs is removed, and nothing else', t => {
	const state = openState(t);
	const snapshots = new Snapshots(state);
	writeFileSync(join(state.path, 'other.list'), 'mine');
	saveAll(snapshots, lists.length);
	const history = snapshots.history();
	t.is(history.length, historyMax);
	const names = readdirSync(state.path);
	t.is(names.filter(name => name.endsWith('.diff')).length, historyMax - 1);
	t.true(names.includes('other.list'));
	for (let index = 1; index < history.length; index++) {
		t.truthy(snapshots.diff(history[index]!, history[index - 1]!));
	}
	t.truthy(snapshots.list(history[0]!));
});

test('a damaged or missing list is corrupt state, and named', t => {
	const state = openState(t);
	const snapshots = new Snapshots(state);
	const saved = snapshots.save(lists[0]!, undefined, 1);
	const path = join(state.path, `${toHex(saved.root)}.list`);
	const whole = readFileSync(path);
	const spoilt = Buffer.from(whole);
	spoilt[whole.length - 9]! ^= 1;
	for (const bytes of [spoilt, whole.subarray(0, 100), Buffer.alloc(0), lists[1]!.bytes]) {
		writeFileSync(path, bytes);
		t.throws(() => snapshots.list(saved), {code: 'STORE_CORRUPT', message: /\.list/});
	}
	rmSync(path);
	t.throws(() => snapshots.list(saved), {code: 'STORE_CORRUPT', message: /gone/});
	t.is(snapshots.save(lists[0]!, undefined, 2).sequence, 1, 'the same tree makes it again');
	t.true(equalOctets(snapshots.list(saved).bytes, lists[0]!.bytes));
});

test('a history of another form is corrupt state, and named', t => {
	const state = openState(t);
	const snapshots = new Snapshots(state);
	for (const octets of [[], [2, 0], [1, 1, 5], [1]]) {
		state.writeRecord('head', Uint8Array.from(octets));
		t.throws(() => snapshots.history(), {code: 'STORE_CORRUPT', message: /head/});
	}
});

/** A file system that fails for good at its n-th change, as if the process had been killed. */
function dyingTree(n: number): {io: TreeIo; died: () => boolean} {
	const changes = ['create', 'write', 'sync', 'rename', 'unlink', 'truncate'];
	let left = n;
	const io = new Proxy(tree, {
		get(target, name: keyof TreeIo) {
			const method = (target[name] as (...values: unknown[]) => unknown).bind(target);
			if (!changes.includes(name)) return method;
			return (...values: unknown[]) => {
				if (left-- <= 0) throw new Error('killed');
				return method(...values);
			};
		},
	});
	return {io, died: () => left < 0};
}

test('whatever is killed when, the history names what is there, old or new', t => {
	let survived = false;
	for (let n = 0; !survived; n++) {
		t.true(n < 60);
		const path = makeDirectory(t);
		const before = saveAll(new Snapshots(openState(t, path)), 3);
		const {io, died} = dyingTree(n);
		const state = openState(t, path, {...statePlatform, tree: io});
		try {
			new Snapshots(state).save(lists[3]!, lists[2], 9999);
		} catch (error) {
			t.is((error as Error).message, 'killed');
		}
		survived = !died();
		const after = new Snapshots(openState(t, path));
		const history = after.history();
		const root = toHex(history[0]!.root);
		t.true(root === toHex(before[0]!.root) || root === toHex(lists[3]!.root), `${n}`);
		t.is(toHex(after.list(history[0]!).root), root);
		for (let index = 1; index < history.length; index++) {
			t.truthy(after.diff(history[index]!, history[index - 1]!), `${n}: diff ${index}`);
		}
		if (survived) t.is(root, toHex(lists[3]!.root));
		after.save(lists[4]!, lists[3], 99_999);
		t.is(toHex(after.list(after.history()[0]!).root), toHex(lists[4]!.root));
	}
});

test('the history is kept by count, by age, and while its diffs are worth their octets', t => {
	const dayMs = 86_400_000;
	const state = openState(t);
	const snapshots = new Snapshots(state);
	for (let index = 0; index < 6; index++) {
		snapshots.save(lists[index]!, lists[index - 1], index * dayMs);
	}
	t.is(snapshots.history().length, 6);
	snapshots.save(lists[6]!, lists[5], 6 * dayMs, {count: 4});
	t.is(snapshots.history().length, 4);
	snapshots.save(lists[7]!, lists[6], 7 * dayMs, {ageMs: 2 * dayMs});
	// Of the one from day 4 the successor is two days old, of the one before three.
	t.deepEqual(
		snapshots.history().map(({sequence}) => sequence / dayMs),
		[7, 6, 5, 4],
	);
	t.is(readdirSync(state.path).filter(name => name.endsWith('.diff')).length, 3);
	snapshots.save(lists[8]!, lists[7], 8 * dayMs, {count: 0});
	t.is(snapshots.history().length, 1, 'the newest stays');
	// Lists with nothing in common: two diffs are larger than a list.
	const strangers = [1, 2, 3, 4].map(seed => listOf(randomEntries(new Prng(seed), 3000)));
	for (const [index, list] of strangers.entries()) {
		snapshots.save(list, strangers[index - 1], (9 + index) * dayMs);
	}
	t.true(snapshots.history().length < 4);
	const [newest] = snapshots.history();
	t.true(equalOctets(snapshots.list(newest!).bytes, strangers[3]!.bytes));
});
