import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {partSize, sumsFileSizeMax, sumsHeaderSize, sumsShape} from '../../../src/delta/shape.ts';
import {parseRecords, parseSums, parseSumsHeader} from '../../../src/delta/sums.ts';
import {Prng} from '../../support/prng.ts';
import {makeSums} from '../../support/run-delta.ts';

const readme = readFileSync(
	fileURLToPath(new URL('../../../../src/delta/README.md', import.meta.url)),
	'utf8',
);

const exampleSalt = Uint8Array.from({length: 16}, (_, index) => index);
const example = (size: number): Uint8Array =>
	Uint8Array.from({length: size}, (_, index) => index * index + (index >> 7));

test('the example of the format is what the code makes', t => {
	const written = /\n((?: {4}[0-9a-f ]+\n)+)\nThe SHA-256/.exec(readme)![1]!;
	const sums = makeSums(example(1500), exampleSalt);
	t.is(Buffer.from(sums).toString('hex'), written.replaceAll(/\s/g, ''));
	const digest = /sums of 1,500,000 such octets is ([0-9a-f]{64})/.exec(readme)![1]!;
	const long = makeSums(example(1_500_000), exampleSalt);
	t.is(createHash('sha256').update(long).digest('hex'), digest);
});

test('the shape changes where the format says', t => {
	const blocks = (size: number): number[] => sumsShape(size)!.levels.map(each => each.blockSize);
	t.is(sumsShape(0), undefined);
	t.is(sumsShape(511), undefined);
	t.deepEqual(blocks(512), [2048, 128]);
	t.deepEqual(blocks(2 ** 16), [2048, 128]);
	t.deepEqual(blocks(2 ** 16 + 1), [32_768, 4096, 1024, 256]);
	t.deepEqual(blocks(2 ** 26), [32_768, 4096, 1024, 256]);
	t.deepEqual(blocks(2 ** 26 + 1), [65_536, 8192, 2048, 512]);
	t.deepEqual(blocks(2 ** 30), [65_536, 8192, 2048, 512]);
	t.deepEqual(blocks(2 ** 30 + 1), [65_536, 8192, 1024]);
	t.deepEqual(blocks(2 ** 32), [65_536, 8192, 1024]);
	t.deepEqual(blocks(2 ** 32 + 1), [131_072, 16_384, 2048]);
	t.deepEqual(blocks(2 ** 44), [2 ** 22, 2 ** 19, 2 ** 16]);
	t.is(sumsShape(sumsFileSizeMax + 1), undefined);

	const record = (size: number): [number, number] => {
		const {weakSize, strongSize} = sumsShape(size)!;
		return [weakSize, strongSize];
	};
	t.deepEqual(record(512), [3, 2]);
	t.deepEqual(record(2 ** 17), [3, 2]);
	t.deepEqual(record(2 ** 17 + 1), [4, 2]);
	t.deepEqual(record(2 ** 25), [4, 2]);
	t.deepEqual(record(2 ** 25 + 1), [4, 3]);
	t.deepEqual(record(2 ** 33 + 1), [4, 4]);
	t.deepEqual(record(2 ** 44), [4, 4]);
});

test('levels fill the object, and 4 MiB are whole blocks of any file', t => {
	const prng = new Prng(11);
	for (let run = 0; run < 2000; run++) {
		const size = 512 + prng.below(2 ** (1 + prng.below(43)));
		const shape = sumsShape(size)!;
		let end = sumsHeaderSize;
		for (const {offset, blockSize, blockCount} of shape.levels) {
			t.is(offset, end);
			t.true((blockCount - 1) * blockSize < size && size <= blockCount * blockSize);
			end += blockCount * shape.recordSize;
		}
		t.is(shape.objectSize, end);
		for (const [index, level] of shape.levels.entries()) {
			const finer = shape.levels[index + 1];
			t.true(finer === undefined || level.blockSize % finer.blockSize === 0);
		}
		t.is(2 ** 22 % partSize(shape), 0);
	}
});

test('octets that are no sums of the file are refused', t => {
	const size = 5000;
	const sums = makeSums(example(size), exampleSalt);
	t.not(parseSums(sums, size), undefined);
	t.is(parseSums(sums, 5500), undefined, 'of another shape');
	t.is(parseSums(sums, 100), undefined, 'of a file without sums');
	t.is(parseSums(sums.subarray(1), size), undefined);
	t.is(parseSums(new Uint8Array([...sums, 0]), size), undefined);
	t.is(parseSums(new Uint8Array(0), size), undefined);
	for (let at = 0; at < 4; at++) {
		const other = sums.slice();
		other[at]! ^= 1;
		t.is(parseSums(other, size), undefined, `octet ${at} of the header`);
	}
	const shape = sumsShape(size)!;
	t.is(parseSumsHeader(sums.subarray(0, sumsHeaderSize - 1), shape), undefined);
	t.is(parseRecords(shape, 0, 0, new Uint8Array(shape.recordSize + 1)), undefined);
	t.is(parseRecords(shape, 0, 3, new Uint8Array(shape.recordSize)), undefined);
	t.is(parseRecords(shape, 0, -1, new Uint8Array(shape.recordSize)), undefined);
	t.is(parseRecords(shape, 2, 0, new Uint8Array(shape.recordSize)), undefined);
	t.not(parseRecords(shape, 0, 2, new Uint8Array(shape.recordSize)), undefined);
});
