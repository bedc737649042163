import {
	chmodSync,
	linkSync,
	lstatSync,
	lutimesSync,
	mkdirSync,
	readdirSync,
	realpathSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {compareTrees, walkTree} from '../support/compare-trees.ts';
import {growTree} from '../support/grow-tree.ts';
import type {Prng} from '../support/prng.ts';
import {defaults, openUpdate} from '../support/pull-tree.ts';
import {Scene} from '../support/scene.ts';

type Walked = {readonly path: Buffer; readonly isDirectory: boolean};

function walk(root: string): Walked[] {
	const found: Walked[] = [];
	const visit = (directory: Buffer): void => {
		for (const name of readdirSync(directory, {encoding: 'buffer'})) {
			const path = Buffer.concat([directory, Buffer.from('/'), name]);
			const isDirectory = lstatSync(path).isDirectory();
			found.push({path, isDirectory});
			if (isDirectory) visit(path);
		}
	};
	visit(Buffer.from(root));
	return found;
}

/** One thing that may happen to a tree; what is impossible here does not happen. */
function happen(root: string, prng: Prng): void {
	const all = walk(root);
	const {path, isDirectory} = prng.pick(all);
	const inDirectory = (name: string): Buffer => {
		const directories = [{path: Buffer.from(root)}, ...all.filter(each => each.isDirectory)];
		return Buffer.concat([prng.pick(directories).path, Buffer.from(`/${name}`)]);
	};
	const fresh = inDirectory(`new ${prng.below(1e9)}`);
	const deeds: (() => void)[] = [
		() => writeFileSync(fresh, prng.bytes(prng.below(9000))),
		() => mkdirSync(fresh),
		() => symlinkSync(prng.pick(all).path, fresh),
		() => linkSync(path, fresh),
		() => rmSync(path, {recursive: true}),
		() => renameSync(path, fresh),
		() => renameSync(path, prng.pick(all).path),
		() => chmodSync(path, prng.pick([0o500, 0o755, 0o640, 0o4755])),
		() => lutimesSync(path, 1, 1_200_000_000 + prng.below(1e6)),
		() => isDirectory || writeFileSync(path, prng.bytes(prng.below(9000))),
		() => {
			rmSync(path, {recursive: true});
			if (isDirectory) writeFileSync(path, 'a file now');
			else mkdirSync(path);
		},
	];
	try {
		prng.pick(deeds)();
	} catch (error) {
		if (!(error instanceof Error && 'syscall' in error)) throw error;
	}
}

const trees = {trees: {keep: 2, convert: false}};

for (const [seed, way, open] of [
	[71, 'in place', {}],
	[72, 'in place', {}],
	[73, 'in place', {}],
	[74, 'in place', {}],
	[75, 'as trees', trees],
	[76, 'as trees', trees],
	[77, 'as trees', trees],
	[78, 'as trees', trees],
] as const) {
	test(`what happens to a tree is followed ${way}, by diff and by scan [SHOAL_SEED=${seed}]`, async t => {
		const scene = new Scene(t, seed);
		const {prng, from, pool} = scene;
		growTree(from, prng, 60 + prng.below(200));
		rmSync(join(from, 'fifo'));
		const more = {open, options: {deleteMax: 1e9}, feed: {prng, repeats: 0.02}};
		await scene.pull(more);
		let to = realpathSync(scene.to);
		t.deepEqual(compareTrees(from, to), []);
		for (let round = 0; round < 4; round++) {
			for (let count = 1 + prng.below(40); count > 0; count--) happen(from, prng);
			const source = await scene.source();
			const update = await openUpdate(pool, scene.to, {...open, dryRun: true});
			const scanned = await update.plan(source.list, {...defaults, ...more.options, check: true});
			await update.close();
			const before = [to, walkTree(to)] as const;
			const {plan, result} = await scene.pull({...more, source});
			to = realpathSync(scene.to);
			if (way === 'as trees') t.deepEqual(walkTree(before[0]), before[1], 'the tree before');
			if (plan !== undefined) {
				t.false(plan.examined);
				const {created, changed, metadata, deleted} = plan.counts;
				const told = {created, changed, metadata, deleted};
				const {counts} = scanned;
				t.deepEqual(told, {
					created: counts.created,
					changed: counts.changed,
					metadata: counts.metadata,
					deleted: counts.deleted,
				});
			}
			t.is(result?.exit ?? 0, 0, JSON.stringify(result?.problems));
			t.deepEqual(compareTrees(from, to), [], `round ${round}`);
			const checked = await scene.pull({...more, source, options: {check: true}});
			t.deepEqual(
				[checked.plan?.counts.changed, checked.plan?.counts.metadata, checked.fed.octets],
				[0, 0, 0],
			);
		}
	});
}
