import test from 'ava';
import {Initiator} from '../../src/session/initiator.ts';
import {Bed, roundTrip} from '../support/bed.ts';
import {type FullResult, FullRun, runFull} from '../support/full-run.ts';
import {summarize} from '../support/run-summary.ts';
import {seedsOr} from '../support/seeds.ts';
import {drainEvents} from '../support/session-pair.ts';
import {moduleName} from '../support/sim-source.ts';
import {drawWorld, type WorldSettings} from '../support/world-draw.ts';

const MiB = 1 << 20;

for (const first of seedsOr(1, 101, 201, 301)) {
	test(`whole pulls over bad networks are complete, correct and in time [SHOAL_SEED=${first}]`, async t => {
		const results: FullResult[] = [];
		for (let seed = first; seed < first + 12; seed++) {
			results.push(await runFull(drawWorld(seed), {sealed: seed % 10 === 0}));
		}
		const {failed, late} = summarize(results);
		t.deepEqual(failed, []);
		t.true(late.length <= 1, `late: ${late}`);
	});
}

/** A path without faults: 100 ms, 10 Mbit/s, room for all that waits. */
const plain: WorldSettings = {
	seed: 1,
	roundTrip: 100_000,
	rate: 1_250_000,
	down: {rate: 1_250_000, delay: 50_000},
	up: {rate: 1_250_000, delay: 50_000},
	loss: 0,
	sizes: [20_000],
};

test('one small file, cold, takes two round trips and its own pacing: the list comes early', async t => {
	const {complete, time, answeredAfter, listedAfter} = await runFull(plain);
	t.true(complete);
	t.true(answeredAfter < 1.1 * plain.roundTrip);
	t.is(listedAfter, answeredAfter);
	t.true(time < 2.6 * plain.roundTrip, `${time} us`);
});

test('a list that takes the rest of the answer costs no round trip of its own', async t => {
	const {complete, answeredAfter, listedAfter} = await runFull({
		...plain,
		sizes: Array.from({length: 30}, () => 1000),
	});
	t.true(complete);
	t.true(listedAfter > answeredAfter);
	t.true(listedAfter < answeredAfter + 0.1 * plain.roundTrip, `${listedAfter} us`);
});

test('ten thousand small files cost their octets and some round trips, the start with them', async t => {
	const roundTrip = 100_000;
	const link = {rate: 12_500_000, delay: roundTrip / 2, queue: 1_250_000};
	const sizes = Array.from({length: 10_000}, (_, index) => 200 + ((index * 7919) % 2000));
	const {complete, time, ideal, listedAfter, bytesDown, bytesLeast} = await runFull({
		...plain,
		roundTrip,
		rate: link.rate,
		down: link,
		up: link,
		sizes,
	});
	t.true(complete);
	t.true(listedAfter < 8 * roundTrip, `${listedAfter} us`);
	t.true(time < ideal + 7.5 * roundTrip, `${time} us, ${ideal} by their octets`);
	t.true(bytesDown < 1.08 * bytesLeast, `${bytesDown / bytesLeast}`);
});

test('without loss nothing is asked for twice and nothing is sent twice', async t => {
	const run = new FullRun({...plain, sizes: [MiB, 0, 500, 3 * MiB, 1]});
	const {complete, time, ideal, bytesDown, bytesLeast} = await run.execute();
	t.true(complete);
	t.is(run.destination.refusedCount, 0);
	t.is(run.source.bytesRead, run.tree.contentBytes);
	t.true(bytesDown < 1.02 * bytesLeast + 10_000, `${bytesDown} of ${bytesLeast}`);
	t.true(time < 1.25 * ideal + 5 * plain.roundTrip, `${time} of ${ideal} us`);
});

test('when all has come the source is told, and keeps no session', async t => {
	const run = new FullRun(plain);
	await run.execute();
	const {world, source} = run;
	t.is(source.responder.sessionCount, 1);
	await world.driveAsync({until: world.now + plain.roundTrip});
	t.is(source.responder.sessionCount, 0);
	t.deepEqual(
		source.told.map(({state}) => state),
		['open', 'closed'],
	);
	t.is(source.droppedCount, 0);
});

test('who has the newest snapshot learns so in one round trip, and leaves nothing behind', async t => {
	const bed = new Bed();
	const {source, world} = bed;
	const {down, up} = bed.connect('receiver:1');
	const initiator = new Initiator({
		crypto: bed.crypto,
		now: world.now,
		wallMs: () => world.clock.wallMs(),
		peer: 'source',
		module: new TextEncoder().encode(moduleName),
		sequence: source.head.sequence,
		identity: source.identity.public,
	});
	world.add('receiver:1', initiator);
	world.poll('receiver:1');
	await bed.pass(1.01 * roundTrip);
	const [event] = drainEvents(initiator);
	t.like(event, {type: 'answered', early: []});
	t.is(up.counts.sent, 1);
	t.is(down.counts.sent, 1);
	t.true(up.counts.sentBytes + down.counts.sentBytes < 4000);
	t.is(source.responder.sessionCount, 0);
	t.is(source.bytesRead, 0);
	t.is(source.told.length, 0);
});

test('a path that is gone for longer than a session may be silent is dialled again', async t => {
	const hole: [number, number] = [1_500_000, 50_000_000];
	const holed = {...plain.down, holes: [hole]};
	const run = new FullRun({...plain, down: holed, up: holed, sizes: [2 * MiB]});
	const {complete, wrong, redials, time} = await run.execute();
	t.true(complete, wrong);
	t.is(redials, 1);
	t.true(time > hole[1] && time < hole[1] + 10_000_000, `${time} us`);
	t.is(run.source.responder.counts.sessions, 2);
});

test('a whole run is a function of its seed, under real ciphers too', async t => {
	for (const sealed of [false, true]) {
		const [a, b] = [await runFull(drawWorld(8), {sealed}), await runFull(drawWorld(8), {sealed})];
		t.deepEqual(a, b);
	}
});

test('a source whose disk never answers is left after the time-out, and not dialled again', async t => {
	const options = {readTime: 1e12, stallTimeout: 2_000_000};
	const {complete, wrong, time, redials} = await runFull(plain, options);
	t.false(complete);
	t.regex(wrong ?? '', /answers and sends nothing/);
	t.true(time > 2_000_000 && time < 4_000_000, `${time} us`);
	t.is(redials, 0);
});
