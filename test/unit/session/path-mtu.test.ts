import test from 'ava';
import {PathMtu} from '../../../src/session/path-mtu.ts';
import {micros} from '../../../src/unit.ts';

const patience = 50_000;

/** Answers each probe as a path of `mtu` octets would, until none is due; the sizes tried. */
function search(mtu: PathMtu, carries: (size: number) => boolean, from = 0): number[] {
	const tried: number[] = [];
	let now = from;
	for (let number = from; number < from + 1200; number += 20) {
		const size = mtu.probeSize(micros(now));
		if (size === 0) return tried;
		tried.push(size);
		mtu.onProbe(number, size, micros(now));
		now += patience / 2;
		if (carries(size)) mtu.onReceipt(number, number, micros(now));
		else mtu.onReceipt(number + 10, number + 10, micros(now));
		now += patience;
		mtu.onFeedback(micros(now), patience);
	}
	throw new Error('the search has no end');
}

test('an Ethernet path takes one probe', t => {
	const mtu = new PathMtu({max: 1472});
	t.deepEqual(
		search(mtu, () => true),
		[1472],
	);
	t.is(mtu.size, 1472);
});

test('what is beyond an Ethernet path is found out with little more than its size', t => {
	const mtu = new PathMtu({max: 65_507});
	t.deepEqual(
		search(mtu, size => size <= 1472),
		[1472, 1504, 1504, 1504],
	);
	t.is(mtu.size, 1472);
});

test('a link that carries no more than every path is not searched', t => {
	const mtu = new PathMtu({max: 1200});
	t.deepEqual(
		search(mtu, () => true),
		[],
	);
	t.is(mtu.size, 1200);
});

for (const limit of [1200, 1231, 1232, 1300, 1413, 1471, 1472, 2000, 8972, 9000, 30_000, 65_507]) {
	test(`on a path of ${limit} octets the search ends less than 32 below`, t => {
		const mtu = new PathMtu({max: 65_507});
		const tried = search(mtu, size => size <= limit);
		t.true(mtu.size <= limit && mtu.size > limit - 32, `${mtu.size}`);
		t.true(tried.length <= 3 * 16, `${tried.length} probes`);
	});
}

test('a size has failed when three probes of it have', t => {
	const mtu = new PathMtu({max: 1472});
	let lost = 0;
	t.deepEqual(
		search(mtu, () => ++lost > 2),
		[1472, 1472, 1472],
	);
	t.is(mtu.size, 1472);
});

test('one probe is under way at a time', t => {
	const mtu = new PathMtu({max: 1472});
	t.is(mtu.probeSize(micros(0)), 1472);
	mtu.onProbe(5, 1472, micros(0));
	t.is(mtu.probeSize(micros(1)), 0);
});

test('sizes that failed are tried again after ten minutes', t => {
	const mtu = new PathMtu({max: 1472});
	search(mtu, size => size <= 1300);
	t.is(mtu.probeSize(micros(599_000_000)), 0);
	t.is(mtu.probeSize(micros(700_000_000)), 1472);
});

test('a probe that was cut on its way out has failed, though it arrives', t => {
	let cut = 7;
	const mtu = new PathMtu({max: 1472, fragmentCount: () => cut});
	search(mtu, size => {
		if (size > 1400) cut += 2;
		return true;
	});
	t.is(mtu.size, 1392);
});

test('eight large packets in a row that do not arrive are a sign, seven or one receipt are none', t => {
	const found = (): PathMtu => {
		const mtu = new PathMtu({max: 1472});
		search(mtu, () => true);
		return mtu;
	};
	const late = micros(10_000_000);
	const send = (mtu: PathMtu, count: number) => {
		for (let number = 1000; number < 1000 + count; number++) mtu.onSent(number, 1472, micros(9e6));
	};
	const seven = found();
	send(seven, 7);
	seven.onFeedback(late, patience);
	t.is(seven.size, 1472);
	const heard = found();
	send(heard, 20);
	heard.onReceipt(1003, 1003, late);
	heard.onFeedback(late, patience);
	t.is(heard.size, 1472);
	const black = found();
	send(black, 8);
	black.onReceipt(990, 999, late);
	black.onFeedback(late, patience);
	t.is(black.size, 1200);
});

test('when the host begins to cut what it sends, the search starts again', t => {
	for (const [perPacket, size] of [
		[0, 1472],
		[2, 1200],
	] as const) {
		let cut = 0;
		const mtu = new PathMtu({max: 1472, fragmentCount: () => cut});
		search(mtu, () => true);
		mtu.onFeedback(micros(10_000_000), patience);
		for (let number = 1000; number < 1100; number++) {
			mtu.onSent(number, 1472, micros(10_000_000));
			mtu.onReceipt(number, number, micros(10_000_000));
			cut += perPacket;
		}
		cut += 40;
		mtu.onFeedback(micros(10_600_000), patience);
		t.is(mtu.size, size);
	}
});

test('fragments are counted twice for a probe, and not for what else arrives', t => {
	const ages: number[] = [];
	const fragmentCount = (age: number): number => ages.push(age) * 0;
	const mtu = new PathMtu({max: 1472, fragmentCount});
	mtu.onProbe(5, 1472, micros(0));
	for (let number = 0; number < 100; number++) {
		if (number !== 5) mtu.onReceipt(number, number, micros(1000));
	}
	mtu.onReceipt(5, 5, micros(1000));
	t.is(mtu.size, 1472);
	t.deepEqual(ages, [0, 0]);
	for (let at = 2000; at < 400_000; at += 1000) mtu.onFeedback(micros(at), patience);
	t.is(ages.length, 3);
	t.true(ages[2]! > 0, 'a count that others have asked for will do');
});
