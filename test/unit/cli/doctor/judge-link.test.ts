import test from 'ava';
import {judgeDetour, judgeLinks} from '../../../../src/cli/doctor/judge-link.ts';
import {ShoalError} from '../../../../src/error.ts';

test('an addon that is not there is a note, with what installs it', t => {
	const [http2, http3] = judgeLinks('HTTP/3 needs an addon, and it is missing: npm install x');
	t.is(http2!.verdict, 'ok');
	t.like(http3, {
		verdict: 'note',
		found: 'HTTP/3 needs an addon, and it is missing; HTTP/2 does without',
		mend: ['npm install x'],
	});
	t.deepEqual(
		judgeLinks(undefined).map(({verdict}) => verdict),
		['ok', 'ok'],
	);
});

test('a source that UDP does not reach may be there over HTTP/2, or not, or not be known to be', t => {
	const identity = new Uint8Array(32);
	const head = {sequence: 1, issuedMs: 0, expiresMs: 1, entries: 1};
	const shown = {address: 'h:443', roundTripMs: 1, isTrusted: true, datagramMax: 16_384};
	const facts = {...shown, identity, head};
	t.like(judgeDetour(facts), {verdict: 'note', mend: []});
	t.regex(judgeDetour(facts).found, /answers over HTTP\/2 at h:443/);
	t.like(judgeDetour(new ShoalError('OPTION_INVALID', 'x')), {verdict: 'note'});
	const refused = judgeDetour(new ShoalError('PATH_UNREACHABLE', 'no\u001b[31m'));
	t.is(refused.verdict, 'fail');
	t.false(refused.found.includes('\u001b'));
});
