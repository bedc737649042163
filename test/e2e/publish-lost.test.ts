import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {leafSize} from '../../src/limit.ts';
import {objectKind} from '../../src/wire/frame.ts';
import {compareTrees} from '../support/compare-trees.ts';
import {defaults, openUpdate} from '../support/pull-tree.ts';
import {Scene} from '../support/scene.ts';
import {type Block, cutRequest} from '../support/tree-source.ts';

/** Long enough for a loaded machine, short enough to see that something waits. */
const patienceMs = 20_000;

const blockSize = 1100;

for (const [what, at] of [
	['in the middle of a large file', 0.5],
	['with leaf hashes', -1],
	['of small files', 0.02],
] as const) {
	test(`nothing waits for a lost datagram ${what}: ten thousand ranges`, async t => {
		const scene = new Scene(t, 61);
		const {prng, from, to, pool} = scene;
		for (let file = 0; file < 300; file++) {
			writeFileSync(join(from, `a ${file}`), prng.bytes(prng.below(9000)));
		}
		writeFileSync(join(from, 'large'), prng.bytes(10_000 * blockSize));
		const source = await scene.source();
		let taken = 0;
		const handler = {
			taken: (octets: number) => {
				taken += octets;
			},
			wake: () => undefined,
			failed: (error: Error) => t.fail(String(error)),
		};
		const update = await openUpdate(pool, to, {handler});
		await update.plan(source.list, defaults);
		await update.begin();
		const blocks: Block[] = [];
		for (let next = update.nextRequest(); next !== undefined; next = update.nextRequest()) {
			blocks.push(...cutRequest(source, next, blockSize));
		}
		t.true(blocks.length > 10_000, `${blocks.length} ranges`);
		const isLeaves = ({request}: Block): boolean => request.kind === objectKind.leaves;
		const lost = at < 0 ? blocks.findIndex(isLeaves) : Math.floor(blocks.length * at);
		const [missing] = blocks.splice(lost, 1) as [Block];
		let given = 0;
		for (const {request, object, offset, data} of blocks) {
			update.block(request, object, offset, data);
			given += data.length;
			if (prng.chance(0.002)) await new Promise(resolve => setTimeout(resolve, 1));
		}
		const since = Date.now();
		while (taken < given && Date.now() - since < patienceMs) {
			await new Promise(resolve => setTimeout(resolve, 5));
		}
		t.is(taken, given, 'all that came is on disk');
		t.is(update.backlog, 0);
		t.false(update.settled);
		const stage = join(to, '.shoal', 'stage');
		const sizes = readdirSync(stage).map(name => readFileSync(join(stage, name)).length);
		t.true(sizes.reduce((sum, size) => sum + size, 0) >= given - leafSize - 10_000 * 32);
		update.block(missing.request, missing.object, missing.offset, missing.data);
		while (!update.settled && Date.now() - since < patienceMs) {
			await new Promise(resolve => setTimeout(resolve, 5));
		}
		t.true(update.settled);
		t.is(update.nextRequest(), undefined, 'and nothing was asked for twice');
		t.is((await update.publish(1)).exit, 0);
		await update.close();
		t.deepEqual(compareTrees(from, to), []);
	});
}

test('every octet that is needed is asked for once, and leaf hashes before their leaves', async t => {
	const scene = new Scene(t, 62);
	const {prng, from, to, pool} = scene;
	for (let file = 0; file < 500; file++) {
		scene.write(`${file % 17}/${file}`, prng.bytes(prng.chance(0.1) ? 0 : prng.below(20_000)));
	}
	scene.writeSizes(65_536, 65_537, 3_000_000);
	await scene.pull();
	for (let file = 0; file < 500; file += 1 + prng.below(4)) {
		writeFileSync(join(from, `${file % 17}/${file}`), prng.bytes(prng.below(20_000)));
	}
	scene.writeSizes(3_000_000, 65_537);
	const source = await scene.source();
	const update = await openUpdate(pool, to);
	const plan = await update.plan(source.list, {...defaults, wholeFile: true});
	await update.begin();
	const asked = new Map<string, number>();
	const leavesAsked = new Map<string, number>();
	let [octets, requests] = [0, 0];
	for (let next = update.nextRequest(); next !== undefined; next = update.nextRequest()) {
		requests++;
		for (let object = 0; object < next.count; object++) {
			const size = next.count === 1 ? next.length : next.sizes![object]!;
			const key = `${next.page}/${next.position + object}`;
			if (next.kind === objectKind.leaves) {
				leavesAsked.set(key, next.offset + next.length);
				continue;
			}
			if (size === 0) continue;
			t.is(asked.get(key) ?? 0, next.offset, 'in order, without a gap');
			asked.set(key, next.offset + size);
			octets += size;
			const last = Math.ceil((next.offset + size) / leafSize);
			if (next.count === 1 && next.length > leafSize)
				t.true((leavesAsked.get(key) ?? 0) >= last * 32);
		}
	}
	t.is(octets, plan.counts.bytesToFetch);
	t.true(requests < asked.size * 0.7, `${requests} requests for ${asked.size} files`);
	await update.abort();
	await update.close();
});
