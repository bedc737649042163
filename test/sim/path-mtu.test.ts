/** The search for larger datagrams, in whole pulls: what is found, what it costs, what goes wrong. */
import test from 'ava';
import type {DatagramSizes} from '../../src/platform/datagram.ts';
import {type FullResult, FullRun} from '../support/full-run.ts';
import {seedsOr} from '../support/seeds.ts';
import type {WorldSettings} from '../support/world-draw.ts';

const MiB = 1 << 20;

/** 20 Mbit/s, 40 ms. */
const plain: WorldSettings = {
	seed: 1,
	roundTrip: 40_000,
	rate: 2_500_000,
	down: {rate: 2_500_000, delay: 20_000},
	up: {rate: 2_500_000, delay: 20_000},
	loss: 0,
	sizes: [6 * MiB],
};

type Outcome = FullResult & {
	/** Datagrams of the source by size, those too large for the path among them. */
	readonly sent: Map<number, number>;
	readonly tooLarge: number;
};

/** A pull over a path that carries datagrams of at most `mtuAt(time)` octets. */
async function cross(
	settings: WorldSettings,
	mtuAt: (sinceStart: number) => number,
	datagramSizes: DatagramSizes,
): Promise<Outcome> {
	const sent = new Map<number, number>();
	let tooLarge = 0;
	const run = new FullRun(settings, {datagramSizes, sealed: false});
	run.down.settings = {
		...run.down.settings,
		drop: (_index, data, now) => {
			sent.set(data.length, (sent.get(data.length) ?? 0) + 1);
			const fits = data.length <= mtuAt(now - run.start);
			if (!fits) tooLarge++;
			return !fits;
		},
	};
	return {...(await run.execute()), sent, tooLarge};
}

/** The size of the datagrams that carried most. */
function usual({sent}: Pick<Outcome, 'sent'>): number {
	return [...sent].sort((a, b) => b[0] * b[1] - a[0] * a[1])[0]![0];
}

for (const [mtu, found] of [
	[1472, 1472],
	[1452, 1452],
	[1372, 1372],
	[1300, 1277],
	[1200, 1200],
] as const) {
	test(`a path of ${mtu} octets is filled with datagrams of ${found}, and loses nothing but probes`, async t => {
		const outcome = await cross(plain, () => mtu, {max: 1472});
		t.true(outcome.complete);
		t.is(outcome.wrong, undefined);
		t.is(usual(outcome), found);
		t.true(outcome.tooLarge <= 15, `${outcome.tooLarge} probes`);
		t.true(outcome.bytesDown < 1.03 * outcome.bytesLeast, `${outcome.bytesDown} octets`);
	});
}

test('probes are a thirty-second of what is sent at most: little is fetched without any', async t => {
	const small = await cross({...plain, sizes: [30_000]}, () => 65_507, {max: 65_507});
	t.true(small.complete);
	t.is(Math.max(...small.sent.keys()), 1200);
	const none = await cross({...plain, sizes: [2 * MiB]}, () => 65_507, {max: 1200});
	const some = await cross({...plain, sizes: [2 * MiB]}, () => 1300, {max: 65_507});
	t.true(some.tooLarge > 3);
	t.true(some.bytesDown < none.bytesDown * (1 + 1 / 32), `${some.bytesDown}, ${none.bytesDown}`);
});

test('jumbo frames are found, and used as the rate allows', async t => {
	const fast = {...plain, rate: 125e6, sizes: [64 * MiB], roundTrip: 2000};
	const link = {rate: 125e6, delay: 1000, queue: 4 * MiB};
	const outcome = await cross({...fast, down: link, up: link}, () => 8972, {max: 65_507});
	t.true(outcome.complete);
	t.is(usual(outcome), 8972);
	t.true((outcome.sent.get(8972) ?? 0) * 8972 > 32 * MiB);
});

test('on a slow path nothing larger is tried: a probe would take as long as a round trip', async t => {
	const link = {rate: 8000, delay: 20_000};
	const slow = {...plain, rate: 8000, down: link, up: link, sizes: [40_000]};
	const outcome = await cross(slow, () => 65_507, {max: 65_507});
	t.true(outcome.complete);
	t.is(Math.max(...outcome.sent.keys()), 1200);
});

for (const seed of seedsOr(11, 12, 13)) {
	test(`lost probes are told from those that are too large [SHOAL_SEED=${seed}]`, async t => {
		const lossy = {...plain, seed, loss: 0.1, down: {...plain.down, loss: 0.1}};
		const outcome = await cross(lossy, () => 1412, {max: 1472});
		t.true(outcome.complete);
		t.is(usual(outcome), 1412);
	});
}

test('what arrives only because this host cut it has failed', async t => {
	let cut = 0;
	const sent = new Map<number, number>();
	const run = new FullRun(plain, {datagramSizes: {max: 1472, fragmentCount: () => cut}});
	run.down.settings = {
		...run.down.settings,
		drop: (_index, {length}) => {
			sent.set(length, (sent.get(length) ?? 0) + 1);
			if (length > 1412) cut++;
			return false;
		},
	};
	const result = await run.execute();
	t.true(result.complete);
	t.is(usual({sent}), 1412);
	t.true(cut <= 30, `${cut} were cut`);
});

test('a path that carries less from one moment on is noticed within some round trips', async t => {
	const shrinks = (time: number) => (time < 1_500_000 ? 1472 : 1280);
	const outcome = await cross(plain, shrinks, {max: 1472});
	const steady = await cross(plain, () => 1280, {max: 1472});
	t.true(outcome.complete);
	t.is(outcome.wrong, undefined);
	t.true(outcome.time < steady.time + 1_500_000, `${outcome.time} us, ${steady.time} us`);
	t.true((outcome.sent.get(1252) ?? 0) + (outcome.sent.get(1277) ?? 0) > 1000);
});

test('a silence of the whole path is no sign of its size for long', async t => {
	const hole = {...plain, sizes: [16 * MiB]};
	const run = await cross(hole, time => (time > 1_500_000 && time < 2_500_000 ? 0 : 1472), {
		max: 1472,
	});
	t.true(run.complete);
	t.is(usual(run), 1472);
});
