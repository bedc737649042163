/** A crypto whose seals are remembered: no nonce may ever be used for two texts under one key. */
import type {Crypto} from '../../src/platform/crypto.ts';

export class SealRecord {
	readonly crypto: Crypto;
	count = 0;
	/** The first nonce that was used again for something else. */
	reused: string | undefined;
	readonly #sealed = new Map<string, string>();

	constructor(crypto: Crypto) {
		this.crypto = {
			...crypto,
			aead: (name, key) => {
				const inner = crypto.aead(name, key);
				const keyName = Buffer.from(key).toString('base64');
				return {
					open: (packet, headerSize, end, nonce) => inner.open(packet, headerSize, end, nonce),
					seal: (packet, headerSize, end, nonce) => {
						inner.seal(packet, headerSize, end, nonce);
						const whole = Buffer.from(crypto.sha256(packet.subarray(0, end)));
						this.#note(keyName, Buffer.from(nonce).toString('hex'), whole.toString('base64'));
					},
				};
			},
		};
	}

	#note(key: string, nonce: string, sealed: string): void {
		this.count++;
		const name = `${key} ${nonce}`;
		const before = this.#sealed.get(name);
		if (before !== undefined && before !== sealed) this.reused ??= name;
		this.#sealed.set(name, sealed);
	}
}
