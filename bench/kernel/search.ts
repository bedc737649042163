/**
 * The search for a file's blocks in a basis file: equal, edited so that nothing stays aligned, of
 * other content, and with sums made so that every offset of the basis looks like a block.
 */
import platform from '#platform';
import {Search} from '../../src/delta/search.ts';
import {type BlockSums, parseSums, type Sums} from '../../src/delta/sums.ts';
import type {OpenSearchMemory} from '../../src/platform/search-memory.ts';
import {Prng} from '../../test/support/prng.ts';
import {makeSums, runDelta} from '../../test/support/run-delta.ts';
import {benchSeed, fold, type Kernel, type Prepared} from '../harness.ts';

const salt = new Prng(benchSeed).bytes(16);
const sizeOf = (smoke: boolean) => (smoke ? 100_000 : 32 << 20);

/** The content with an octet put in at every hundredth part. */
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

const foldMatches = (matches: Float64Array): number => fold(new Uint8Array(matches.buffer));

/** One pass over a basis for the blocks of one level. */
function searchOnce(
	{shape, salt: own}: Sums,
	runs: BlockSums[],
	basis: Uint8Array,
	openMemory: OpenSearchMemory | undefined,
): number {
	const search = new Search({shape, salt: own, runs, openMemory});
	search.start(0, 0);
	search.push(basis);
	search.end(true);
	search.close();
	return foldMatches(search.matches());
}

function pass(
	smoke: boolean,
	basisOf: (content: Uint8Array) => Uint8Array,
	runOf: (sums: Sums) => BlockSums,
	openMemory: OpenSearchMemory | undefined,
): Prepared {
	const content = new Prng(benchSeed).bytes(sizeOf(smoke));
	const basis = basisOf(content);
	const sums = parseSums(makeSums(content, salt), content.length)!;
	const runs = [runOf(sums)];
	return {amount: basis.length, run: () => searchOnce(sums, runs, basis, openMemory)};
}

const finest = ({levels}: Sums): BlockSums => levels.at(-1)!;
const coarsest = ({levels}: Sums): BlockSums => levels[0]!;
const allAlike = ({levels}: Sums): BlockSums => {
	const level = levels.at(-1)!;
	return {...level, weak: new Int32Array(level.weak.length)};
};
const foreign = (content: Uint8Array) => new Prng(benchSeed + 1).bytes(content.length);

/** What is searched for what. */
const passes: Readonly<Record<string, readonly [typeof foreign, typeof finest]>> = {
	equal: [content => content, finest],
	edited: [edit, finest],
	foreign: [foreign, finest],
	'foreign-coarse': [foreign, coarsest],
	hostile: [content => new Uint8Array(content.length), allAlike],
};

/** Each as the program runs it, and in plain TypeScript. */
const passKernels: readonly Kernel[] = Object.entries(passes).flatMap(([name, [basis, run]]) => [
	{
		name: `kernel/search-${name}`,
		unit: 'octets' as const,
		prepare: (smoke: boolean) => pass(smoke, basis, run, platform.openSearchMemory),
	},
	{
		name: `kernel/search-plain-${name}`,
		unit: 'octets' as const,
		prepare: (smoke: boolean) => pass(smoke, basis, run, undefined),
	},
]);

export const searchKernels: readonly Kernel[] = [
	...passKernels,
	{
		name: 'kernel/delta-edited',
		unit: 'octets',
		prepare: smoke => {
			const content = new Prng(benchSeed).bytes(sizeOf(smoke));
			const bases = [edit(content)];
			const sums = makeSums(content, salt);
			const delta = () => runDelta({size: content.length, sums, bases, prng: new Prng(benchSeed)});
			let sumsSize = 0;
			return {
				amount: content.length,
				run: () => {
					const run = delta();
					sumsSize = run.sumsSize;
					return foldMatches(run.matches);
				},
				figures: () => ({sumsSize}),
			};
		},
	},
];
