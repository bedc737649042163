import test from 'ava';
import {closeCode} from '../../src/session/payload.ts';
import type {Frame} from '../../src/wire/frame.ts';
import {packetOf} from '../support/frames.ts';
import {adding, changing, type Lie, lying} from '../support/liar.ts';
import {pathOf} from '../support/path.ts';
import {Prng} from '../support/prng.ts';
import {seedsOr} from '../support/seeds.ts';
import {isOver, type Run, startRun} from '../support/transfer-run.ts';

const second = 1_000_000;
const most = 2 ** 53 - 1;

/** Forty files of 20 KB: 40 ms, 10 Mbit/s, a second of transfer. */
const settings = pathOf({megabits: 10, roundTripMs: 40, sizes: new Array(40).fill(20_000)});

type Told = {
	readonly run: Run;
	readonly outcome: string;
	readonly time: number;
	/** The code with which the receiver ended it. */
	readonly code: number | undefined;
};

/** One transfer from a source that tells `lie`. */
function tell(lie: Lie, limit = 60 * second): Told {
	const run = startRun(settings, {wrapSender: sender => lying(sender, lie)});
	const {world, start, receiver} = run;
	const outcome = world.drive({
		done: () => isOver(run),
		until: start + limit,
		stepsMax: 1_000_000,
	});
	return {run, outcome, time: world.now - start, code: receiver.closedWith};
}

const truth = tell(frames => frames);

/** The first octets of each block, once more. */
function beginnings(frames: readonly Frame[]): Frame[] {
	return frames
		.filter(frame => frame.name === 'block')
		.slice(0, 1)
		.map(frame => ({...frame, data: frame.data.slice(0, 90)}));
}

/** The session ends at once, and nothing wrong was handed over. */
const refused: Readonly<Record<string, readonly [code: number, lie: Lie]>> = {
	'a block of a want that was never made': [
		closeCode.malformed,
		changing('block', ({want}) => ({want: want + 5000})),
	],
	'a block of the highest want there can be': [
		closeCode.malformed,
		changing('block', () => ({want: most})),
	],
	'a block beyond the end of its want': [
		closeCode.malformed,
		changing('block', ({offset}) => ({offset: offset + 40_000})),
	],
	'a block at the highest offset there is': [
		closeCode.malformed,
		changing('block', () => ({offset: most})),
	],
	'a block of an object that the want does not have': [
		closeCode.malformed,
		changing('block', ({object}) => ({object: object + 1000})),
	],
	'a block of no octets': [
		closeCode.malformed,
		changing('block', () => ({data: new Uint8Array(0)})),
	],
	'a refusal of a want that was never made': [
		closeCode.malformed,
		adding(() => [{name: 'refuse', want: 5000, object: 0, code: 1}]),
	],
	'a refusal of an object that the want does not have': [
		closeCode.malformed,
		adding(() => [{name: 'refuse', want: 1, object: 5000, code: 1}]),
	],
	'a feedback that was never sent': [
		closeCode.malformed,
		changing('data', ({version}) => ({version: version + 1_000_000})),
	],
	'wants taken in that were never made': [
		closeCode.malformed,
		changing('data', ({taken}) => ({taken: taken + 5000})),
	],
	'wants sent to their end before they were taken in': [
		closeCode.malformed,
		changing('data', ({taken}) => ({unsent: taken + 1})),
	],
	'two heads of a packet': [closeCode.malformed, frames => [frames[0]!, ...frames]],
	'blocks without a head of the packet': [closeCode.malformed, frames => frames.slice(1)],
	'frames of a receiver': [
		closeCode.malformed,
		adding(() => [{name: 'feedback', version: 1, below: 0, rate: 1, packet: 0, bytes: 1}]),
	],
	'a frame of a type that nobody knows': [
		closeCode.malformed,
		frames => Uint8Array.of(...packetOf(...frames), 0x7e),
	],
	'a packet that ends within a frame': [
		closeCode.malformed,
		frames => packetOf(...frames).slice(0, -1),
	],
	'more octets than were ever asked for': [closeCode.limit, adding(beginnings)],
	'more new heads than there can be': [
		closeCode.limit,
		adding((_, count) => [{name: 'head', statement: Uint8Array.of(count, count >> 8), diffs: []}]),
	],
};

