import test from 'ava';
import {LossFloor} from '../../../src/congestion/loss-floor.ts';
import {Prng} from '../../support/prng.ts';

const size = 1228;

/** One round of packets, each lost by itself. */
function round(floor: LossFloor, prng: Prng, packets: number, share: number): void {
	for (let packet = 0; packet < packets; packet++) {
		if (prng.chance(share)) floor.onLost(size);
		else floor.onArrived(size);
	}
	floor.onRound();
}

for (const share of [0.001, 0.01, 0.05, 0.15, 0.3]) {
	test(`random loss of ${100 * share} % is the path's own, and is told as such [SHOAL_SEED=6]`, t => {
		const prng = new Prng(6);
		const floor = new LossFloor();
		let excessive = 0;
		let typical = 0;
		const rounds = 300;
		for (let count = 0; count < rounds; count++) {
			round(floor, prng, 400, share);
			if (floor.excessive) excessive++;
			typical += floor.typical / rounds;
		}
		t.true(excessive <= rounds * 0.03, `${excessive} of ${rounds}`);
		t.true(Math.abs(typical - share) < 0.015, `${typical}`);
		t.true(floor.floor <= share);
	});

	test(`five points above ${100 * share} % are excessive at once [SHOAL_SEED=7]`, t => {
		const prng = new Prng(7);
		let seen = 0;
		for (let trial = 0; trial < 50; trial++) {
			const floor = new LossFloor();
			for (let count = 0; count < 10; count++) round(floor, prng, 1000, share);
			round(floor, prng, 1000, share + 0.05);
			if (floor.excessive) seen++;
		}
		t.true(seen >= (share < 0.1 ? 45 : 5), `${seen} of 50`);
	});
}

test('one long stretch is a gap of the path, not a full queue', t => {
	const floor = new LossFloor();
	for (let count = 0; count < 5; count++) round(floor, new Prng(1), 100, 0);
	for (let packet = 0; packet < 100; packet++) floor.onArrived(size);
	floor.onLost(60 * size);
	floor.onRound();
	t.true(floor.recent > 0.3);
	t.false(floor.excessive);
});

test('few packets say nothing: rounds are joined until there are forty', t => {
	const floor = new LossFloor();
	for (let count = 0; count < 3; count++) {
		for (let packet = 0; packet < 10; packet++) floor.onArrived(size);
		floor.onRound();
	}
	t.is(floor.roundCount, 0);
	for (let packet = 0; packet < 10; packet++) floor.onLost(size);
	floor.onRound();
	t.is(floor.roundCount, 1);
	t.is(floor.recent, 0.25);
});

test("what stays lost while the sender holds back is the path's own; what goes is not", t => {
	const prng = new Prng(9);
	const floor = new LossFloor();
	for (let count = 0; count < 5; count++) round(floor, prng, 500, 0.3);
	t.true(floor.doubtful, 'it never held back');
	round(floor, prng, 500, 0.1);
	round(floor, prng, 500, 0.1);
	floor.verify();
	t.false(floor.doubtful);
	t.true(Math.abs(floor.floor - 0.1) < 0.03);
	for (let count = 0; count < 30; count++) round(floor, prng, 500, 0.3);
	t.true(floor.excessive, 'not even after many rounds is it believed');
	t.true(floor.typical < 0.2);
});

test('a queue that runs over shows before its round ends', t => {
	const prng = new Prng(10);
	const floor = new LossFloor();
	for (let count = 0; count < 5; count++) round(floor, prng, 200, 0.02);
	t.false(floor.surging);
	let packets = 0;
	for (; !floor.surging && packets < 200; packets++) {
		if (packets % 3 === 0) floor.onLost(size);
		else floor.onArrived(size);
	}
	t.true(packets < 100, `${packets}`);
});

test('while what was declared lost arrives after all, nothing is excessive', t => {
	const prng = new Prng(11);
	const floor = new LossFloor();
	for (let count = 0; count < 5; count++) round(floor, prng, 200, 0);
	for (let packet = 0; packet < 100; packet++) floor.onArrived(size);
	for (let packet = 0; packet < 50; packet++) floor.onLost(size);
	floor.onLate(size);
	floor.onRound();
	t.false(floor.excessive);
});

test('before two rounds have had enough packets, nothing is verified', t => {
	const floor = new LossFloor();
	floor.onArrived(60 * 1228);
	floor.onRound();
	floor.verify();
	t.false(floor.isVerified);
	t.is(floor.madeUp(false), 1);
});

test('one packet of a full queue spills where the path loses none, and not where it loses some', t => {
	const clean = new LossFloor();
	for (let count = 0; count < 5; count++) round(clean, new Prng(1), 500, 0);
	t.false(clean.isSpill(0, 500 * size));
	t.true(clean.isSpill(size, 500 * size));
	const thin = new LossFloor();
	const prng = new Prng(2);
	for (let count = 0; count < 10; count++) round(thin, prng, 2000, 0.002);
	t.false(thin.isSpill(size, 500 * size));
	t.true(thin.isSpill(6 * size, 500 * size));
	const lossy = new LossFloor();
	for (let count = 0; count < 10; count++) round(lossy, prng, 500, 0.05);
	t.false(lossy.isSpill(50 * size, 500 * size));
});
