import test from 'ava';
import {RoundMax, TimeMin} from '../../../src/congestion/windowed.ts';
import {Prng} from '../../support/prng.ts';

test('the greatest of the last rounds is that of a list of them [SHOAL_SEED=1]', t => {
	const prng = new Prng(1);
	const window = new RoundMax(10);
	let rounds: number[][] = [[]];
	for (let step = 0; step < 3000; step++) {
		if (prng.chance(0.3)) {
			window.nextRound();
			rounds = [...rounds, []].slice(-10);
		} else if (prng.chance(0.02)) {
			const most = prng.below(1000);
			window.cap(most);
			rounds = rounds.map(round => round.map(value => Math.min(value, most)));
		} else {
			const value = prng.below(1000);
			window.add(value);
			rounds.at(-1)!.push(value);
		}
		t.is(window.value, Math.max(0, ...rounds.flat()));
	}
});

test('the least of a span of time is right to a sixteenth of the span [SHOAL_SEED=2]', t => {
	const prng = new Prng(2);
	const span = 1600;
	const window = new TimeMin(span);
	const samples: [at: number, value: number][] = [];
	for (let now = 0; now < 50_000; now += prng.below(60)) {
		const value = prng.below(1000);
		window.add(value, now);
		samples.push([now, value]);
		const since = (age: number) =>
			Math.min(...samples.filter(([at]) => at > now - age).map(([, value]) => value));
		t.true(window.value <= since(span - span / 16), 'nothing young is forgotten');
		t.true(window.value >= since(span + span / 16), 'nothing old is kept');
	}
});

test('after a silence the least is of what comes', t => {
	const window = new TimeMin(1000);
	window.add(5, 0);
	window.add(50, 100_000);
	t.is(window.value, 50);
	window.reset();
	t.is(window.value, Infinity);
});
