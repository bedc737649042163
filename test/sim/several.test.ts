/** A pull from several sources over paths that differ, in virtual time. */
import test, {type ExecutionContext} from 'ava';
import {Several} from '../../src/engine/several.ts';
import type {FetchRequest} from '../../src/transfer/request.ts';
import {objectKind} from '../../src/wire/frame.ts';
import {Prng} from '../support/prng.ts';
import {seedsOr} from '../support/seeds.ts';
import {SimReceiver, SimStore} from '../support/sim-store.ts';
import {simContributor} from '../support/sim-supply.ts';
import {World} from '../support/world.ts';

type Path = {readonly rate: number; readonly delay: number};

const rangeSize = 512 * 1024;

/** Pulls one file of `size` octets over these paths. */
function pull(t: ExecutionContext, size: number, paths: readonly Path[], seed: number) {
	const prng = new Prng(seed);
	const world = new World({now: 1_000_000});
	const store = new SimStore([size], 1);
	const receiver = new SimReceiver(store);
	const [first, ...others] = paths.map((path, at) =>
		simContributor({name: `${at}`, world, store, prng, ...path}),
	);
	const notices: string[] = [];
	const several = new Several(
		{
			platform: {clock: world.clock},
			failed: error => t.fail(error.message),
			notice: text => notices.push(text),
			stopDialling: async () => undefined,
		},
		first!,
	);
	for (const other of others) several.add(other);
	let next = 0;
	const content = {snapshot: 0, kind: objectKind.content, page: 0, position: 0, count: 1};
	const advance = (): void => {
		while (several.hungry && next < size) {
			const length = Math.min(rangeSize, size - next);
			several.fetch({...content, offset: next, length} as FetchRequest);
			next += length;
		}
	};
	let doneAt: number | undefined;
	several.deliver({
		block: (request, object, offset, data) => {
			receiver.block(request, object, offset, data);
			several.taken(data.length);
			advance();
			if (receiver.bytes === size) doneAt ??= world.now;
		},
		refused: () => t.fail(),
		done: advance,
	});
	const start = world.now;
	advance();
	world.drive({done: () => doneAt !== undefined, until: start + 600e6});
	t.is(receiver.wrong, undefined);
	t.is(receiver.bytes, size);
	const sent = several.counts.reduce((sum, {bytes}) => sum + bytes, 0);
	return {time: (doneAt ?? Infinity) - start, notices, counts: several.counts, sent};
}

for (const seed of seedsOr(1, 2)) {
	test(`one of two that is fifty times slower holds up little, whoever is first, and is named [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const quick = {rate: 1.5e6 * (1 + prng.float()), delay: 2000 + prng.below(20_000)};
		for (const size of [1_000_000, 6_000_000]) {
			const alone = pull(t, size, [quick], seed);
			const slow = {rate: quick.rate / 50, delay: 2000 + prng.below(100_000)};
			for (const paths of [
				[quick, slow],
				[slow, quick],
			]) {
				const both = pull(t, size, paths, seed);
				const times = both.time / alone.time;
				t.true(times <= 1.3, `${size} octets: ${times} times as long`);
				t.log(`${size} octets: ${times.toFixed(2)} times as long`);
				// Of less than a second nobody can say how slow it is.
				if (size < 6_000_000) continue;
				t.is(both.counts[paths.indexOf(slow)]!.dropped, 'SOURCE_STALLED');
				t.is(both.counts[paths.indexOf(quick)]!.dropped, undefined);
				t.is(both.notices.length, 1);
			}
		}
	});

	test(`two that are alike take half the time, send next to nothing twice, and neither is named [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const path = {rate: 1.5e6 * (1 + prng.float()), delay: 2000 + prng.below(20_000)};
		const size = 6_000_000;
		const alone = pull(t, size, [path], seed);
		const both = pull(t, size, [path, path], seed);
		t.log(`${(both.time / alone.time).toFixed(2)} times as long, ${both.sent - size} octets twice`);
		t.true(both.time < alone.time * 0.65);
		t.true(both.sent - size <= rangeSize, `${both.sent - size} octets twice`);
		t.deepEqual(both.notices, []);
	});
}
