import test from 'ava';
import {pathLifetime, provenFlightMax, provenPathsMax} from '../../../src/limit.ts';
import {ProvenPaths} from '../../../src/source/proven-paths.ts';
import {micros} from '../../../src/unit.ts';

const at = (seconds: number) => micros(seconds * 1e6);
const record = {flight: 1_000_000, roundTrip: 100_000};

test('what an address proved is lent to it from any port, and to one session at a time', t => {
	const paths = new ProvenPaths();
	paths.keep('192.0.2.1:1', record, at(10));
	t.is(paths.lend('192.0.2.2:1', at(20)), undefined);
	const loan = paths.lend('192.0.2.1:2', at(20))!;
	t.like(loan, record);
	t.is(paths.lend('192.0.2.1:3', at(20)), undefined);
	paths.keep('192.0.2.1:2', loan, at(30));
	t.is(paths.lend('192.0.2.1:4', at(30))?.provenAt, at(10), 'unspent it grows no younger');
});

test('a day later it is still known, and not for long', t => {
	const paths = new ProvenPaths();
	for (const [age, isKnown] of [
		[24 * 3600, true],
		[pathLifetime, false],
	] as const) {
		paths.keep('192.0.2.1:1', record, at(1));
		t.is(paths.lend('192.0.2.1:1', at(1 + age)) !== undefined, isKnown);
	}
});

test('neither one nor many can be of any size', t => {
	const paths = new ProvenPaths();
	paths.keep('192.0.2.1:1', {...record, flight: 2 ** 40}, at(1));
	t.is(paths.lend('192.0.2.1:1', at(1))?.flight, provenFlightMax);
	for (let each = 0; each <= provenPathsMax; each++) paths.keep(`host${each}:1`, record, at(1));
	t.is(paths.lend('host0:1', at(1)), undefined, 'the oldest went');
	t.like(paths.lend('host1:1', at(1)), record);
	t.like(paths.lend(`host${provenPathsMax}:1`, at(1)), record);
});
