import test from 'ava';
import {readFamily, readLocal, readSource} from '../../../src/cli/operand.ts';

test('a source is a URL or a local directory', t => {
	t.deepEqual(readSource('/srv/tree/'), {directory: '/srv/tree/'});
	t.deepEqual(readSource('./a:b'), {directory: './a:b'});
	t.deepEqual(readSource('a/b::c'), {directory: 'a/b::c'});
	t.like(readSource('shoal://host:1/m/p'), {host: 'host', port: 1, module: 'm'});
});

test('forms that rsync knows and shoal does not are refused by name', t => {
	const forms: [string, RegExp][] = [
		['host::module', /rsync daemon/],
		['user@host::module/path', /rsync daemon/],
		['rsync://host/module', /rsync daemon/],
		['user@host:/path', /ssh/],
		['host:path', /ssh/],
		['https://host/path', /no URL of shoal/],
		['', /empty/],
	];
	for (const [text, message] of forms) {
		t.throws(() => readSource(text), {code: 'SOURCE_INVALID', message}, text);
	}
	t.throws(() => readSource('shoal://-oProxy/'), {code: 'SOURCE_INVALID'});
});

test('a destination is local', t => {
	t.is(readLocal('mirror', 'DESTINATION_INVALID', 'destination'), 'mirror');
	for (const text of ['', 'host:/path', 'host::m', 'shoal://host/m']) {
		t.throws(() => readLocal(text, 'DESTINATION_INVALID', 'destination'), {
			code: 'DESTINATION_INVALID',
		});
	}
});

test('a family is asked for by -4 or by -6, not by both', t => {
	t.deepEqual(readFamily({ipv4: 1}), {family: 4});
	t.deepEqual(readFamily({ipv6: 1}), {family: 6});
	t.deepEqual(readFamily({}), {});
	t.throws(() => readFamily({ipv4: 1, ipv6: 1}), {code: 'OPTION_INVALID'});
});
