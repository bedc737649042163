import test from 'ava';
import {crypto} from '../../../native-free/crypto.ts';
import {AddressTokens} from '../../../src/session/address-token.ts';
import {addressTokenMax} from '../../../src/session/handshake.ts';
import {later, micros} from '../../../src/unit.ts';

const start = micros(100_000_000);

test('a token proves the address that it was made for, for a while', t => {
	const tokens = new AddressTokens(crypto);
	const token = tokens.make('10.0.0.1:5', start);
	t.true(token.length <= addressTokenMax);
	t.true(tokens.accepts(token, '10.0.0.1:5', start));
	t.true(tokens.accepts(token, '10.0.0.1:5', later(start, 20_000_000)));
	t.false(tokens.accepts(token, '10.0.0.1:5', later(start, 21_000_000)));
	t.false(tokens.accepts(token, '10.0.0.1:6', start));
	t.false(tokens.accepts(token, '10.0.0.2:5', start));
});

test('a token cannot be made by others, cut or aged', t => {
	const tokens = new AddressTokens(crypto);
	const token = tokens.make('a:1', start);
	t.false(new AddressTokens(crypto).accepts(token, 'a:1', start));
	for (let index = 0; index < token.length; index++) {
		const changed = new Uint8Array(token);
		changed[index]! ^= 1;
		t.false(tokens.accepts(changed, 'a:1', start));
		t.false(tokens.accepts(token.subarray(0, index), 'a:1', start));
	}
	t.false(tokens.accepts(token, 'a:1', micros(start - 1_000_000)), 'of the future');
});
