/** Statements through a relay: renewed, expired, gone back behind, outlived, of another key. */
import {existsSync, rmSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import platform from '#platform';
import type {Event} from '../../src/engine/event.ts';
import {RateDial} from '../../src/engine/rate-dial.ts';
import {compareTrees} from '../support/compare-trees.ts';
import {Place, until} from '../support/place.ts';
import {Prng} from '../support/prng.ts';

const dayMs = 86_400_000;

/** What all that runs in this process takes for the time. */
let aheadMs = 0;
Object.assign(platform.clock, {wallMs: () => Date.now() + aheadMs});
test.beforeEach(() => {
	aheadMs = 0;
});

async function chain(t: ExecutionContext) {
	const [origin, relay, edge] = [new Place(t), new Place(t), new Place(t)];
	origin.space.write('tree/file', 'one');
	const url = await origin.serve();
	t.is((await relay.pull(url)).exit, 0);
	return {origin, relay, edge, url};
}

test.serial('a relay has a statement renewed before it ends, and offers nothing after', async t => {
	const {origin, relay, edge, url} = await chain(t);
	aheadMs = 4 * dayMs;
	// A relay that asks before its origin has signed for that time asks again in ten minutes only.
	await until(t, async () => {
		let issuedMs = 0;
		const on = (event: Event): void => {
			if (event.event === 'plan') issuedMs = event.plan.issuedMs;
		};
		await new Place(t).pull(url, {on});
		return issuedMs > Date.now() + 3 * dayMs;
	});
	const through = await relay.serve();
	t.is((await edge.pull(through)).exit, 0);
	// Past half of its week it is asked for again; by that one nobody is warned.
	await until(t, async () => existsSync(relay.space.at('tree/.shoal/origin-renewed')));
	aheadMs = 8 * dayMs;
	await until(t, async () => {
		const fresh = new Place(t);
		return (await fresh.pull(through)).exit === 0 && fresh.notices.length === 0;
	});
	t.true((await edge.pull(through)).unchanged, 'renewed is not newer');
	t.deepEqual(edge.notices, []);
	// Without its origin it shows what it has until that ends.
	await origin.stop();
	aheadMs = 20 * dayMs;
	const isOver = () => relay.notices.some(text => text.includes('its origin has expired'));
	await until(t, async () => isOver());
	t.not((await edge.pull(through)).exit, 0);
	t.is((await relay.pull(await origin.serve())).exit, 0);
	await until(t, async () => (await edge.pull(through)).unchanged);
	t.deepEqual(edge.notices, []);
});

test.serial(
	'an edge warns of an expired statement behind a relay, and refuses one long expired',
	async t => {
		const {relay, edge} = await chain(t);
		// A process of its own, with a clock of its own: to it the statement is new.
		const {url: through} = await relay.space.serve('tree');
		t.is((await edge.pull(through)).exit, 0);
		t.deepEqual(edge.notices, []);
		aheadMs = 8 * dayMs;
		t.is((await edge.pull(through)).exit, 0);
		t.regex(edge.notices.join(), /expired 2[45] h ago: it may be cut off from its origin/);
		aheadMs = 15 * dayMs;
		const late = await edge.pull(through);
		t.is(late.exit, 5);
		t.is(late.errors[0]?.code, 'HEAD_EXPIRED');
	},
);

test.serial('an edge that has seen a newer snapshot refuses the older one of a relay', async t => {
	const {origin, relay, edge, url} = await chain(t);
	const through = await relay.serve();
	origin.space.write('tree/file', 'another');
	await origin.publish();
	t.is((await edge.pull(url)).exit, 0);
	const back = await edge.pull(through);
	t.is(back.exit, 5);
	t.is(back.errors[0]?.code, 'HEAD_ROLLED_BACK');
	t.deepEqual(compareTrees(origin.tree, edge.tree), []);
	t.is((await edge.pull(through, {allowRollback: true})).exit, 0);
	t.deepEqual(compareTrees(relay.tree, edge.tree), []);
});

test.serial('a chain follows its origin to a new key, each by the URL that it has', async t => {
	const {origin, relay, edge, url} = await chain(t);
	const through = await relay.serve();
	t.is((await edge.pull(through)).exit, 0);
	const {lines} = await origin.space.run('keygen', '--rotate');
	const key = String(lines.at(-1)!['publicKey']);
	origin.space.write('tree/file', 'under the new key');
	const newest = await origin.publish();
	// Whoever has not heard of it goes on with what the old key has signed.
	t.true((await edge.pull(through)).unchanged);
	const follows = async (place: Place, from: string): Promise<void> => {
		await until(t, async () => {
			const {exit, errors} = await place.pull(from);
			t.is(exit, 0, JSON.stringify(errors));
			return place.notices.some(text => text.includes(`has changed its key to ${key}`));
		});
		t.deepEqual(compareTrees(origin.tree, place.tree), []);
	};
	await follows(relay, url);
	await relay.offers(newest);
	await follows(edge, through);
	const keyed = through.replace(/\/\/.*@/, `//${key}@`);
	for (const known of [through, keyed]) {
		const fresh = new Place(t);
		t.is((await fresh.pull(known)).exit, 0, known);
		t.deepEqual(compareTrees(origin.tree, fresh.tree), []);
	}
});

test.serial(
	'a pull that outlives the snapshot of its relay goes on with the next, and keeps what came',
	async t => {
		const size = 3_000_000;
		const {origin, relay, edge, url} = await chain(t);
		origin.space.write('tree/a', new Prng(1).bytes(size));
		origin.space.write('tree/gone', 'only at first');
		origin.space.write('tree/z', 'before');
		await origin.publish();
		t.is((await relay.pull(url)).exit, 0);
		const through = await relay.serve();
		let hasBegun = false;
		const on = (event: Event): void => {
			if (event.event !== 'progress' || event.progress.phase !== 'transfer') return;
			if (event.progress.done > size / 20) hasBegun = true;
		};
		const pulling = edge.pull(through, {on, rateMax: 1e6});
		await until(t, async () => hasBegun);
		origin.space.write('tree/z', 'and afterwards');
		rmSync(origin.space.at('tree/gone'));
		const newest = await origin.publish();
		t.is((await relay.pull(url)).exit, 0);
		await relay.offers(newest);
		const result = await pulling;
		t.is(result.exit, 0, JSON.stringify(result.errors));
		t.is(result.snapshot, newest);
		t.true(result.bytesLiteral < size * 1.2, `${result.bytesLiteral}: what was staged is kept`);
		t.deepEqual(compareTrees(origin.tree, edge.tree), []);
	},
);

test.serial(
	'a pull from both that outlives the snapshot of both goes on with the next',
	async t => {
		const size = 3_000_000;
		const {origin, relay, edge, url} = await chain(t);
		origin.space.write('tree/a', new Prng(2).bytes(size));
		origin.space.write('tree/z', 'before');
		await origin.publish();
		t.is((await relay.pull(url)).exit, 0);
		const through = await relay.serve();
		// Else it has in memory what it has sent the relay.
		await origin.stop();
		const anew = await origin.serve();
		// Nobody has it as the snapshot says; a later one has it, before the rest has come.
		origin.space.write('tree/z', 'and afterwards');
		rmSync(relay.space.at('tree/z'));
		const rate = new RateDial(200_000);
		let hasBegun = false;
		const on = (event: Event): void => {
			if (event.event === 'progress' && event.progress.phase === 'transfer') hasBegun = true;
		};
		const pulling = edge.pull([through, anew], {on, rateMax: rate});
		await until(t, async () => hasBegun);
		const newest = await origin.publish();
		t.is((await relay.pull(anew)).exit, 0);
		await relay.offers(newest);
		rate.set(Infinity);
		const result = await pulling;
		t.is(result.exit, 0, JSON.stringify(result.errors));
		t.is(result.snapshot, newest);
		t.true(result.bytesLiteral < size * 1.2, `${result.bytesLiteral}: what was staged is kept`);
		t.deepEqual(compareTrees(origin.tree, edge.tree), []);
	},
);
