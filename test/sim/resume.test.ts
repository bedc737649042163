/**
 * A start that goes on from what the path carried the last time (RFC 9959): what it gains, and what
 * it costs where the path is narrower, longer, shared or moved since, or the record is a lie.
 */
import test from 'ava';
import {Cubic} from '../../src/congestion/cubic.ts';
import {PathModel} from '../../src/congestion/model.ts';
import type {PathRecord} from '../../src/congestion/resume.ts';
import {closeCode} from '../../src/session/payload.ts';
import type {ProvenFlight} from '../../src/transfer/proven-path.ts';
import {Bed, initialWindow, mostIn, oneWay, roundTrip} from '../support/bed.ts';
import {runFull} from '../support/full-run.ts';
import {Hostile} from '../support/hostile.ts';
import {type PathOptions, pathOf} from '../support/path.ts';
import {type FlowOptions, jain, SharedPath} from '../support/shared-path.ts';
import {type Run, runTransfer} from '../support/transfer-run.ts';

const MB = 1e6;

/** What either side remembers. */
type Memory = {readonly saved?: PathRecord; readonly lent?: ProvenFlight};

/** Of a session that had the path for itself. */
function memoryOf(megabits: number, roundTripMs: number): Required<Memory> {
	const rate = megabits * 125_000;
	const roundTrip = roundTripMs * 1000;
	return {saved: {rate, roundTrip}, lent: {flight: (1.25 * rate * roundTrip) / 1e6, roundTrip}};
}

function run(
	options: PathOptions,
	{saved, lent}: Memory,
	watch?: (run: Run) => void,
	rateMax?: number,
) {
	let queue = 0;
	let overflowed = 0;
	const model = new PathModel(saved);
	const result = runTransfer(pathOf(options), {
		fetcher: {roundTrip: options.roundTripMs * 1000, rateMax},
		controller: () => model,
		sender: {lent},
		trace: now => {
			watch?.(now);
			queue = Math.max(queue, now.down.waitAt(now.world.now));
			overflowed = now.down.counts.overflowed;
		},
	});
	if (!result.complete) throw new Error(`${result.wrong ?? result.outcome}`);
	const cost = (result.bytesDown / result.bytesLeast) * (1 - result.loss);
	return {time: result.time, cost, queue, overflowed, record: model.record};
}

const far = {megabits: 100, roundTripMs: 100, sizes: [8 * MB]};
const memory = memoryOf(100, 100);

for (const [path, most] of [
	[far, 0.88],
	[{megabits: 20, roundTripMs: 300, sizes: [8 * MB]}, 0.94],
	[{megabits: 50, upMegabits: 5, roundTripMs: 600, sizes: [16 * MB]}, 0.78],
] as const) {
	const {megabits, roundTripMs, sizes} = path;
	const title = `${megabits} Mbit/s and ${roundTripMs} ms`;
	test(`${title}: ${sizes[0] / MB} MB take ${100 * most} % of a cold start's time at most`, t => {
		const cold = run(path, {});
		const resumed = run(path, memoryOf(megabits, roundTripMs));
		t.true(resumed.time < most * cold.time, `${resumed.time} us, ${cold.time} cold`);
		t.true(resumed.queue <= cold.queue, `${resumed.queue} us, ${cold.queue} cold`);
		t.is(resumed.overflowed, 0);
		const {rate} = resumed.record as PathRecord;
		t.true(Math.abs(rate / (megabits * 125_000) - 1) < 0.05, `${rate}: remembered anew`);
	});
}

test('what one side alone remembers costs nothing', t => {
	const cold = run(far, {});
	for (const known of [{saved: memory.saved}, {lent: memory.lent}]) {
		const half = run(far, known);
		t.true(half.time < 1.05 * cold.time, `${half.time} us, ${cold.time} cold`);
		t.true(half.cost < cold.cost + 0.01, `${half.cost}, ${cold.cost} cold`);
	}
});

