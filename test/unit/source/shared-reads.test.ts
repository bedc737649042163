import test from 'ava';
import {ShoalError} from '../../../src/error.ts';
import {SharedRead, SharedReads} from '../../../src/source/shared-reads.ts';
import {refuseCode} from '../../../src/wire/frame.ts';
import {Prng} from '../../support/prng.ts';

const KiB = 1024;

/** The octet of every version of every file at a place. */
const octetAt = (file: string, offset: number) => (file.length * 31 + offset * 7) & 255;

/** A disk that reads when it is told to, and counts what it reads. */
class Disk {
	readonly reads: SharedReads;
	bytesRead = 0;
	readonly #waiting: (() => void)[] = [];
	/** Of the reads to come: a refuseCode for each stretch, or what the thread throws. */
	outcome: number | Error = 0;

	constructor(sessionCount = 2) {
		this.reads = new SharedReads({sessionCount});
	}

	/** What comes of asking for a range; undefined until the disk has answered. */
	ask(file: string, offset: number, length: number) {
		const got: {result?: Uint8Array | number; done?: () => void; agains: number} = {agains: 0};
		const read = new SharedRead(this.reads);
		const settle = (result: Uint8Array | number, done?: () => void): void => {
			Object.assign(got, {result, done});
		};
		this.reads.take({file, offset, length, settle, again: () => got.agains++}, read);
		if (read.stretches.length === 0) return got;
		void read.start(async into => {
			await new Promise<void>(resolve => this.#waiting.push(resolve));
			if (typeof this.outcome !== 'number') throw this.outcome;
			let at = 0;
			for (const stretch of read.stretches) {
				for (let index = 0; index < stretch.length; index++) {
					into[at++] = octetAt(file, stretch.offset + index);
				}
			}
			this.bytesRead += at;
			return {status: new Uint8Array(read.stretches.length).fill(this.outcome)};
		});
		return got;
	}

	async answer(count = Infinity): Promise<void> {
		for (const resolve of this.#waiting.splice(0, count)) resolve();
		await new Promise(resolve => setImmediate(resolve));
	}
}

function isRight(file: string, offset: number, length: number, result: unknown): boolean {
	if (!(result instanceof Uint8Array) || result.length !== length) return false;
	return result.every((octet, index) => octet === octetAt(file, offset + index));
}

test('whatever ranges are wanted, by however many, no octet is read twice [SHOAL_SEED=1]', async t => {
	const prng = new Prng(1);
	const disk = new Disk();
	const wanted = new Map<string, Set<number>>();
	const checks: (() => boolean)[] = [];
	for (let turn = 0; turn < 600; turn++) {
		const file = `file ${'x'.repeat(prng.below(3))}`;
		const offset = prng.below(5000);
		const length = 1 + prng.below(prng.chance(0.1) ? 3000 : 300);
		const got = disk.ask(file, offset, length);
		checks.push(() => isRight(file, offset, length, got.result));
		const octets = wanted.get(file) ?? new Set();
		wanted.set(file, octets);
		for (let index = 0; index < length; index++) octets.add(offset + index);
		if (prng.chance(0.3)) await disk.answer(1 + prng.below(4));
	}
	await disk.answer();
	t.true(checks.every(check => check()));
	const distinct = [...wanted.values()].reduce((sum, {size}) => sum + size, 0);
	t.is(disk.bytesRead, distinct);
});

test('another version of a file is read by itself', async t => {
	const disk = new Disk();
	const before = disk.ask('a 1', 0, 1000);
	const after = disk.ask('a 22', 0, 1000);
	await disk.answer();
	t.true(isRight('a 1', 0, 1000, before.result));
	t.true(isRight('a 22', 0, 1000, after.result));
	t.is(disk.bytesRead, 2000);
});

test('what could not be read is told to all who wait for it, and read again for the next', async t => {
	const disk = new Disk();
	disk.outcome = refuseCode.stale;
	const [first, second] = [disk.ask('a', 0, 1000), disk.ask('a', 500, 200)];
	await disk.answer();
	t.is(first.result, refuseCode.stale);
	t.is(second.result, refuseCode.stale);
	disk.outcome = 0;
	const third = disk.ask('a', 0, 1000);
	await disk.answer();
	t.true(isRight('a', 0, 1000, third.result));
});

test('a thread that is lost costs its own session the range, and others another read', async t => {
	const disk = new Disk();
	disk.outcome = new ShoalError('THREAD_LOST', 'it ended');
	const [own, other] = [disk.ask('a', 0, 1000), disk.ask('a', 0, 1000)];
	await disk.answer();
	t.is(own.result, refuseCode.unreadable);
	t.is(other.result, undefined);
	t.is(other.agains, 1);
	disk.outcome = 0;
	const again = disk.ask('a', 0, 1000);
	await disk.answer();
	t.true(isRight('a', 0, 1000, again.result));
});

test('64 MiB are kept of what several sessions want, and 4 MiB of what one does', async t => {
	for (const [sessionCount, most] of [
		[2, 64 << 20],
		[1, 4 << 20],
	] as const) {
		const disk = new Disk(sessionCount);
		const size = 256 * KiB;
		for (let index = 0; index < (most / size) * 1.5; index++) {
			const got = disk.ask('file', index * size, size);
			await disk.answer();
			got.done?.();
			t.true(disk.reads.keptSize <= most);
		}
		t.true(disk.reads.keptSize > 0.9 * most);
		const before = disk.bytesRead;
		disk.ask('file', (most / size) * 1.5 * size - size, size);
		t.is(disk.bytesRead, before, 'the last is here');
		disk.ask('file', 0, size);
		await disk.answer();
		t.is(disk.bytesRead, before + size, 'the first is not');
	}
});

test('what is being sent stays as it is when its room is needed for something else', async t => {
	const disk = new Disk(1);
	const got = disk.ask('file', 0, 64 * KiB);
	await disk.answer();
	for (let index = 1; index < 100; index++) {
		disk.ask('file', index * 64 * KiB, 64 * KiB).done?.();
		await disk.answer();
	}
	t.true(isRight('file', 0, 64 * KiB, got.result));
});

test('a few octets of what others had read do not hold all of it', async t => {
	const disk = new Disk();
	const own = disk.ask('file', 0, 256 * KiB);
	await disk.answer();
	const few = disk.ask('file', 1000, 100);
	const many = disk.ask('file', 0, 128 * KiB);
	t.true(isRight('file', 1000, 100, few.result));
	const shared = (own.result as Uint8Array).buffer;
	t.not((few.result as Uint8Array).buffer, shared);
	t.is((many.result as Uint8Array).buffer, shared);
});

test('what nobody has wanted between two sweeps is let go', async t => {
	const disk = new Disk();
	disk.ask('a', 0, 1000);
	disk.ask('b', 0, 1000);
	await disk.answer();
	disk.reads.sweep();
	disk.ask('a', 0, 1000);
	disk.reads.sweep();
	const before = disk.bytesRead;
	disk.ask('a', 0, 1000);
	disk.ask('b', 0, 1000);
	await disk.answer();
	t.is(disk.bytesRead, before + 1000);
	disk.reads.sweep();
	disk.reads.sweep();
	t.is(disk.reads.keptSize, 0);
});
