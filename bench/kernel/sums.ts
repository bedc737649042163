/** Block sums of a file, and the search for its blocks in an edited basis file. */
import {Search} from '../../src/delta/search.ts';
import {parseSums} from '../../src/delta/sums.ts';
import {joinSums, SumsBuilder} from '../../src/delta/sums-builder.ts';
import {Prng} from '../../test/support/prng.ts';
import {benchSeed, fold, type Kernel} from '../harness.ts';

const salt = new Prng(benchSeed).bytes(16);
const size = (smoke: boolean) => (smoke ? 100_000 : 32 << 20);

function makeSums(content: Uint8Array): Uint8Array {
	const builder = new SumsBuilder({size: content.length, salt});
	builder.update(content);
	return joinSums(content.length, salt, [builder.finish()]);
}

/** The content with an octet put in at every hundredth part: nothing after it is aligned. */
function edit(content: Uint8Array): Uint8Array {
	const step = Math.ceil(content.length / 100);
	const edited = new Uint8Array(content.length + 100);
	let at = 0;
	for (let from = 0; from < content.length; from += step) {
		const piece = content.subarray(from, from + step);
		edited.set(piece, at);
		at += piece.length + 1;
	}
	return edited;
}

function search(basis: Uint8Array, object: Uint8Array, fileSize: number): number {
	const sums = parseSums(object, fileSize)!;
	const finest = sums.levels.at(-1)!;
	const finder = new Search({shape: sums.shape, salt: sums.salt, runs: [finest]});
	finder.start(0, 0);
	finder.push(basis);
	finder.end(true);
	return fold(new Uint8Array(finder.matches().buffer));
}

export const sumsKernels: readonly Kernel[] = [
	{
		name: 'kernel/sums-build',
		unit: 'octets',
		prepare: smoke => {
			const content = new Prng(benchSeed).bytes(size(smoke));
			return {amount: content.length, run: () => fold(makeSums(content))};
		},
	},
	{
		name: 'kernel/search-edited',
		unit: 'octets',
		prepare: smoke => {
			const content = new Prng(benchSeed).bytes(size(smoke));
			const basis = edit(content);
			const object = makeSums(content);
			return {amount: basis.length, run: () => search(basis, object, content.length)};
		},
	},
	{
		name: 'kernel/search-foreign',
		unit: 'octets',
		prepare: smoke => {
			const object = makeSums(new Prng(benchSeed).bytes(size(smoke)));
			const basis = new Prng(benchSeed + 1).bytes(size(smoke));
			return {amount: basis.length, run: () => search(basis, object, basis.length)};
		},
	},
];
