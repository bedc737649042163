import test from 'ava';
import {Cubic} from '../../../src/congestion/cubic.ts';
import type {Micros} from '../../../src/unit.ts';

const packet = 1228;
const at = (ms: number) => (ms * 1000) as Micros;

/** One that has grown to so many packets of 100 ms without a queue. */
function grown(packets = 100): Cubic {
	const cubic = new Cubic();
	cubic.onRoundTrip(100_000);
	for (let count = 0; count < packets - 10; count++) cubic.onPacket(packet, 0, at(0), false);
	return cubic;
}

test('slow start adds what arrives, and nothing while the source is limited', t => {
	const cubic = grown();
	t.is(cubic.window, 100 * packet);
	cubic.onPacket(packet, 0, at(0), true);
	t.is(cubic.window, 100 * packet);
});

test('the first loss of a round takes three tenths; the others belong to it', t => {
	const cubic = grown();
	cubic.onLost(packet, at(100));
	cubic.onLost(packet, at(101));
	t.is(Math.round(cubic.window / packet), 70);
	cubic.onRound();
	cubic.onLost(packet, at(200));
	t.is(Math.round(cubic.window / packet), 49);
});

test('what was overtaken and not lost takes nothing', t => {
	const cubic = grown();
	cubic.onLost(packet, at(100));
	cubic.onLost(packet, at(101));
	cubic.onLate(packet, at(110));
	t.true(cubic.window < 71 * packet);
	cubic.onLate(packet, at(111));
	t.is(cubic.window, 100 * packet);
});

/** Packets in the window `seconds` after a loss at 0, with no more losses. */
function after(cubic: Cubic, seconds: number, limited = false): number {
	for (let round = 1; round <= seconds * 10; round++) {
		const count = Math.round(cubic.window / packet);
		for (let each = 0; each < count; each++) {
			cubic.onPacket(packet, 0, at(round * 100 + (each * 100) / count), limited);
		}
		cubic.onRound();
	}
	return cubic.window / packet;
}

test('the curve is back after the cube root of what was lost over its scale (RFC 9438 §4.2)', t => {
	const cubic = grown();
	cubic.onLost(packet, at(0));
	// K = cbrt(30 / 0.4) = 4.2 s.
	const before = after(cubic, 3);
	t.true(before > 96 && before < 100, `${before}`);
	const cubic2 = grown();
	cubic2.onLost(packet, at(0));
	const later = after(cubic2, 7);
	t.true(later > 106 && later < 118, `${later}`);
});

test('the curve stands still while the source is limited', t => {
	const cubic = grown();
	cubic.onLost(packet, at(0));
	t.true(after(cubic, 20, true) < 70.01);
	cubic.onPacket(packet, 0, at(20_010), false);
	t.true(cubic.window < 71 * packet);
});

test('fast convergence: a second loss before the plateau lowers the plateau', t => {
	const cubic = grown(1000);
	cubic.onLost(packet, at(0));
	cubic.onRound();
	cubic.onLost(packet, at(0));
	// The plateau is 700 × 0.85 = 595, the window 490: K = cbrt(105 / 0.4) = 6.4 s.
	const back = after(cubic, 6);
	t.true(back > 585 && back < 600, `${back}`);
});

test('three silences begin anew with two packets', t => {
	const cubic = grown();
	cubic.onSilence(2);
	t.is(cubic.window, 100 * packet);
	cubic.onSilence(3);
	t.is(cubic.window, 2 * packet);
});
