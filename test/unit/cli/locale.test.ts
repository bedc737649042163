import test from 'ava';
import {localCharset, localZoneOffset} from '../../../src/cli/locale.ts';

test('letters are those of LC_ALL, else LC_CTYPE, else LANG', t => {
	t.is(localCharset({}), 'ascii');
	t.is(localCharset({LANG: 'C.UTF-8'}), 'utf8');
	t.is(localCharset({LANG: 'C.UTF-8', LC_CTYPE: 'C'}), 'ascii');
	t.is(localCharset({LANG: 'C', LC_CTYPE: 'de_AT.utf8@euro', LC_ALL: ''}), 'utf8');
	t.is(localCharset({LANG: 'en_US.UTF-8', LC_ALL: 'POSIX'}), 'ascii');
	t.is(localCharset({LANG: 'de_DE.ISO-8859-1'}), 'ascii');
});

test('local time is as far ahead of UTC as dates say, and has an answer for any time', t => {
	for (const sec of [0, -1, 1_700_000_000, -5_000_000_000, 2 ** 33]) {
		const offset = localZoneOffset(sec);
		const local = new Date((sec + offset) * 1000);
		t.is(local.getUTCHours(), new Date(sec * 1000).getHours(), `${sec}`);
		t.is(local.getUTCDate(), new Date(sec * 1000).getDate(), `${sec}`);
	}
	for (const sec of [2 ** 48, -(2 ** 48)]) t.true(Math.abs(localZoneOffset(sec)) < 86_400);
});