test('what a limit, or too little to fetch, left of a path is not taken for all of it', t => {
	const path = {...far, sizes: [16 * MB]};
	const cold = run(path, {});
	const held = run(path, memory, undefined, 4 * MB);
	t.is(held.record, undefined, 'no less than what was remembered');
	const little = [run(path, {}, undefined, 2 * MB), run({...far, sizes: [MB]}, {})];
	for (const {record: saved} of little) {
		t.like(saved, {isLeast: true});
		const {rate, roundTrip: lasted} = saved as PathRecord;
		const lent = {flight: (1.25 * rate * lasted) / 1e6, roundTrip: lasted};
		const {time} = run(path, {saved: saved as PathRecord, lent});
		t.true(time < 1.01 * cold.time, `${time} us, ${cold.time} cold`);
	}
});

for (const queue of [0.1, 1, 4]) {
	test(`a path of a tenth since, queue of ${queue}: the first train shows it`, t => {
		const narrow = {...far, megabits: 10, queue, sizes: [MB]};
		const cold = run(narrow, {});
		const {time, cost, queue: wait} = run(narrow, memory);
		t.true(time < 1.1 * cold.time, `${time} us, ${cold.time} cold`);
		// Of a queue of ten datagrams.
		t.true(cost < cold.cost + (queue < 1 ? 0.12 : 0.01), `${cost}, ${cold.cost} cold`);
		t.true(wait <= 1.1 * cold.queue, `${wait} us, ${cold.queue} cold`);
	});
}

test('a path that narrows behind the first train: a round trip is lost at most, and taken back', t => {
	const jump = ((memory.saved.rate / 2) * memory.saved.roundTrip) / 1e6;
	let narrowedAt = 0;
	const {overflowed, record, cost} = run(far, memory, ({down, world}) => {
		if (narrowedAt > 0 || down.counts.sent < 40) return;
		narrowedAt = world.now;
		down.settings = {...down.settings, rate: 1_250_000, queue: 125_000};
	});
	t.true(narrowedAt > 0);
	t.true(overflowed > 0 && overflowed * 1228 < 1.3 * jump, `${overflowed} lost`);
	t.true(cost < 1.15, `${cost}`);
	t.is(record, 'refuted');
});

test('a record ten times too large, believed by the source or not, costs nothing', t => {
	const {saved, lent} = memoryOf(1000, 100);
	const cold = run(far, {});
	for (const believed of [memory.lent, lent]) {
		const lie = run(far, {saved, lent: believed});
		t.true(lie.time < 1.1 * cold.time, `${lie.time} us, ${cold.time} cold`);
		t.is(lie.overflowed, 0);
	}
});

for (const roundTripMs of [50, 120, 1000]) {
	test(`a round trip of ${roundTripMs} ms instead of 100: nothing is resumed`, t => {
		const other = {...far, roundTripMs, sizes: [4 * MB]};
		const cold = run(other, {});
		const wary = run(other, memory);
		t.true(wary.time > 0.97 * cold.time, `${wary.time} us, ${cold.time} cold`);
		t.true(wary.time < 1.15 * cold.time, `${wary.time} us, ${cold.time} cold`);
	});
}

/** As after a handshake that has met the queue that stands, or not. */
const shoal = (startMs: number, roundTripMs: number, known: Memory): FlowOptions => ({
	controller: () => new PathModel(known.saved),
	roundTripMs,
	startMs,
	sender: {lent: known.lent},
	fetcher: {roundTrip: undefined},
});

test('four shoals that had all of the path the last time come to equal shares', t => {
	const known = memoryOf(20, 100);
	let least = 1;
	let mean = 0;
	for (const gapMs of [200, 300, 400]) {
		const flows = [0, 1, 2, 3].map(index => shoal(gapMs * index, 100, known));
		const rates = new SharedPath({megabits: 20, queue: 1}, flows).measure(8000, 14_000);
		least = Math.min(least, jain(rates));
		mean += jain(rates) / 3;
	}
	t.true(mean >= 0.92 && least >= 0.8, `${mean}, ${least} at least`);
});