for (const [name, [code, lie]] of Object.entries(refused)) {
	test(`${name}: the session is closed`, t => {
		const told = tell(lie);
		t.is(told.code, code);
		t.true(told.time <= 1.1 * truth.time);
		const {wrong} = told.run.receiver;
		t.true(wrong === undefined || wrong === 'a head nobody sent', wrong);
	});
}

/** It makes no difference, or a small one. */
const harmless: Readonly<Record<string, Lie>> = {
	'no want was taken in': changing('data', () => ({taken: 0, unsent: 0})),
	'no want was sent to its end': changing('data', () => ({unsent: 0})),
	'everything was sent before the least that can be': changing('data', () => ({time: 0})),
	'times that run backwards': changing('data', ({time}) => ({time: 2 ** 32 - 1 - time})),
	'each feedback was held for an hour': changing('data', ({held}) => ({
		held: held === 0 ? 0 : 3_600_000_000,
	})),
	'each feedback was held for as long as there is': changing('data', () => ({held: most})),
	'each feedback was the first': changing('data', () => ({version: 1, held: 1})),
	'nothing more to send': changing('data', () => ({flags: 1})),
	'flags that mean nothing': changing('data', () => ({flags: 0xfe})),
	'every want was sent to its end': changing('data', ({taken}) => ({unsent: taken})),
};

for (const [name, lie] of Object.entries(harmless)) {
	test(`${name}: all comes, soon, and is asked for seldom`, t => {
		const {run, outcome, time, code} = tell(lie);
		t.is(code, undefined);
		t.is(outcome, 'done');
		t.true(run.receiver.isWhole);
		t.is(run.receiver.wrong, undefined);
		t.true(time <= 4 * truth.time + second, `${time} us, with the truth ${truth.time}`);
		const {up} = run;
		t.true(up.counts.sent <= 6 * truth.run.up.counts.sent + 100, `${up.counts.sent} datagrams up`);
	});
}

test('octets that are not those of the file are handed over: leaves decide', t => {
	const {run, outcome, time} = tell(
		changing('block', ({data}, count) => {
			const flipped = data.slice();
			if (count === 7) flipped[flipped.length >> 1]! ^= 1;
			return {data: flipped};
		}),
	);
	t.is(outcome, 'done');
	t.true(run.receiver.isWhole);
	t.regex(run.receiver.wrong ?? '', /^octets of/);
	t.true(time <= 1.1 * truth.time);
});

test('a source that refuses everything is done soon', t => {
	const {run, outcome, time} = tell(frames =>
		frames.map(frame => {
			if (frame.name !== 'block') return frame;
			return {name: 'refuse', want: frame.want, object: frame.object, code: 3} as const;
		}),
	);
	t.is(outcome, 'done');
	t.is(run.receiver.refusedCount, 40);
	t.is(run.receiver.wrong, undefined);
	// A refusal says nothing of the path: the rate stays what it was. Taken for a delivery of few
	// octets, it had the rate fall to its least, and this took 12 times as long as the truth, not 2.
	t.true(time <= 3 * truth.time, `${time} us`);
});

test('octets that come again are dropped and counted', t => {
	const {run, outcome} = tell(
		adding((frames, count) => (count % 50 === 0 ? beginnings(frames) : [])),
	);
	t.is(outcome, 'done');
	t.is(run.receiver.wrong, undefined);
	const {bytesDuplicate} = run.fetcher.statistics;
	t.true(bytesDuplicate > 0 && bytesDuplicate < 20 * 90);
});

test('a source without a clock is slow, and goes on', t => {
	const {run, code} = tell(
		changing('data', (_, count) => ({time: (count * 2_654_435_761) % 2 ** 32})),
		120 * second,
	);
	t.is(code, undefined);
	t.is(run.receiver.wrong, undefined);
	const before = run.receiver.bytes;
	run.world.drive({until: run.world.now + 120 * second, done: () => isOver(run)});
	t.true(run.receiver.isWhole || run.receiver.bytes > before + 20_000);
});

