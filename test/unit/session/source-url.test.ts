import test from 'ava';
import fc from 'fast-check';
import {ShoalError} from '../../../src/error.ts';
import {formatKey, parseKey} from '../../../src/session/key-text.ts';
import {formatSourceUrl, parseSourceUrl, type SourceUrl} from '../../../src/session/source-url.ts';

const key = new Uint8Array(32).map((_, index) => index * 7);
const keyText = formatKey(key);
const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

const plain: SourceUrl = {
	host: 'mirror.example',
	port: 8730,
	identity: undefined,
	module: '',
	path: new Uint8Array(0),
};

test('a key is 56 letters that say it again, in either case', t => {
	t.regex(keyText, /^[a-z2-7]{56}$/);
	t.deepEqual(parseKey(keyText), key);
	t.deepEqual(parseKey(keyText.toUpperCase()), key);
	t.is(
		formatKey(new Uint8Array(32)),
		`${'a'.repeat(51)}${formatKey(new Uint8Array(32)).slice(51)}`,
	);
});

test('every slip of one letter, and every swap of neighbours, is found', t => {
	for (let index = 0; index < keyText.length; index++) {
		for (const letter of 'abcdefghijklmnopqrstuvwxyz234567') {
			if (letter === keyText[index]) continue;
			const slip = keyText.slice(0, index) + letter + keyText.slice(index + 1);
			t.is(parseKey(slip), undefined);
		}
		const [a, b] = [keyText[index]!, keyText[index + 1] ?? keyText[index]!];
		if (a === b) continue;
		t.is(parseKey(keyText.slice(0, index) + b + a + keyText.slice(index + 2)), undefined);
	}
	for (const bad of ['', 'a', keyText.slice(1), `${keyText}a`, keyText.replace(/./, '1')]) {
		t.is(parseKey(bad), undefined);
	}
});

const good: [string, Partial<SourceUrl>][] = [
	['shoal://mirror.example', {}],
	['shoal://mirror.example/', {}],
	['shoal://mirror.example:9000', {port: 9000}],
	['shoal://mirror.example/debian', {module: 'debian'}],
	['shoal://mirror.example/debian/', {module: 'debian'}],
	['shoal://mirror.example/debian/pool/main/', {module: 'debian', path: octets('pool/main')}],
	['shoal://mirror.example//pool', {path: octets('pool')}],
	['shoal://10.0.0.1', {host: '10.0.0.1'}],
	['shoal://[2001:db8::1]:77/m', {host: '2001:db8::1', port: 77, module: 'm'}],
	['shoal://[fe80::1%25eth0]', {host: 'fe80::1%eth0'}],
	[`shoal://${keyText}@mirror.example`, {identity: key}],
	[
		`shoal://${keyText.toUpperCase()}@h:1//a`,
		{identity: key, host: 'h', port: 1, path: octets('a')},
	],
	['shoal://h/m/%FF%0a', {host: 'h', module: 'm', path: Uint8Array.of(0xff, 0x0a)}],
	['shoal://h/a%2Fb/c', {host: 'h', module: 'a/b', path: octets('c')}],
	['shoal://h/größe', {host: 'h', module: 'größe'}],
	['shoal://h?webtransport=443', {host: 'h', webTransport: {port: 443, certificates: []}}],
	[
		`shoal://h/m/a?webtransport=1&certificate=${'07'.repeat(32)}&certificate=${'AB'.repeat(32)}`,
		{
			...{host: 'h', module: 'm', path: octets('a')},
			webTransport: {
				port: 1,
				certificates: [new Uint8Array(32).fill(7), new Uint8Array(32).fill(0xab)],
			},
		},
	],
];

for (const [text, wanted] of good) {
	test(`${text} is a source`, t => {
		t.deepEqual(parseSourceUrl(text), {...plain, ...wanted});
	});
}

const bad: [string, RegExp][] = [
	['rsync://h/m', /begin/],
	['shoal:/h', /begin/],
	['shoal://', /no host/],
	['shoal:///m', /no host/],
	['shoal://@h', /key/],
	[`shoal://${keyText.slice(1)}@h`, /key/],
	[`shoal://${keyText.replace(/^./, 'b')}@h`, /slip/],
	['shoal://-oProxy=x', /characters|dash/],
	['shoal://-h', /dash/],
	['shoal://h:0', /port/],
	['shoal://h:65536', /port/],
	['shoal://h:x', /host/],
	['shoal://a b', /characters/],
	['shoal://h\u001b[31m', /host/],
	['shoal://[::1', /host/],
	['shoal://[nonsense!]', /IPv6/],
	['shoal://2001:db8::1', /host/],
	['shoal://h?', /behind the \?/],
	['shoal://h?port=1', /behind the \?/],
	['shoal://h?webtransport=1&webtransport=1', /behind the \?/],
	['shoal://h?webtransport=0', /port 0/],
	['shoal://h?webtransport=65536', /port 65536/],
	['shoal://h?webtransport=1&certificate=07', /64 hexadecimal/],
	[`shoal://h?certificate=${'07'.repeat(32)}`, /without webtransport/],
	[`shoal://h?webtransport=1${`&certificate=${'07'.repeat(32)}`.repeat(3)}`, /too many/],
	['shoal://h/m/../x', /component/],
	['shoal://h/m/./x', /component/],
	['shoal://h/m/%2e%2e/x', /component/],
	['shoal://h/m/a//b', /empty/],
	['shoal://h/m/a%00', /octet/],
	['shoal://h/m/a%2Fb', /octet/],
	['shoal://h/m/%zz', /hexadecimal/],
	['shoal://h/m/%1', /hexadecimal/],
	['shoal://h/%FF', /UTF-8/],
	[`shoal://h/${'m'.repeat(256)}`, /too long/],
	[`shoal://h/m/${'m'.repeat(4096)}`, /too long/],
];

for (const [text, why] of bad) {
	test(`${JSON.stringify(text.slice(0, 60))} is refused`, t => {
		const error = t.throws(() => parseSourceUrl(text), {instanceOf: ShoalError});
		t.is(error?.code, 'SOURCE_INVALID');
		t.regex(error?.message ?? '', why);
	});
}

test('what is formatted parses to the same source', t => {
	const name = fc
		.uint8Array({minLength: 1, maxLength: 20})
		.filter(each => !each.includes(0) && !each.includes(0x2f))
		.filter(each => !/^\.\.?$/.test(String.fromCharCode(...each)));
	const path = fc.array(name, {maxLength: 4}).map(names => {
		const all: number[] = [];
		for (const [index, each] of names.entries()) all.push(...(index > 0 ? [0x2f] : []), ...each);
		return Uint8Array.from(all);
	});
	const url = fc.record({
		host: fc.constantFrom('h', 'a.b-c.example', '10.1.2.3', '2001:db8::7', 'fe80::1%eth0'),
		port: fc.integer({min: 1, max: 65_535}),
		identity: fc.option(fc.uint8Array({minLength: 32, maxLength: 32}), {nil: undefined}),
		module: fc.string({maxLength: 20, unit: 'grapheme'}),
		path,
		webTransport: fc.record({
			port: fc.integer({min: 1, max: 65_535}),
			certificates: fc.array(fc.uint8Array({minLength: 32, maxLength: 32}), {maxLength: 2}),
		}),
	});
	fc.assert(
		fc.property(url, each => {
			t.deepEqual(parseSourceUrl(formatSourceUrl(each)), each);
		}),
		{numRuns: 500},
	);
});
