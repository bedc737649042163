import {createCipheriv} from 'node:crypto';
import test from 'ava';
import {chachaSizeMax, loadChacha} from '../../../native-free/chacha.ts';
import {crypto} from '../../../native-free/crypto.ts';
import {Prng} from '../../support/prng.ts';
import {seedsOr} from '../../support/seeds.ts';

/** What OpenSSL makes of the same packet. */
function reference(
	key: Uint8Array,
	nonce: Uint8Array,
	packet: Uint8Array,
	headerSize: number,
): Uint8Array {
	const textEnd = packet.length - 16;
	const cipher = createCipheriv('chacha20-poly1305', key, nonce, {authTagLength: 16});
	cipher.setAAD(packet.subarray(0, headerSize), {plaintextLength: textEnd - headerSize});
	const text = cipher.update(packet.subarray(headerSize, textEnd));
	cipher.final();
	return Buffer.concat([packet.subarray(0, headerSize), text, cipher.getAuthTag()]);
}

test('the module is built, loads, and is preferred', t => {
	t.truthy(loadChacha());
	t.is(crypto.preferred, 'ChaChaPoly');
});

for (const seed of seedsOr(1, 2, 3)) {
	test(`packets of all sizes are those of OpenSSL, and open again [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const chacha = loadChacha()!;
		for (let turn = 0; turn < 1500; turn++) {
			const headerSize = prng.below(48);
			const size = turn < 300 ? turn : prng.below(chachaSizeMax - headerSize - 16);
			const [key, nonce] = [prng.bytes(32), prng.bytes(12)];
			const packet = prng.bytes(headerSize + size + 16);
			// Sums near the modulus and full carries.
			if (turn % 5 === 0) packet.fill(255);
			const plain = packet.slice();
			const expected = reference(key, nonce, plain, headerSize);
			chacha.seal(key, packet, headerSize, packet.length, nonce);
			if (Buffer.compare(packet, expected) !== 0) t.fail(`${size} octets are sealed otherwise`);
			const forged = packet.slice();
			forged[prng.below(forged.length)]! ^= 1 << prng.below(8);
			if (chacha.open(key, forged, headerSize, forged.length, nonce)) t.fail('a forgery opens');
			const isOpen = chacha.open(key, packet, headerSize, packet.length, nonce);
			const text = packet.subarray(0, -16);
			if (!isOpen || Buffer.compare(text, plain.subarray(0, -16)) !== 0) t.fail('it stays shut');
		}
		t.pass();
	});
}

test('packets on both sides of the limit are of one cipher', t => {
	const key = new Uint8Array(32).fill(7);
	const nonce = new Uint8Array(12).fill(9);
	const aead = crypto.aead('ChaChaPoly', key);
	for (const size of [chachaSizeMax - 1, chachaSizeMax, chachaSizeMax + 1]) {
		const packet = new Uint8Array(size).fill(3);
		const expected = reference(key, nonce, packet, 9);
		aead.seal(packet, 9, size, nonce);
		t.deepEqual(Buffer.from(packet), Buffer.from(expected));
		t.true(aead.open(packet, 9, size, nonce));
	}
});

test('keys that take turns do not mix', t => {
	const nonce = new Uint8Array(12);
	const keys = [1, 2].map(fill => crypto.aead('ChaChaPoly', new Uint8Array(32).fill(fill)));
	const packets = keys.map(() => new Uint8Array(100));
	keys.forEach((key, index) => {
		key.seal(packets[index]!, 5, 100, nonce);
	});
	t.notDeepEqual(packets[0], packets[1]);
	t.false(keys[0]!.open(packets[1]!.slice(), 5, 100, nonce));
	t.true(keys[0]!.open(packets[0]!, 5, 100, nonce));
	t.true(keys[1]!.open(packets[1]!, 5, 100, nonce));
});
