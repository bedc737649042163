import test from 'ava';
import platform from '#platform';
import {leafSize} from '../../../src/limit.ts';
import {Intake} from '../../../src/receiver/intake.ts';
import type {StageWriter} from '../../../src/receiver/stage-writer.ts';
import {contentDigest, leafHashes, makeLeaves} from '../../../src/snapshot/merkle.ts';
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
