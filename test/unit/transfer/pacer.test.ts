import test from 'ava';
import {Pacer} from '../../../src/transfer/pacer.ts';

const size = 1228;

/** Sends as much as it may until `end`, waking when it is ready; octets sent. */
function send(pacer: Pacer, from: number, end: number, grain = 1): number {
	let sent = 0;
	for (let now = from; now < end; ) {
		while (pacer.allows(now)) {
			pacer.spend(size);
			sent += size;
		}
		now = Math.ceil(pacer.readyAt(now) / grain) * grain;
	}
	return sent;
}

for (const rate of [1000, 125_000, 12_500_000, 125_000_000]) {
	test(`at ${rate} octets a second as many leave, timers exact or of a millisecond`, t => {
		const span = Math.max(1_000_000, (20 * size * 1e6) / rate);
		for (const grain of [1, 1000]) {
			const pacer = new Pacer();
			pacer.setRate(rate, 0);
			const sent = send(pacer, 0, span, grain);
			const most = (rate * span) / 1e6;
			t.true(sent <= most + 2 * size, `${sent} of ${most}`);
			t.true(sent >= most * 0.98 - 2 * size, `${sent} of ${most}`);
		}
	});
}

test('a late timer is made up for, with at most eight milliseconds; more is told', t => {
	const rate = 12_500_000;
	const pacer = new Pacer();
	pacer.setRate(rate, 0);
	send(pacer, 0, 10_000);
	t.true(pacer.allows(16_000));
	t.false(pacer.takeLate());
	let burst = 0;
	while (pacer.allows(60_000)) {
		pacer.spend(size);
		burst += size;
	}
	t.true(burst <= rate * 0.008 + size && burst > rate * 0.0079, `${burst}`);
	t.true(pacer.takeLate());
	t.false(pacer.takeLate());
});

test('where timers are late again and again, more is made up for; not for ever', t => {
	const rate = 12_500_000;
	const pacer = new Pacer();
	pacer.setRate(rate, 0);
	const burstAt = (now: number): number => {
		let burst = 0;
		while (pacer.allows(now)) {
			pacer.spend(size);
			burst += size;
		}
		return burst;
	};
	let now = 0;
	for (let nap = 0; nap < 30; nap++) {
		now += 40_000;
		burstAt(now);
	}
	const most = burstAt(now + 40_000);
	t.true(most > rate * 0.03 && most <= rate * 0.1 + size, `${most}`);
	now += 40_000;
	for (const end = now + 10_000_000; now < end; now += 1000) burstAt(now);
	t.true(burstAt(now + 40_000) < rate * 0.009, 'forgotten');
});

test('waiting for something else earns nothing', t => {
	const rate = 12_500_000;
	const pacer = new Pacer();
	pacer.setRate(rate, 0);
	send(pacer, 0, 10_000);
	pacer.hold();
	t.true(pacer.allows(60_000));
	let burst = 0;
	while (pacer.allows(60_000)) {
		pacer.spend(size);
		burst += size;
	}
	t.true(burst <= rate * 0.00025 + size, `${burst}`);
});

test('no rate: nothing leaves, at no time', t => {
	const pacer = new Pacer();
	pacer.setRate(0, 0);
	t.false(pacer.allows(1_000_000));
	t.is(pacer.readyAt(1_000_000), Infinity);
});
