/** Sealing and opening one datagram after another: the key is set once, the nonce changes. */
import platform from '#platform';
import type {AeadKey, CipherName} from '../../src/platform/crypto.ts';
import {Prng} from '../../test/support/prng.ts';
import {benchSeed, fold, type Kernel} from '../harness.ts';

const packetSize = 1200;
const headerSize = 9;

/** AES with the 16 octets that packets use. */
const keySizes: Record<CipherName, number> = {AESGCM: 16, ChaChaPoly: 32};

function kernels(name: CipherName): Kernel[] {
	const count = (smoke: boolean) => (smoke ? 50 : 20_000);
	const makeKey = (): AeadKey =>
		platform.crypto.aead(name, new Prng(benchSeed).bytes(keySizes[name]));
	const nonceOf = (number: number) => {
		const nonce = new Uint8Array(12);
		new DataView(nonce.buffer).setUint32(8, number);
		return nonce;
	};
	const title = name === 'AESGCM' ? 'aes-128-gcm' : 'chacha20-poly1305';
	return [
		{
			name: `kernel/seal-${title}`,
			unit: 'octets',
			prepare: smoke => {
				const key = makeKey();
				const plain = new Prng(benchSeed).bytes(packetSize);
				const packet = new Uint8Array(packetSize);
				return {
					amount: count(smoke) * packetSize,
					run: () => {
						let sum = 0;
						for (let number = 0; number < count(smoke); number++) {
							packet.set(plain);
							key.seal(packet, headerSize, packetSize, nonceOf(number));
							sum = fold(packet.subarray(packetSize - 16), sum);
						}
						return sum;
					},
				};
			},
		},
		{
			name: `kernel/open-${title}`,
			unit: 'octets',
			prepare: smoke => {
				const key = makeKey();
				const sealed = new Prng(benchSeed).bytes(packetSize);
				key.seal(sealed, headerSize, packetSize, nonceOf(7));
				const packet = new Uint8Array(packetSize);
				return {
					amount: count(smoke) * packetSize,
					run: () => {
						let opened = 0;
						for (let number = 0; number < count(smoke); number++) {
							packet.set(sealed);
							if (key.open(packet, headerSize, packetSize, nonceOf(7))) opened++;
						}
						return opened;
					},
				};
			},
		},
	];
}

export const sealKernels: readonly Kernel[] = [...kernels('AESGCM'), ...kernels('ChaChaPoly')];