test('a source that says all and sends nothing is asked again at a bounded rate, for ever', t => {
	const {run, outcome} = tell(frames => frames.filter(({name}) => name !== 'block'), 120 * second);
	t.is(outcome, 'late');
	t.is(run.receiver.wrong, undefined);
	const {sent, sentBytes} = run.up.counts;
	// Four feedbacks a round trip, each of at most four datagrams.
	t.true(sent <= (120 * second * 16) / settings.roundTrip, `${sent} datagrams`);
	t.true(sentBytes <= 0.5 * 120 * settings.rate, `${sentBytes} octets`);
});

/** A transfer whose source sends nothing that is new from its `count`th packet on. */
function stall(count: number, holes: readonly (readonly [number, number])[], stallTimeout: number) {
	let packets = 0;
	const lie: Lie = frames => frames.filter(({name}) => name !== 'block' || ++packets < count);
	const {down, up} = settings;
	const world = {...settings, down: {...down, holes}, up: {...up, holes}};
	const run = startRun(world, {
		wrapSender: sender => lying(sender, lie),
		fetcher: {stallTimeout},
	});
	const outcome = run.world.drive({
		done: () => isOver(run),
		until: run.start + 120 * second,
		stepsMax: 1_000_000,
	});
	return {run, outcome, time: run.world.now - run.start};
}

for (const count of [1, 200]) {
	test(`a source that answers and sends nothing from packet ${count} on is left after the time-out`, t => {
		const {run, time} = stall(count, [], 30 * second);
		t.is(run.receiver.closedWith, closeCode.idle);
		t.true(time >= 30 * second && time < 40 * second, `${time} us`);
	});
}

test('a source that sends is not left, however long the path was silent before', t => {
	const holes = [[second / 2, 29.5 * second]] as const;
	const {run, outcome} = stall(Infinity, holes, 10 * second);
	t.is(outcome, 'done');
	t.true(run.receiver.isWhole);
});

const values = [0, 1, 2, 3, 100, 1199, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, most];

/** Some field of some frame is something else, now and then. */
function anything(prng: Prng, share: number): Lie {
	return frames => {
		if (!prng.chance(share)) return frames;
		const chosen = prng.below(frames.length);
		const changed = frames.map((frame, index) => {
			if (index !== chosen) return frame;
			const names = Object.keys(frame).filter(
				name => typeof frame[name as keyof Frame] === 'number',
			);
			if (names.length === 0) return frame;
			const name = prng.pick(names);
			const limit = name === 'flags' || name === 'code' ? 256 : name === 'time' ? 2 ** 32 : most;
			const before = (frame as unknown as Record<string, number>)[name]!;
			const near = before + prng.below(7) - 3;
			const value = prng.chance(0.5) ? prng.pick(values) : Math.max(0, near);
			return {...frame, [name]: value % limit} as Frame;
		});
		if (prng.chance(0.1)) changed.push(prng.pick(changed));
		if (prng.chance(0.05)) changed.shift();
		if (prng.chance(0.05)) return packetOf(...changed).slice(0, prng.below(1000));
		return changed;
	};
}

for (const seed of seedsOr(1, 2, 3, 4)) {
	test(`whatever a source says, the session ends or goes on, and nothing throws [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		let closed = 0;
		let whole = 0;
		for (let round = 0; round < 40; round++) {
			const share = prng.logUniform(0.0002, 1);
			const {run, outcome, code} = tell(anything(prng, share), 20 * second);
			t.not(outcome, 'endless');
			t.not(outcome, 'quiet', 'somebody is always waited for');
			if (code !== undefined) closed++;
			else if (run.receiver.isWhole) whole++;
			t.true(run.up.counts.sent < 20_000, `${run.up.counts.sent} datagrams up`);
			const {bytesNew, bytesIn} = run.fetcher.statistics;
			t.true(bytesNew <= 40 * 20_000 + run.store.listSize);
			t.true(bytesIn >= bytesNew);
		}
		t.true(closed > 0 && whole > 0);
	});
}
