import {setTimeout} from 'node:timers/promises';
import test from 'ava';
import {clock} from '../../../native-free/clock.ts';
import {later, micros} from '../../../src/unit.ts';

test('time goes forward in whole microseconds', async t => {
	const first = clock.now();
	await setTimeout(5);
	const second = clock.now();
	t.true(Number.isSafeInteger(first));
	t.true(second - first >= 4000 && second - first < 5_000_000);
	t.true(Math.abs(clock.wallMs() - Date.now()) < 1000);
});

test('a call comes once, not before its time', async t => {
	const at = later(clock.now(), 20_000);
	const calls: number[] = [];
	clock.at(at, () => calls.push(clock.now()));
	await setTimeout(80);
	t.is(calls.length, 1);
	t.true(calls[0]! >= at);
});

test('an instant that has passed is called in a later turn', async t => {
	let isCalled = false;
	clock.at(micros(0), () => {
		isCalled = true;
	});
	t.false(isCalled);
	await setTimeout(20);
	t.true(isCalled);
});

test('a cancelled call does not come', async t => {
	const cancel = clock.at(later(clock.now(), 5000), () => t.fail());
	cancel();
	await setTimeout(20);
	t.pass();
});

test('an instant beyond the longest timer is waited for in steps, not at once', async t => {
	const warnings: Error[] = [];
	const onWarning = (warning: Error): void => void warnings.push(warning);
	process.on('warning', onWarning);
	const cancel = clock.at(later(clock.now(), 2 ** 31 * 1000 * 2), () => t.fail());
	await setTimeout(20);
	cancel();
	process.off('warning', onWarning);
	t.deepEqual(warnings, [], 'Node warns of a time-out that it makes shorter');
});
