import {mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import platform from '../../../native-free/index.ts';
import type {StatIdentity} from '../../../src/platform/tree.ts';
import {FileLog, type FileRecord} from '../../../src/store/file-log.ts';
import {StateDir} from '../../../src/store/state-dir.ts';
import {Prng} from '../../support/prng.ts';

const {sha256} = platform.crypto;
const hashedAtMs = 1_700_000_100_000;

function stat(number: number, fields: Partial<StatIdentity> = {}): StatIdentity {
	return {
		ino: BigInt(number),
		dev: 2n ** 63n + 1n,
		size: number * 7,
		mtimeSec: 1_700_000_000,
		mtimeNsec: 999_999_999,
		ctimeSec: 1_700_000_000,
		ctimeNsec: number % 1000,
		...fields,
	};
}

function record(number: number, prng: Prng): FileRecord {
	return {
		stat: stat(number),
		hashedAtMs,
		digest: prng.bytes(32),
		leaves: prng.bytes(prng.below(3) * 32),
		sums: prng.bytes(prng.below(200)),
	};
}

function makeState(t: ExecutionContext): {state: StateDir; log: string} {
	const directory = mkdtempSync(join(tmpdir(), 'shoal-'));
	const root = platform.tree.openRoot(directory);
	const state = StateDir.open(
		{tree: platform.tree, process: platform.process, sha256},
		{root, rootPath: directory, create: true},
	)!;
	t.teardown(() => {
		state.close();
		platform.tree.closeDir(root);
		rmSync(directory, {recursive: true});
	});
	return {state, log: join(directory, '.shoal/files.log')};
}

test('what was appended is found again, by file and by digest, also after a new start', t => {
	const {state} = makeState(t);
	const prng = new Prng(1);
	const records = Array.from({length: 3000}, (_, index) => record(index, prng));
	const writing = FileLog.open(state);
	for (const each of records) writing.append(each);
	writing.sync();
	for (const log of [writing, FileLog.open(state), FileLog.openRead(state)]) {
		t.is(log.count, 3000);
		for (const each of records) {
			t.deepEqual(Buffer.from(log.lookup(each.stat)!), Buffer.from(each.digest));
			const leaves = log.readLeaves(each.digest);
			t.deepEqual(Buffer.from(leaves ?? []), Buffer.from(each.leaves));
			const sums = log.readSums(each.digest);
			t.deepEqual(Buffer.from(sums ?? []), Buffer.from(each.sums));
		}
		t.is(log.lookup(stat(3000)), undefined);
		t.is(log.readLeaves(new Uint8Array(32)), undefined);
		log.close();
	}
});

test('a file is trusted only while all of its stat is as it was', t => {
	const log = FileLog.open(makeState(t).state);
	t.teardown(() => log.close());
	log.append(record(5, new Prng(2)));
	t.truthy(log.lookup(stat(5)));
	const changes: Partial<StatIdentity>[] = [
		{size: 36},
		{mtimeSec: 1_700_000_001},
		{mtimeNsec: 999_999_998},
		{ctimeSec: 1_700_000_001},
		{ctimeNsec: 6},
		{ino: 6n},
		{dev: 1n},
	];
	for (const change of changes)
		t.is(log.lookup(stat(5, change)), undefined, `${Object.keys(change)}`);
});

test('a file that was modified within two seconds of being hashed is not trusted', t => {
	const log = FileLog.open(makeState(t).state);
	t.teardown(() => log.close());
	const digest = new Uint8Array(32).fill(1);
	const none = new Uint8Array(0);
	const hashed = (ino: number, times: Partial<StatIdentity>) => {
		const own = stat(ino, times);
		log.append({stat: own, hashedAtMs, digest, leaves: none, sums: none});
		return log.lookup(own) !== undefined;
	};
	const sec = hashedAtMs / 1000;
	t.true(hashed(1, {mtimeSec: sec - 3, ctimeSec: sec - 3}));
	t.false(hashed(2, {mtimeSec: sec - 2, ctimeSec: sec - 9}), 'its last octet may be newer');
	t.false(hashed(3, {mtimeSec: sec - 9, ctimeSec: sec - 2}), 'so may its name or mode');
	t.false(hashed(4, {mtimeSec: sec + 9, ctimeSec: sec - 9}), 'a time in the future says nothing');
});

test('the newest record of a file counts, and a log of mostly old ones is written anew', t => {
	const {state, log: path} = makeState(t);
	const prng = new Prng(3);
	let log = FileLog.open(state);
	const last = new Map<number, FileRecord>();
	for (let round = 0; round < 5; round++) {
		for (let number = 0; number < 400; number++) {
			const each = record(number, prng);
			log.append(each);
			last.set(number, each);
		}
	}
	log.sync();
	log.close();
	const before = statSync(path).size;
	log = FileLog.open(state);
	t.teardown(() => log.close());
	t.true(statSync(path).size < before / 3);
	t.is(log.count, 400);
	for (const each of last.values()) {
		t.deepEqual(Buffer.from(log.lookup(each.stat)!), Buffer.from(each.digest));
		t.deepEqual(Buffer.from(log.readSums(each.digest) ?? []), Buffer.from(each.sums));
	}
});

test('a log cut at any octet keeps the records before the cut, and goes on from there', t => {
	const {state, log: path} = makeState(t);
	const prng = new Prng(4);
	const records = Array.from({length: 6}, (_, index) => record(index, prng));
	const log = FileLog.open(state);
	const ends: number[] = [];
	for (const each of records) {
		log.append(each);
		log.sync();
		ends.push(statSync(path).size);
	}
	log.close();
	const whole = readFileSync(path);
	for (let cut = 0; cut <= whole.length; cut += 3) {
		writeFileSync(path, whole);
		truncateSync(path, cut);
		const torn = FileLog.open(state);
		const kept = ends.filter(end => end <= cut).length;
		t.is(torn.count, kept, `cut at ${cut}`);
		torn.append(record(77, new Prng(5)));
		torn.close();
		const again = FileLog.open(state);
		t.is(again.count, kept + 1);
		again.close();
	}
});

test('a damaged body is not handed out, a damaged head ends the log', t => {
	const {state, log: path} = makeState(t);
	const leaves = new Uint8Array(64).fill(9);
	const none = new Uint8Array(0);
	const log = FileLog.open(state);
	for (let number = 0; number < 3; number++) {
		const digest = new Uint8Array(32).fill(number);
		log.append({stat: stat(number), hashedAtMs, digest, leaves, sums: none});
	}
	log.close();
	const octets = readFileSync(path);
	const size = (octets.length - 16) / 3;
	octets[16 + size - 1]! ^= 1;
	writeFileSync(path, octets);
	const bodyDamaged = FileLog.openRead(state);
	t.is(bodyDamaged.readLeaves(new Uint8Array(32)), undefined);
	t.truthy(bodyDamaged.readLeaves(new Uint8Array(32).fill(1)));
	bodyDamaged.close();
	octets[16 + size + 20]! ^= 1;
	writeFileSync(path, octets);
	const headDamaged = FileLog.openRead(state);
	t.is(headDamaged.count, 1);
	headDamaged.close();
});

test('a reader takes in what a writer appends, and a log written anew', t => {
	const {state, log: path} = makeState(t);
	const prng = new Prng(6);
	const writer = FileLog.open(state);
	const reader = FileLog.openRead(state);
	t.teardown(() => reader.close());
	const first = record(1, prng);
	writer.append(first);
	writer.sync();
	t.is(reader.lookup(first.stat), undefined);
	reader.refresh();
	t.truthy(reader.lookup(first.stat));
	writer.close();
	rmSync(path);
	const anew = FileLog.open(state);
	const second = record(2, prng);
	anew.append(second);
	anew.close();
	reader.refresh();
	t.is(reader.lookup(first.stat), undefined);
	t.truthy(reader.lookup(second.stat));
});