test('beside a CUBIC that has the path now, it takes half at most, and CUBIC stays', t => {
	const known = memoryOf(20, 100);
	const cubic = {controller: () => new Cubic(), roundTripMs: 100};
	const path = new SharedPath({megabits: 20, queue: 1}, [cubic, shoal(5000, 100, known)]);
	const [, mine = 0] = path.measure(5000, 9000);
	t.true(mine < 0.5 * 20, `${mine} Mbit/s`);
	const [others = 0] = path.measure(9000, 20_000);
	t.true(others > 0.3 * 20, `${others} Mbit/s`);
});

/** A whole source that has served `receiver`, which has closed its session since. */
async function served() {
	const link = {rate: 12_500_000, delay: oneWay, queue: 1_250_000};
	const bed = new Bed({link, sizes: [8 << 20]});
	const model = new PathModel();
	const fetcher = bed.fetcher({}, model);
	const peer = bed.seat('receiver:1', fetcher);
	await bed.pass(20e6, () => fetcher.wantedBytes === 0);
	peer.initiator.close(closeCode.done, '');
	bed.world.poll('receiver:1');
	await bed.pass(1e6);
	return {bed, record: model.record as PathRecord};
}

test('a source lends to the address that has proved it, whatever its port, and to no other', async t => {
	const {bed, record} = await served();
	const pull = async (address: string): Promise<number> => {
		const fetcher = bed.fetcher({}, new PathModel(record));
		const beganAt = bed.world.now;
		const peer = bed.seat(address, fetcher);
		await bed.pass(20e6, () => fetcher.wantedBytes === 0);
		const time = bed.world.now - beganAt;
		peer.initiator.close(closeCode.done, '');
		bed.world.poll(address);
		await bed.pass(1e6);
		return time;
	};
	const stranger = await pull('stranger:1');
	const [again, more] = [await pull('receiver:2'), await pull('receiver:3')];
	t.true(again < 0.92 * stranger, `${again} us, ${stranger} elsewhere`);
	t.true(more < 0.92 * stranger, 'what was proved anew is lent again');
});

test('who proves its first packet alone gets half of what was proved, once, and others nothing', async t => {
	const {bed} = await served();
	// Receipts are looked back at for a quarter more than a round trip, which has a queue in it.
	const flight = mostIn(bed.sent, 2 * roundTrip);
	const requests = bed.requests().slice(0, 60);
	const from = bed.world.now;
	const begin = (address: string): void => {
		let isProved = false;
		const hostile = new Hostile(1000, (to, self, now) => {
			self.feedback(to, {rate: 2 ** 40, bytes: 2 ** 50});
			if (!isProved && self.bytesIn > 0) {
				isProved = true;
				self.receipt(to, now);
			}
			self.wants(to, 0, requests);
		});
		bed.seat(address, hostile);
	};
	const addresses = ['receiver:2', 'receiver:3', 'stranger:1'];
	for (const address of addresses) begin(address);
	await bed.pass(2e6);
	const lent = bed.sentTo('receiver:2', from);
	const own = bed.sent.filter(({to}) => to === 'receiver:2');
	t.true(lent > 8 * initialWindow && lent < flight, `${lent} octets of ${flight}`);
	t.true(mostIn(own, roundTrip) < flight / 2 + initialWindow, `${mostIn(own, roundTrip)} at once`);
	for (const address of addresses.slice(1)) {
		const most = mostIn(
			bed.sent.filter(({to}) => to === address),
			roundTrip,
		);
		t.true(most < 2.1 * initialWindow, `${most} octets to ${address}`);
	}
});

test('a pull begins with what the last one kept, and keeps what it saw itself', async t => {
	const asked: string[] = [];
	const kept: (readonly [remote: string, local: string, record: PathRecord | 'refuted'])[] = [];
	const {complete} = await runFull(pathOf(far), {
		paths: {
			recall: (remote, local) => {
				asked.push(`${remote} ${local}`);
				return memory.saved;
			},
			keep: (...args) => kept.push(args),
		},
	});
	t.true(complete);
	t.deepEqual(asked, ['source receiver:1']);
	t.is(kept.length, 1);
	const [remote, local, record] = kept[0]!;
	t.deepEqual([remote, local], ['source', 'receiver:1']);
	t.true(record !== 'refuted' && record.rate > 10e6, JSON.stringify(record));
});
