import {setImmediate} from 'node:timers/promises';
import test from 'ava';
import {CreditWindow} from '../../../src/driver/credit-window.ts';
import {SendRate} from '../../../src/driver/send-rate.ts';
import {micros, never} from '../../../src/unit.ts';

/** A session of HTTP/3 that says of itself what it is told to, and a clock moved by hand. */
function scene() {
	const figures = {rate: 0, expired: 0, looks: 0};
	let time = micros(1_000_000);
	const clock = {now: () => time, wallMs: () => 0, at: () => () => undefined};
	const session = {
		getStats: async () => {
			figures.looks++;
			return {
				estimatedSendRate: BigInt(figures.rate),
				datagrams: {expiredOutgoing: BigInt(figures.expired)},
			};
		},
	};
	const credit = new CreditWindow({windowMin: 38_400, windowMax: 1 << 20});
	const rate = new SendRate(session, credit, clock, 1 << 20);
	return {
		figures,
		credit,
		rate,
		moveTo: (at: number) => {
			time = micros(at);
		},
		now: () => time,
	};
}

test('until QUIC has said a rate the window alone holds datagrams back', t => {
	const {rate, now} = scene();
	t.true(rate.admits(1200, now()));
	rate.onSent(1_000_000);
	t.true(rate.admits(1200, now()));
	t.is(rate.opensAt(now()), never);
});

test('datagrams leave at three quarters of the rate that QUIC says', async t => {
	const {figures, rate, now, moveTo} = scene();
	figures.rate = 80_000_000;
	rate.admits(0, now());
	await setImmediate();
	let octets = 0;
	for (let at = 1_000_000; at < 2_000_000; at += 1000) {
		moveTo(at);
		for (; rate.admits(1200, now()); octets += 1200) rate.onSent(1200);
		if (at % 50_000 === 0) await setImmediate();
	}
	t.true(Math.abs(octets - 7_500_000) < 50_000, `${octets} octets in a second`);
	t.true(rate.opensAt(now()) > now());
	t.true(figures.looks <= 21, `${figures.looks} looks`);
});

test('expired datagrams shrink the window, once for each look that shows more', async t => {
	const {figures, credit, rate, now, moveTo} = scene();
	const look = async () => {
		moveTo(now() + 60_000);
		rate.admits(0, now());
		await setImmediate();
	};
	await look();
	t.is(credit.window, 38_400);
	figures.expired = 7;
	await look();
	t.is(credit.window, 19_200);
	await look();
	t.is(credit.window, 19_200);
});
