import {createHmac, hkdfSync} from 'node:crypto';
import test from 'ava';
import {crypto} from '../../../native-free/crypto.ts';
import {AssertionError} from '../../../src/assert.ts';
import {
	earlySecret,
	expand,
	initiatorSecret,
	PacketKey,
	PacketKeys,
	responderSecret,
} from '../../../src/session/packet-keys.ts';

const secret = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

test('expand is one block of HKDF-Expand', t => {
	// RFC 5869 §A.1: the first 32 octets of its output key.
	const prk = Buffer.from(
		'077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5',
		'hex',
	);
	const info = 'info';
	const wanted = createHmac('sha256', prk).update(info).update(Uint8Array.of(1)).digest();
	t.deepEqual(expand(crypto, prk, info, 32), wanted);
	// With an empty salt, extract is an HMAC under zeros, so Node's HKDF can be held against both.
	const input = secret(5);
	const extracted = crypto.hmac('SHA256', new Uint8Array(32), input);
	const whole = new Uint8Array(hkdfSync('sha256', input, '', 'shoal key', 16));
	t.deepEqual(new Uint8Array(expand(crypto, extracted, 'shoal key', 16)), whole);
});

test('the secrets of the two sides, of each salt and of early data differ', t => {
	const k1 = secret(1);
	const all = [
		initiatorSecret(crypto, k1),
		earlySecret(crypto, k1),
		responderSecret(crypto, k1, new Uint8Array(16)),
		responderSecret(crypto, k1, new Uint8Array(16).fill(1)),
	].map(octets => Buffer.from(octets).toString('hex'));
	t.is(new Set(all).size, all.length);
});

test('the nonce is the iv and the whole packet number', t => {
	const seal = (number: number): string => {
		const packet = new Uint8Array(40);
		new PacketKey(crypto, 'AESGCM', secret(1)).seal(packet, 4, 40, number);
		return Buffer.from(packet).toString('hex');
	};
	const numbers = [0, 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 40, 2 ** 53 - 1];
	t.is(new Set(numbers.map(seal)).size, numbers.length);
	const iv = expand(crypto, secret(1), 'shoal iv', 12);
	iv[6]! ^= 1;
	iv[11]! ^= 2;
	const packet = new Uint8Array(40);
	crypto.aead('AESGCM', expand(crypto, secret(1), 'shoal key', 16)).seal(packet, 4, 40, iv);
	t.is(Buffer.from(packet).toString('hex'), seal(2 ** 40 + 2));
});

/** Two sides, and what each has sealed. */
class Sides {
	readonly a: PacketKeys;
	readonly b: PacketKeys;
	#next = 0;

	constructor(updateAfter: number, sealMax = 1000, suite: 'AESGCM' | 'ChaChaPoly' = 'AESGCM') {
		const limits = {crypto, suite, updateAfter, sealMax};
		this.a = new PacketKeys({...limits, sendSecret: secret(1), openSecret: secret(2)});
		this.b = new PacketKeys({...limits, sendSecret: secret(2), openSecret: secret(1)});
	}

	seal(by: PacketKeys): {data: Uint8Array; phase: number; number: number} {
		const data = new Uint8Array(60).fill(3);
		const phase = by.sendPhase;
		const number = this.#next++;
		by.seal(data, 9, 60, number);
		by.update();
		return {data, phase, number};
	}
}

function open(by: PacketKeys, {data, phase, number}: ReturnType<Sides['seal']>): boolean {
	return by.open(new Uint8Array(data), 9, 60, number, phase);
}

for (const suite of ['AESGCM', 'ChaChaPoly'] as const) {
	test(`${suite}: the key changes when it is time, and both sides follow`, t => {
		const sides = new Sides(10, 1000, suite);
		for (let count = 0; count < 200; count++) {
			t.true(open(sides.b, sides.seal(sides.a)));
			t.true(open(sides.a, sides.seal(sides.b)));
		}
		t.true(sides.a.updateCount >= 15);
		t.true(Math.abs(sides.a.updateCount - sides.b.updateCount) <= 1);
	});
}

test('a side that has no reason of its own to change its key follows the other', t => {
	const limits = {crypto, suite: 'AESGCM'} as const;
	const a = {...limits, sendSecret: secret(1), openSecret: secret(2), updateAfter: 10};
	const b = {...limits, sendSecret: secret(2), openSecret: secret(1)};
	const sides = new Sides(10);
	const [busy, calm] = [new PacketKeys(a), new PacketKeys(b)];
	for (let count = 0; count < 100; count++) {
		t.true(open(calm, sides.seal(busy)));
		if (count % 5 === 0) t.true(open(busy, sides.seal(calm)));
	}
	t.true(busy.updateCount >= 6);
	t.true(calm.updateCount >= busy.updateCount - 1);
});

test('a side that is not followed does not change its key again, and stops at the limit', t => {
	const sides = new Sides(10, 25);
	for (let count = 0; count < 35; count++) sides.seal(sides.a);
	t.is(sides.a.updateCount, 1);
	t.true(sides.a.exhausted);
	t.throws(() => sides.seal(sides.a), {instanceOf: AssertionError});
});

test('packets of the phase before are opened beside those of the next', t => {
	const sides = new Sides(10);
	const packets = Array.from({length: 20}, () => sides.seal(sides.a));
	t.deepEqual(
		packets.map(packet => packet.phase),
		[...Array(10).fill(0), ...Array(10).fill(1)],
	);
	for (const index of [0, 15, 5, 9, 10, 19, 1]) t.true(open(sides.b, packets[index]!));
});

test('a packet with a changed octet, phase or number is not authentic, and changes nothing', t => {
	const sides = new Sides(1000);
	const packet = sides.seal(sides.a);
	for (let index = 0; index < packet.data.length; index++) {
		const data = new Uint8Array(packet.data);
		data[index]! ^= 4;
		t.false(open(sides.b, {...packet, data}));
	}
	t.false(open(sides.b, {...packet, phase: 1}));
	t.false(open(sides.b, {...packet, number: packet.number + 1}));
	t.is(sides.b.sendPhase, 0);
	t.true(open(sides.b, packet));
});

test('the opening secret may be tried until a packet has settled it', t => {
	const limits = {crypto, suite: 'AESGCM'} as const;
	const a = new PacketKeys({...limits, sendSecret: secret(1)});
	const b = new PacketKeys({...limits, sendSecret: secret(2), openSecret: secret(1)});
	const data = new Uint8Array(60);
	b.seal(data, 9, 60, 0);
	t.false(a.open(new Uint8Array(data), 9, 60, 0, 0));
	a.startOpening(secret(7));
	t.false(a.open(new Uint8Array(data), 9, 60, 0, 0));
	a.startOpening(secret(2));
	t.true(a.open(new Uint8Array(data), 9, 60, 0, 0));
	t.throws(() => a.startOpening(secret(7)), {instanceOf: AssertionError});
});
