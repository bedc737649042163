import test from 'ava';
import {crypto} from '../../../native-free/crypto.ts';
import type {CipherName, HashName} from '../../../src/platform/crypto.ts';
import {CipherState, Handshake, type Pattern} from '../../../src/session/noise.ts';
import {hex, octets, readVectors} from '../../support/vectors.ts';

const lines = readVectors('noise');
const common = new Map(lines.map(([name, ...fields]) => [name, fields]));
const field = (name: string): Uint8Array => octets(common.get(name)![0]!);
const pair = (name: string) => {
	const secret = field(name);
	return {secret, public: crypto.dhPublic(secret)};
};
const payloads = common.get('payloads')!.map(octets);

/** Both sides of a handshake with the keys of the vectors. */
function sides(protocol: string): [Handshake, Handshake, CipherName] {
	const [, pattern, , cipher, hash] = protocol.split('_');
	const shared = {
		crypto,
		pattern: pattern as Pattern,
		cipher: cipher as CipherName,
		hash: hash as HashName,
		prologue: field('prologue'),
	};
	const initiator = new Handshake({
		...shared,
		initiator: true,
		ephemeral: pair('initiator-ephemeral'),
		static: pair('initiator-static'),
		...(pattern === 'NX' ? {} : {remoteStatic: field('responder-static-public')}),
	});
	const responder = new Handshake({
		...shared,
		initiator: false,
		ephemeral: pair('responder-ephemeral'),
		static: pair('responder-static'),
	});
	return [initiator, responder, shared.cipher];
}

const vectors = lines.filter(([name]) => name!.startsWith('Noise_'));

test('there is a vector for each pattern, cipher and hash', t => {
	t.is(vectors.length, 12);
});

for (const [protocol, hash, ...messages] of vectors) {
	test(`${protocol} replays as published: handshake, hash and transport`, t => {
		const [initiator, responder, cipher] = sides(protocol!);
		t.is(hex(initiator.write(payloads[0]!)!), messages[0]!);
		t.deepEqual(responder.read(octets(messages[0]!)), payloads[0]);
		t.is(hex(responder.write(payloads[1]!)!), messages[1]!);
		t.deepEqual(initiator.read(octets(messages[1]!)), payloads[1]);
		t.is(hex(initiator.hash), hash!);
		t.is(hex(responder.hash), hash!);
		t.deepEqual(initiator.remoteStatic, field('responder-static-public'));
		const keys = initiator.split();
		t.deepEqual(keys, responder.split());
		const [k1, k2, k1Open, k2Open] = [keys.k1, keys.k2, keys.k1, keys.k2].map(
			key => new CipherState(crypto, cipher, key),
		);
		const none = new Uint8Array(0);
		for (let index = 2; index < messages.length; index++) {
			const [seal, open] = index % 2 === 0 ? [k1!, k1Open!] : [k2!, k2Open!];
			t.is(hex(seal.encrypt(none, payloads[index]!)), messages[index]!);
			t.deepEqual(open.decrypt(none, octets(messages[index]!)), payloads[index]);
		}
	});

	test(`${protocol}: a message with any octet changed or cut is refused, and the true one still read`, t => {
		const [initiator, responder] = sides(protocol!);
		initiator.write(payloads[0]!);
		const first = octets(messages[0]!);
		// An NX message has nothing that could be checked in its first message.
		const sealed = !protocol!.includes('NX');
		for (let index = 0; sealed && index < first.length; index++) {
			const changed = new Uint8Array(first);
			// The highest bit of a public key is ignored: RFC 7748 §5. The hash does see it.
			changed[index]! ^= 1;
			t.is(responder.read(changed), undefined);
			if (index % 7 === 0) t.is(responder.read(first.subarray(0, index)), undefined);
		}
		t.deepEqual(responder.read(first), payloads[0]);
		const second = responder.write(payloads[1]!)!;
		for (let index = 0; index < second.length; index++) {
			const changed = new Uint8Array(second);
			changed[index]! ^= 0x80;
			t.is(initiator.read(changed), undefined);
		}
		t.deepEqual(initiator.read(second), payloads[1]);
	});
}

test('the payload may be made of the keys that the message completes', t => {
	const [initiator, responder] = sides('Noise_NK_25519_AESGCM_SHA256');
	responder.read(initiator.write(payloads[0]!)!);
	let inside: unknown;
	const message = responder.write(() => {
		inside = responder.split();
		return payloads[1]!;
	});
	initiator.read(message!);
	t.deepEqual(inside, initiator.split());
});

test('a fork reads a message without moving what it came from', t => {
	const [initiator, responder] = sides('Noise_NX_25519_ChaChaPoly_SHA256');
	responder.read(initiator.write(payloads[0]!)!);
	const message = responder.write(payloads[1]!)!;
	t.deepEqual(initiator.fork().read(message), payloads[1]);
	t.deepEqual(initiator.fork().read(message), payloads[1]);
	t.deepEqual(initiator.read(message), payloads[1]);
});

test('a public key of low order ends the handshake on either side', t => {
	const [initiator, responder] = sides('Noise_NX_25519_AESGCM_SHA256');
	const hostile = new Uint8Array(64);
	t.not(responder.read(hostile), undefined);
	t.is(responder.write(payloads[1]!), undefined);
	initiator.write(payloads[0]!);
	t.is(initiator.read(new Uint8Array(200)), undefined);
});
