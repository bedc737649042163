import test from 'ava';
import {crypto} from '../../../native-free/crypto.ts';
import {AssertionError} from '../../../src/assert.ts';
import type {CipherName} from '../../../src/platform/crypto.ts';
import {octets, readVectors} from '../../support/vectors.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test('AES-GCM and ChaCha20-Poly1305 agree with published vectors, the forged ones included', t => {
	let forged = 0;
	for (const [name, id, ...fields] of readVectors('aead')) {
		const [key, nonce, header, plain, sealed, tag] = fields.slice(0, 6).map(octets);
		const aead = crypto.aead(name as CipherName, key!);
		const wanted = Uint8Array.from([...header!, ...sealed!, ...tag!]);
		const opened = new Uint8Array(wanted);
		const valid = fields[6] === 'valid';
		t.is(aead.open(opened, header!.length, opened.length, nonce!), valid, `${name} ${id}`);
		if (!valid) {
			forged++;
			continue;
		}
		t.deepEqual(opened.subarray(header!.length, opened.length - 16), plain, `${name} ${id}`);
		const packet = new Uint8Array(wanted.length);
		packet.set(header!);
		packet.set(plain!, header!.length);
		aead.seal(packet, header!.length, packet.length, nonce!);
		t.deepEqual(packet, wanted, `${name} ${id}`);
	}
	t.true(forged >= 100);
});

test('a nonce of another size, or a packet without room for its tag, is a bug of ours', t => {
	for (const name of ['AESGCM', 'ChaChaPoly'] as const) {
		const aead = crypto.aead(name, new Uint8Array(32));
		for (const size of [0, 8, 11, 13, 16]) {
			const nonce = new Uint8Array(size);
			t.throws(() => aead.seal(new Uint8Array(40), 4, 40, nonce), {instanceOf: AssertionError});
			t.throws(() => aead.open(new Uint8Array(40), 4, 40, nonce), {instanceOf: AssertionError});
		}
		const nonce = new Uint8Array(12);
		t.throws(() => aead.seal(new Uint8Array(40), 30, 40, nonce), {instanceOf: AssertionError});
		t.throws(() => aead.open(new Uint8Array(40), 4, 41, nonce), {instanceOf: AssertionError});
	}
	t.throws(() => crypto.aead('AESGCM', new Uint8Array(24)), {instanceOf: AssertionError});
	t.throws(() => crypto.aead('ChaChaPoly', new Uint8Array(16)), {instanceOf: AssertionError});
});

test('a packet is sealed within its bounds', t => {
	for (const name of ['AESGCM', 'ChaChaPoly'] as const) {
		const aead = crypto.aead(name, new Uint8Array(32).fill(7));
		const memory = new Uint8Array(100).fill(0xee);
		aead.seal(memory, 10, 60, new Uint8Array(12));
		t.true(memory.subarray(60).every(octet => octet === 0xee));
		t.true(memory.subarray(0, 10).every(octet => octet === 0xee));
		t.true(aead.open(memory, 10, 60, new Uint8Array(12)));
		t.true(memory.subarray(10, 44).every(octet => octet === 0xee));
	}
});

test('X25519 agrees with published vectors; a secret of zeros is none', t => {
	let zero = 0;
	for (const [id, secret, peer, shared] of readVectors('x25519')) {
		const wanted = octets(shared!);
		const got = crypto.dh(octets(secret!), octets(peer!));
		if (wanted.every(octet => octet === 0)) {
			t.is(got, undefined, id!);
			zero++;
		} else {
			t.deepEqual(got && new Uint8Array(got), wanted, id!);
		}
	}
	t.true(zero >= 30);
});

test('X25519 pairs agree on a secret, made or given as octets', t => {
	const a = crypto.dhGenerate();
	const b = crypto.dhGenerate();
	t.notDeepEqual(a.secret, b.secret);
	t.deepEqual(crypto.dh(a.secret, b.public), crypto.dh(b.secret, a.public));
	const copied = new Uint8Array(a.secret);
	t.deepEqual(crypto.dhPublic(copied), a.public);
	t.deepEqual(crypto.dh(copied, b.public), crypto.dh(a.secret, b.public));
});

test('Ed25519 signs as RFC 8032 §7.1 has it', t => {
	const secret = octets('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb');
	const key = octets('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c');
	const signature = octets(
		'92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
			'085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
	);
	t.deepEqual(crypto.signPublic(secret), key);
	t.deepEqual(new Uint8Array(crypto.sign(secret, Uint8Array.of(0x72))), signature);
	t.true(crypto.verify(key, Uint8Array.of(0x72), signature));
	t.false(crypto.verify(key, Uint8Array.of(0x73), signature));
	t.false(crypto.verify(key, Uint8Array.of(0x72), signature.subarray(1)));
	t.false(crypto.verify(new Uint8Array(32).fill(0xff), Uint8Array.of(0x72), signature));
	const pair = crypto.signGenerate();
	t.true(crypto.verify(pair.public, text('a'), crypto.sign(pair.secret, text('a'))));
});

test('hashes and their HMACs take parts as one', t => {
	const whole = octets('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
	t.deepEqual(new Uint8Array(crypto.sha256(text('a'), text('bc'))), whole);
	t.deepEqual(new Uint8Array(crypto.hash('SHA256', text('abc'))), whole);
	// RFC 7693 §B.
	const blake = octets('508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982');
	t.deepEqual(new Uint8Array(crypto.hash('BLAKE2s', text('ab'), text('c'))), blake);
	// RFC 4231 §4.3.
	const mac = octets('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
	const message = text('what do ya want for nothing?');
	t.deepEqual(new Uint8Array(crypto.hmac('SHA256', text('Jefe'), message)), mac);
});

test('equality is of all octets and of the size', t => {
	t.true(crypto.equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2)));
	t.false(crypto.equal(Uint8Array.of(1, 2), Uint8Array.of(1, 3)));
	t.false(crypto.equal(Uint8Array.of(1, 2), Uint8Array.of(1)));
});

test('random octets fill all they are given, and differ', t => {
	const a = new Uint8Array(64);
	const b = new Uint8Array(64);
	crypto.random(a);
	crypto.random(b);
	t.notDeepEqual(a, b);
	t.false(a.subarray(48).every(octet => octet === 0));
});
