/**
 * Digests: plain SHA-256, and the Merkle tree over leaves that names a file's content; beside them
 * SHA-256 in WebAssembly, which is what there would be without Node's own.
 */
import {createSHA256} from 'hash-wasm';
import platform from '#platform';
import {contentDigest} from '../../src/snapshot/merkle.ts';
import {Prng} from '../../test/support/prng.ts';
import {benchSeed, fold, type Kernel} from '../harness.ts';

const {sha256} = platform.crypto;

const content = (smoke: boolean) => new Prng(benchSeed).bytes(smoke ? 200_000 : 64 << 20);

export const digestKernels: readonly Kernel[] = [
	{
		name: 'kernel/sha256',
		unit: 'octets',
		prepare: smoke => {
			const octets = content(smoke);
			return {amount: octets.length, run: () => fold(sha256(octets))};
		},
	},
	{
		name: 'kernel/sha256-wasm',
		unit: 'octets',
		prepare: async smoke => {
			const octets = content(smoke);
			const hash = await createSHA256();
			const run = () => fold(hash.init().update(octets).digest('binary'));
			return {amount: octets.length, run};
		},
	},
	{
		name: 'kernel/merkle',
		unit: 'octets',
		prepare: smoke => {
			const octets = content(smoke);
			return {amount: octets.length, run: () => fold(contentDigest(sha256, octets))};
		},
	},
];
