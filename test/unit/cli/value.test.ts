import test from 'ava';
import {choiceTable} from '../../../src/cli/option-row.ts';
import {readValue} from '../../../src/cli/value.ts';
import {controllers} from '../../../src/congestion/controllers.ts';

test('rates are in KiB a second unless a suffix says otherwise', t => {
	const rate = (text: string) => readValue('rate', '--bwlimit', text);
	t.is(rate('500'), 512_000);
	t.is(rate('0'), 0);
	t.is(rate('1.5m'), 1_572_864);
	t.is(rate('2MB'), 2_000_000);
	t.is(rate('2MiB'), 2_097_152);
	t.is(rate('7b'), 7);
	t.is(rate('1G'), 1_073_741_824);
});

test('what is no rate or number is refused, whatever its size', t => {
	for (const text of ['', '-1', '1e3', '0x10', '1 M', '1.', 'M', '1QB', '9'.repeat(400)]) {
		t.throws(() => readValue('rate', '--bwlimit', text), {code: 'OPTION_INVALID'}, text);
	}
	for (const text of ['', '-1', '1.5', '1e3', ' 1', '9'.repeat(16)]) {
		t.throws(() => readValue('count', '--max-delete', text), {code: 'OPTION_INVALID'}, text);
	}
	t.is(readValue('count', '--max-delete', '0'), 0);
});

test('an empty text is refused where a name is wanted', t => {
	t.throws(() => readValue('text', '--state', ''), {code: 'OPTION_INVALID'});
	t.is(readValue('text', '--state', 'a b'), 'a b');
});

test('a controller is chosen by its name, and every name has one', t => {
	t.deepEqual([...choiceTable.congestion.words], Object.keys(controllers));
	t.is(readValue('congestion', '--congestion', 'cubic'), 'cubic');
	t.throws(() => readValue('congestion', '--congestion', 'bbr'), {code: 'OPTION_INVALID'});
});
