import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {RateFile} from '../../../src/cli/rate-file.ts';
import type {Clock} from '../../../src/platform/clock.ts';
import {micros} from '../../../src/unit.ts';
import {tempDirectory} from '../../support/temp-directory.ts';

/** A clock whose next call is made by hand. */
function handClock(): Clock & {tick(): void; armed: boolean} {
	let next: (() => void) | undefined;
	return {
		now: () => micros(0),
		wallMs: () => 0,
		at: (_at, then) => {
			next = then;
			return () => {
				next = undefined;
			};
		},
		tick: () => next?.(),
		get armed() {
			return next !== undefined;
		},
	};
}

test('the rate in a file is followed; a fault in it changes nothing and is told once', t => {
	const path = join(tempDirectory(t), 'rate');
	const clock = handClock();
	const told: string[] = [];
	writeFileSync(path, '100\n');
	const file = new RateFile(path, clock, text => told.push(text));
	const {dial} = file;
	t.is(dial.rate, 102_400);
	let turned = 0;
	dial.onChange(() => turned++);
	clock.tick();
	t.is(turned, 0);
	writeFileSync(path, '2MB');
	clock.tick();
	t.is(dial.rate, 2_000_000);
	writeFileSync(path, 'fast');
	clock.tick();
	clock.tick();
	t.is(dial.rate, 2_000_000);
	writeFileSync(path, '0');
	clock.tick();
	t.is(dial.rate, Infinity);
	t.is(turned, 2);
	t.is(told.length, 3, told.join('\n'));
	t.regex(told[1]!, /fast; the limit stays as it is$/);
	file.close();
	t.false(clock.armed);
});

test('a run does not begin without a rate', t => {
	const path = join(tempDirectory(t), 'rate');
	const open = () => new RateFile(path, handClock(), () => undefined);
	t.throws(open, {code: 'OPTION_INVALID'});
	writeFileSync(path, '');
	t.throws(open, {code: 'OPTION_INVALID'});
});
