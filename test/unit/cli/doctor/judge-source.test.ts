import test from 'ava';
import {judgeSilence, judgeSource} from '../../../../src/cli/doctor/judge-source.ts';
import {judgeLateness, judgeSpeeds} from '../../../../src/cli/doctor/measure.ts';
import type {SourceFacts} from '../../../../src/engine/probe-source.ts';
import {ShoalError} from '../../../../src/error.ts';

const now = Date.UTC(2026, 10, 22);
const hour = 3_600_000;
const good: SourceFacts = {
	address: '192.0.2.7:8730',
	roundTripMs: 42.25,
	isTrusted: true,
	datagramMax: 1472,
	identity: new Uint8Array(32),
	head: {sequence: 3, issuedMs: now - hour, expiresMs: now + hour, entries: 12},
};
const judge = (fault: Partial<SourceFacts>) => judgeSource({...good, ...fault}, now, 1);
const bad = (fault: Partial<SourceFacts>) => judge(fault).filter(({verdict}) => verdict !== 'ok');

test('a source that answers, is known, and whose clock agrees is all right', t => {
	t.deepEqual(bad({}), []);
	t.regex(judge({})[0]!.found, /192\.0\.2\.7:8730 answers, protocol 1, 42\.3 ms/);
});

test('sees lost datagrams, a key that nobody vouches for, and clocks that differ', t => {
	const head = (issuedMs: number, expiresMs: number) => ({
		head: {...good.head, issuedMs, expiresMs},
	});
	t.regex(bad({roundTripMs: undefined})[0]!.found, /lost on the way/);
	const unknown = bad({isTrusted: false});
	t.is(unknown[0]!.verdict, 'warn');
	t.regex(unknown[0]!.found, /says it is [a-z2-7]{56}/);
	t.regex(bad(head(now + 60_000, now + hour))[0]!.found, /60 s ahead/);
	t.deepEqual(bad(head(now + 5000, now + hour)), []);
	t.is(bad(head(now + 5001, now + hour)).length, 1);
	t.deepEqual(bad(head(now - hour, now)), []);
	t.regex(bad(head(now - hour, now - 1))[0]!.found, /out of date/);
});

test('says what the path carries; what is less than usual is worth knowing, and no fault', t => {
	const path = (fault: Partial<SourceFacts>) => judge(fault).find(({check}) => check === 'path')!;
	t.is(path({}).found, 'carries datagrams of 1,472 octets whole: an MTU of 1,500');
	const tunnel = path({datagramMax: 1232, address: '[2001:db8::7]:8730'});
	t.is(tunnel.verdict, 'note');
	t.regex(tunnel.found, /1,232 octets whole: an MTU of 1,280/);
});

test('a source that cannot be asked is a failure, with the hint of its error', t => {
	const found = judgeSilence(new ShoalError('PATH_SILENT', 'no answer from a:1'));
	t.is(found.verdict, 'fail');
	t.is(found.found, 'PATH_SILENT: no answer from a:1');
	t.deepEqual(found.mend, [new ShoalError('PATH_SILENT', '').hint]);
});

test('sees a processor without fast ciphers, and timers that are late', t => {
	const speeds = (aes: number) =>
		judgeSpeeds({chosen: 'AESGCM', digest: 1e9, ciphers: {AESGCM: aes, ChaChaPoly: 1e8}})[0]!
			.verdict;
	t.is(speeds(12.5e6), 'ok');
	t.is(speeds(12.4e6), 'warn');
	t.is(judgeLateness({median: 4.9, worst: 30}).verdict, 'ok');
	t.is(judgeLateness({median: 5, worst: 30}).verdict, 'warn');
});
