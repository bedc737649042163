import test from 'ava';
import {formatAddress, parseAddress} from '../../../native-free/address.ts';

for (const [host, port, text] of [
	['192.0.2.1', 8730, '192.0.2.1:8730'],
	['0.0.0.0', 0, '0.0.0.0:0'],
	['::1', 5, '[::1]:5'],
	['2001:db8::a', 65_535, '[2001:db8::a]:65535'],
	['fe80::1%eth0', 1, '[fe80::1%eth0]:1'],
] as const) {
	test(`${text} is a host and a port, and back`, t => {
		t.is(formatAddress(host, port), text);
		t.deepEqual(parseAddress(text), {host, port});
	});
}

for (const text of [
	'',
	'192.0.2.1',
	'192.0.2.1:',
	'192.0.2.1:65536',
	'192.0.2.1:8730 ',
	'192.0.2.256:1',
	'::1:5',
	'[::1]',
	'[192.0.2.1]:5',
	'[::g]:5',
	'localhost:5',
	'-oProxy:5',
]) {
	test(`${JSON.stringify(text)} is no address`, t => {
		t.throws(() => parseAddress(text), {code: 'PATH_UNREACHABLE'});
	});
}
