import test from 'ava';
import {gains} from '../../../src/congestion/phase.ts';
import {Startup} from '../../../src/congestion/startup.ts';

const path = 12.5e6;

/** Whether it is over after a second round, with what the trains of that round brought. */
function isOver(first: readonly [rate: number, sent: number, isHeldUp: boolean], second: number) {
	const startup = new Startup();
	const [rate, sent, isHeldUp] = first;
	startup.onTrain(rate, sent, rate, isHeldUp);
	if (startup.isConfirmed()) return 'at once';
	startup.onTrain(second, second * 1.25, Math.max(rate, second), true);
	return startup.isConfirmed() ? 'confirmed' : 'goes on';
}

test('a train that the path stretches, and another round that brings no more, end a start', t => {
	t.is(isOver([path, 1.5 * path, true], path), 'confirmed');
});

test('a train that comes as it was sent, or without a queue, shows no end', t => {
	t.is(isOver([path, 1.1 * path, true], path), 'goes on');
	t.is(isOver([path, 1.5 * path, false], path), 'goes on');
});

test('what was in the way once is not the end of the path: the next train brings more', t => {
	t.is(isOver([path / 2, path, true], path), 'goes on');
});

test('a slower train than those before it shows nothing', t => {
	const startup = new Startup();
	startup.onTrain(0.5 * path, 1.5 * path, path, true);
	t.is(startup.gain, gains.startup);
});

test('until it is confirmed, a start sends only a little faster than it is shown', t => {
	const startup = new Startup();
	startup.onTrain(path, 1.5 * path, path, true);
	t.true(startup.gain > 1 && startup.gain < 1.3);
	startup.reset();
	t.is(startup.gain, gains.startup);
});
