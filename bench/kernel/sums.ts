/** Block sums: the weak and the strong one alone, and a file's sums object. */

import {sumsShape} from '../../src/delta/shape.ts';
import {chunkSum, StrongSum} from '../../src/delta/strong-sum.ts';
import {sumKeys} from '../../src/delta/sum-keys.ts';
import {weakSum} from '../../src/delta/weak-sum.ts';
import {Prng} from '../../test/support/prng.ts';
import {makeSums} from '../../test/support/run-delta.ts';
import {benchSeed, fold, type Kernel} from '../harness.ts';

const salt = new Prng(benchSeed).bytes(16);
const content = (smoke: boolean) => new Prng(benchSeed).bytes(smoke ? 100_000 : 32 << 20);
const blockSize = 1024;

export const sumsKernels: readonly Kernel[] = [
	{
		name: 'kernel/weak-sum',
		unit: 'octets',
		prepare: smoke => {
			const octets = content(smoke);
			const view = new DataView(octets.buffer);
			const run = (): number => {
				let sum = 0;
				for (let at = 0; at + blockSize <= octets.length; at += blockSize) {
					sum ^= weakSum(view, at, at + blockSize, 0x1f13_547d);
				}
				return sum;
			};
			return {amount: octets.length, run};
		},
	},
	{
		name: 'kernel/strong-sum',
		unit: 'octets',
		prepare: smoke => {
			const octets = content(smoke);
			const view = new DataView(octets.buffer);
			const keys = sumKeys(sumsShape(2 ** 32)!, salt);
			const strong = new StrongSum(keys, (at, end) => chunkSum(view, at, end, keys.keys));
			const run = (): number => {
				let sum = 0;
				for (let at = 0; at + blockSize <= octets.length; at += blockSize) {
					sum ^= strong.sum(at, at + blockSize, 0);
				}
				return sum;
			};
			return {amount: octets.length, run};
		},
	},
	{
		name: 'kernel/sums-build',
		unit: 'octets',
		prepare: smoke => {
			const octets = content(smoke);
			return {amount: octets.length, run: () => fold(makeSums(octets, salt))};
		},
	},
];
