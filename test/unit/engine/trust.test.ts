import test, {type ExecutionContext} from 'ava';
import platform from '#platform';
import type {Answered} from '../../../src/engine/connection.ts';
import {Trust, type TrustOptions} from '../../../src/engine/trust.ts';
import {type ErrorCode, ShoalError} from '../../../src/error.ts';
import {formatKey} from '../../../src/session/key-text.ts';
import {parseSourceUrl} from '../../../src/session/source-url.ts';
import {type Head, signRotation} from '../../../src/session/statement.ts';
import {tempDirectory} from '../../support/temp-directory.ts';

const {crypto} = platform;
const dayMs = 86_400_000;
const nowMs = 1.7e12;
const clock = {...platform.clock, wallMs: () => nowMs};
const [one, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];

/** What a receiver with a configuration directory of its own makes of answers. */
function receiver(t: ExecutionContext) {
	const configDirectory = tempDirectory(t);
	return (text: string, options: Partial<TrustOptions> = {}): Trust =>
		new Trust(
			{...platform, clock},
			{configDirectory, trustOnFirstUse: false, allowRollback: false, ...options},
			parseSourceUrl(text),
		);
}

function answered(identity: Uint8Array, fields: Partial<Head> = {}): Answered {
	const head = {sequence: 5, issuedMs: nowMs, expiresMs: nowMs + 7 * dayMs, ...fields};
	return {
		identity,
		head,
		delegation: new Uint8Array(9).fill(3),
		rotations: [],
	} as unknown as Answered;
}

function refuses(t: ExecutionContext, code: ErrorCode, judge: () => unknown): void {
	t.is(t.throws(judge, {instanceOf: ShoalError})?.code, code);
}

test('who is not known is refused with its key, unless it is trusted on first use', t => {
	const trust = receiver(t);
	const stranger = trust('shoal://host/m');
	t.is(stranger.identity, undefined);
	refuses(t, 'PEER_UNKNOWN', () => stranger.judge(answered(one)));
	const first = trust('shoal://host/m', {trustOnFirstUse: true});
	t.is(first.judge(answered(one)), undefined);
	first.remember(answered(one));
	t.deepEqual(trust('shoal://host/n').identity, one, 'the host is known for all its modules');
	t.is(trust('shoal://host:1/m').identity, undefined, 'another port is another source');
	t.deepEqual(trust('shoal://host/m').delegation, new Uint8Array(9).fill(3));
});

test('the key of the URL is what counts, whatever is known of the host', t => {
	const trust = receiver(t);
	trust(`shoal://${formatKey(one)}@host/m`).remember(answered(one));
	const pinned = trust(`shoal://${formatKey(other)}@host/m`);
	t.deepEqual(pinned.identity, other);
	t.is(pinned.delegation, undefined, "the delegation is the other identity's");
});

test('an older head than one seen is refused, for each identity and module by itself', t => {
	const trust = receiver(t);
	const url = `shoal://${formatKey(one)}@host/m`;
	trust(url).remember(answered(one, {sequence: 9}));
	refuses(t, 'HEAD_ROLLED_BACK', () => trust(url).judge(answered(one, {sequence: 8})));
	t.is(trust(url).judge(answered(one, {sequence: 9})), undefined);
	t.is(trust(url).judge(answered(one, {sequence: 10})), undefined);
	const otherHost = `shoal://${formatKey(one)}@elsewhere/m`;
	refuses(t, 'HEAD_ROLLED_BACK', () => trust(otherHost).judge(answered(one, {sequence: 8})));
	const otherModule = `shoal://${formatKey(one)}@host/n`;
	t.is(trust(otherModule).judge(answered(one, {sequence: 8})), undefined);
	t.is(trust(url).judge(answered(other, {sequence: 8})), undefined);
});

test('a rollback that is allowed is remembered; without that the highest stays', t => {
	const trust = receiver(t);
	const url = `shoal://${formatKey(one)}@host/m`;
	const early = trust(url);
	t.is(early.judge(answered(one, {sequence: 8})), undefined);
	trust(url).remember(answered(one, {sequence: 9}));
	early.remember(answered(one, {sequence: 8}));
	refuses(t, 'HEAD_ROLLED_BACK', () => trust(url).judge(answered(one, {sequence: 8})));
	const allowing = trust(url, {allowRollback: true});
	t.is(allowing.judge(answered(one, {sequence: 8})), undefined);
	allowing.remember(answered(one, {sequence: 8}));
	t.is(trust(url).judge(answered(one, {sequence: 8})), undefined);
});

test('an expired statement is a warning for as long as it held, then an error', t => {
	const trust = receiver(t)(`shoal://${formatKey(one)}@host/m`);
	const aged = (days: number): Answered =>
		answered(one, {issuedMs: nowMs - days * dayMs, expiresMs: nowMs - (days - 7) * dayMs});
	t.is(trust.judge(aged(7)), undefined);
	t.regex(trust.judge(aged(8)) ?? '', /expired 24 h ago/);
	t.regex(trust.judge(aged(14)) ?? '', /expired 168 h ago/);
	refuses(t, 'HEAD_EXPIRED', () => trust.judge(aged(15)));
});

test('an identity that another names as its successor is not held to what was seen of that one', t => {
	const trust = receiver(t);
	const [mallory, victim] = [crypto.signGenerate(), crypto.signGenerate()];
	const theirs = `shoal://${formatKey(mallory.public)}@elsewhere/m`;
	const claimed = signRotation(crypto, mallory, {...victim, secret: mallory.secret}, 1);
	trust(theirs).remember({...answered(mallory.public, {sequence: 2 ** 50}), rotations: [claimed]});
	const url = `shoal://${formatKey(victim.public)}@host/m`;
	t.is(trust(url).judge(answered(victim.public, {sequence: 7})), undefined);
	t.deepEqual(trust(url).eldest, victim.public);
});

test('a successor is believed only as far as its predecessor signed it, and goes on counting', t => {
	const trust = receiver(t);
	const [old, fresh] = [crypto.signGenerate(), crypto.signGenerate()];
	const url = `shoal://${formatKey(old.public)}@host/m`;
	trust(url).remember({...answered(old.public, {sequence: 9}), rotations: []});
	const forged = signRotation(crypto, {...old, secret: fresh.secret}, fresh, 1);
	trust(url).remember({...answered(fresh.public, {sequence: 9}), rotations: [forged]});
	t.deepEqual(trust(url).identity, old.public);
	const rotations = [signRotation(crypto, old, fresh, 1)];
	const met = {...answered(fresh.public, {sequence: 10}), rotations};
	t.regex(trust(url).succession(met)!, /host:8730 has changed its key/);
	refuses(t, 'HEAD_ROLLED_BACK', () =>
		trust(url).judge({...answered(fresh.public, {sequence: 8}), rotations}),
	);
	trust(url).remember(met);
	t.deepEqual(trust(url).identity, fresh.public);
	t.is(trust(url).succession(met), undefined);
	const direct = trust(`shoal://${formatKey(fresh.public)}@host/m`);
	t.deepEqual(direct.eldest, old.public, 'records stay where they were');
	refuses(t, 'HEAD_ROLLED_BACK', () => direct.judge(answered(fresh.public, {sequence: 8})));
});
