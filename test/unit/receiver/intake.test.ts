import test from 'ava';
import platform from '#platform';
import {leafSize} from '../../../src/limit.ts';
import {Intake} from '../../../src/receiver/intake.ts';
import type {StageWriter} from '../../../src/receiver/stage-writer.ts';
import {contentDigest, leafHashes, makeLeaves, treeRoot} from '../../../src/snapshot/merkle.ts';
import type {ChangeTable} from '../../../src/task/change-table.ts';
import {stageOp} from '../../../src/task/stage.ts';
import {Prng} from '../../support/prng.ts';

const {clock, crypto} = platform;
const {sha256} = crypto;

test('a leaf that was hashed while it was copied is read back if octets of it came otherwise', t => {
	const content = new Prng(1).bytes(2 * leafSize);
	const found = leafHashes(sha256, content);
	const written: {readonly kind: number; readonly offset: number}[] = [];
	const settle: (() => void)[] = [];
	const write: StageWriter['write'] = ({kind, offset, settled}) => {
		written.push({kind, offset});
		settle.push(() => settled(true));
	};
	const none = (): void => undefined;
	const intake = new Intake({
		table: {
			count: 1,
			columns: {size: [content.length]},
			digest: () => contentDigest(sha256, content),
		} as unknown as ChangeTable,
		writer: {write, finish: none} as unknown as StageWriter,
		clock,
		sha256,
		onStaged: none,
		onWanted: none,
		onLeaves: none,
		onBad: none,
		onResumed: none,
		onDropped: none,
	});
	t.teardown(() => intake.stop());
	const hashes = new Map([0, 1].map(at => [at, found.subarray(32 * at, 32 * (at + 1))]));
	intake.content(0, 5, new Uint8Array(10));
	intake.copied(0, 0, content.length, hashes);
	intake.leaves(0, 0, makeLeaves(sha256, found));
	t.deepEqual(written, [{kind: stageOp.part, offset: 5}]);
	settle[0]!();
	t.deepEqual(written, [
		{kind: stageOp.part, offset: 5},
		{kind: stageOp.check, offset: 0},
	]);
});

test('compressed leaves are held for their hashes within a bound, and asked for again beyond it', t => {
	const count = 700;
	const hashes = new Prng(2).bytes(32 * count);
	const octets = new Uint8Array(60_000);
	const written: number[] = [];
	const wanted: number[] = [];
	let dropped = 0;
	const none = (): void => undefined;
	const intake = new Intake({
		table: {
			count: 1,
			columns: {size: [count * leafSize]},
			digest: () => treeRoot(sha256, hashes),
		} as unknown as ChangeTable,
		writer: {
			write: ({offset}: {offset: number}) => written.push(offset / leafSize),
			finish: none,
		} as unknown as StageWriter,
		clock,
		sha256,
		onStaged: none,
		onWanted: (_row, kind, offset, size) => {
			t.is(kind, 'content');
			t.is(size, leafSize);
			wanted.push(offset / leafSize);
		},
		onLeaves: none,
		onBad: none,
		onResumed: none,
		onDropped: size => {
			dropped += size;
		},
	});
	for (let index = 0; index < count; index++) intake.compressed(0, index, 1, octets);
	const held = Math.floor((32 << 20) / octets.length);
	t.is(dropped, (count - held) * octets.length, 'a grant of 64 MiB stays open');
	t.deepEqual(written, []);
	const leaves = makeLeaves(sha256, hashes);
	intake.leaves(0, 0, leaves);
	t.deepEqual(
		[written.length, wanted.length, wanted[0], wanted.at(-1)],
		[held, count - held, held, count - 1],
	);
	t.is(dropped, (count - held) * octets.length + leaves.length);
	intake.compressed(0, count - 1, 1, octets);
	t.is(written.at(-1), count - 1);
});
