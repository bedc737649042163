import test from 'ava';
import {literalRanges, matchRowSize} from '../../src/delta/match-list.ts';
import {Search} from '../../src/delta/search.ts';
import {parseSums} from '../../src/delta/sums.ts';
import {joinSums, SumsBuilder} from '../../src/delta/sums-builder.ts';
import {edit, makeContent} from '../support/edit.ts';
import {Prng} from '../support/prng.ts';

const first = Number(process.env['SHOAL_SEED'] ?? 1);
const seeds = process.env['SHOAL_SEED'] === undefined ? 60 : 1;

function makeSums(content: Uint8Array, salt: Uint8Array): Uint8Array {
	const builder = new SumsBuilder({size: content.length, salt});
	builder.update(content);
	return joinSums(content.length, salt, [builder.finish()]);
}

function assemble(
	matches: Float64Array,
	bases: readonly Uint8Array[],
	source: Uint8Array,
): Uint8Array {
	const result = new Uint8Array(source.length);
	for (let row = 0; row < matches.length; row += matchRowSize) {
		const [to, basis, from, length] = matches.subarray(row, row + matchRowSize) as unknown as [
			number,
			number,
			number,
			number,
		];
		result.set(bases[basis]!.subarray(from, from + length), to);
	}
	const literals = literalRanges(matches, source.length);
	for (let pair = 0; pair < literals.length; pair += 2) {
		const [start, end] = [literals[pair]!, literals[pair + 1]!];
		result.set(source.subarray(start, end), start);
	}
	return result;
}

/** `deepEqual` looks at every octet apart: seconds for a megabyte. */
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

for (let seed = first; seed < first + seeds; seed++) {
	test(`matches and literals make the source, on every level [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const size = 2048 + prng.below(prng.chance(0.2) ? 1_200_000 : 70_000);
		const source = makeContent(prng, size);
		const bases = [edit(prng, source, prng.below(8)), edit(prng, source, prng.below(40))];
		if (prng.chance(0.2)) bases.unshift(new Uint8Array(0), prng.bytes(prng.below(300)));
		const {shape, salt, levels} = parseSums(makeSums(source, prng.bytes(16)), size)!;
		for (const sums of levels) {
			const search = new Search({shape, salt, runs: [sums]});
			for (const [index, basis] of bases.entries()) {
				search.start(index, 0);
				for (let at = 0; at < basis.length; ) {
					const end = Math.min(basis.length, at + 1 + prng.below(100_000));
					search.push(basis.subarray(at, end));
					at = end;
				}
				search.end(true);
			}
			t.true(equal(assemble(search.matches(), bases, source), source));
		}
	});
}
