/**
 * What an operator allows, over a path that would carry more: in no second is more sent than that
 * and a few per cent, all of it is used, and those who want more than their share have equal ones.
 */
import test from 'ava';
import {PathModel} from '../../src/congestion/model.ts';
import {RateCap} from '../../src/transfer/rate-cap.ts';
import {micros} from '../../src/unit.ts';
import {type FlowOptions, jain, SharedPath} from '../support/shared-path.ts';

const path = {megabits: 100, queue: 1};

function flow(caps: readonly RateCap[], rateMax?: number): FlowOptions {
	const controller = () => new PathModel();
	return {controller, roundTripMs: 40, sender: {caps}, fetcher: {rateMax}};
}

/** No second has 3 % more than the rate, and all of them together use it. */
function holds(seconds: readonly number[], rate: number): boolean {
	const mean = seconds.reduce((a, b) => a + b, 0) / seconds.length;
	return Math.max(...seconds) <= 1.03 * rate && mean >= 0.96 * rate;
}

for (const count of [1, 10, 64]) {
	test(`a total of 1 MB a second holds in every second, shared by ${count} sessions`, t => {
		const total = new RateCap(1e6);
		const shared = new SharedPath(
			path,
			Array.from({length: count}, () => flow([total])),
		);
		shared.seconds(0, 2000);
		const before = shared.flows.map(({bytes}) => bytes);
		const seconds = shared.seconds(2000, 4000);
		t.true(holds(seconds, 1e6), `${seconds}`);
		const shares = shared.flows.map(({bytes}, index) => bytes - before[index]!);
		t.true(jain(shares) > 0.98, `${jain(shares)}`);
	});
}

test('caps of client, module and server hold at once, and shares are max-min fair', t => {
	// One is held to 100 KB by itself, two to 200 KB between them; the fourth has all the rest.
	const server = new RateCap(1e6);
	const module = new RateCap(200e3);
	const shared = new SharedPath(path, [
		flow([server, new RateCap(100e3)]),
		flow([server, module]),
		flow([server, module]),
		flow([server]),
	]);
	t.true(holds(shared.seconds(2000, 4000), 1e6), 'all together');
	const shares = shared.measure(4000, 7000).map(megabits => megabits * 125);
	const expected = [100, 100, 100, 700].map(kilobytes => kilobytes * 0.93);
	for (const [index, share] of shares.entries()) {
		t.true(Math.abs(share / expected[index]! - 1) < 0.05, `${shares} of ${expected} KB/s`);
	}
});

test('a session of a slow receiver leaves what it cannot use to the others', t => {
	const total = new RateCap(1e6);
	const shared = new SharedPath(path, [flow([total], 50e3), flow([total]), flow([total])]);
	t.true(holds(shared.seconds(2000, 4000), 1e6));
	const [slow = 0, ...rest] = shared.measure(4000, 7000);
	t.true(slow * 125 < 52, `${slow * 125} KB/s`);
	t.true(Math.min(...rest) * 125 > 430, `${rest.map(rate => rate * 125)} KB/s`);
});

test('a limit that is changed is the limit of running sessions from then on', t => {
	const total = new RateCap(1e6);
	const shared = new SharedPath(path, [flow([total]), flow([total])]);
	t.true(holds(shared.seconds(1000, 3000), 1e6));
	total.setRate(200e3, shared.world.now);
	t.true(holds(shared.seconds(3000, 6000), 200e3), 'lowered');
	total.setRate(4e6, shared.world.now);
	shared.world.poll('receiver:0');
	t.true(holds(shared.seconds(6500, 7600), 4e6), 'raised');
	total.setRate(Infinity, shared.world.now);
	const [first = 0, second = 0] = shared.measure(9500, 10_000);
	t.true(first + second > 60, `${first + second} Mbit/s without a limit`);
});

test('a limit of the receiver holds in every second, and can be changed', t => {
	const shared = new SharedPath(path, [flow([], 500e3)]);
	const {fetcher} = shared.flows[0]!;
	t.true(holds(shared.seconds(1000, 4000), 500e3));
	fetcher.limitRate(2e6);
	shared.world.poll('receiver:0');
	t.true(holds(shared.seconds(4500, 6500), 2e6));
	t.true(fetcher.rate <= 2e6);
});

test('what was not used in a pause does not come all at once', t => {
	const cap = new RateCap(1e6);
	let now = 0;
	const first = cap.book(now);
	now = micros(10_000_000);
	let burst = 0;
	while (cap.book(now) <= now) burst += 1500;
	t.is(first, 0);
	t.true(burst <= 22_000, `${burst} octets after ten seconds`);
});
