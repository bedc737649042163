/** SHA-256 from OpenSSL: 800-1,230 MB/s where the processor has instructions for it. */
import {createHash, hash} from 'node:crypto';
import type {Sha256} from '../src/platform/crypto.ts';

/** Up to here it is cheaper to put parts together than to make an object that takes them. */
const scratch = new Uint8Array(1024);

/** In one call where it can be: 1.3 µs for 32 octets, against 1.8 µs with a Hash object. */
export const sha256: Sha256 = (...parts) => {
	if (parts.length === 1) return hash('sha256', parts[0]!, 'buffer');
	let size = 0;
	for (const part of parts) size += part.length;
	if (size > scratch.length) return inParts(parts);
	let end = 0;
	for (const part of parts) {
		scratch.set(part, end);
		end += part.length;
	}
	return hash('sha256', scratch.subarray(0, end), 'buffer');
};

function inParts(parts: readonly Uint8Array[]): Uint8Array {
	const digest = createHash('sha256');
	for (const part of parts) digest.update(part);
	return digest.digest();
}
