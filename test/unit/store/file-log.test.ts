import {readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {leafSize} from '../../../src/limit.ts';
import type {StatIdentity} from '../../../src/platform/tree.ts';
import {leavesSize} from '../../../src/snapshot/merkle.ts';
import {FileLog, type FileRecord} from '../../../src/store/file-log.ts';
import {Prng} from '../../support/prng.ts';
import {octets} from '../../support/snapshot.ts';
import {openState} from '../../support/state.ts';

const hashedAtMs = 1_700_000_100_000;
const recordSize = 128;
const headerSize = 32;
const none = new Uint8Array(0);

function stat(number: number, fields: Partial<StatIdentity> = {}): StatIdentity {
	return {
		ino: 2n ** 63n + BigInt(number),
		dev: 2n ** 63n + 1n,
		size: (number % 4) * leafSize,
		mtimeSec: 1_700_000_000,
		mtimeNsec: 999_999_999,
		ctimeSec: 1_700_000_000,
		ctimeNsec: number % 1000,
		...fields,
	};
}

const path = (number: number): Uint8Array => octets(`some/directory/${number}`);

function record(number: number, prng: Prng, fields: Partial<StatIdentity> = {}): FileRecord {
	const own = stat(number, fields);
	return {
		path: path(number),
		stat: own,
		hashedAtMs,
		digest: prng.bytes(32),
		leaves: prng.bytes(leavesSize(own.size)),
		sums: prng.bytes(prng.below(200)),
	};
}

function setUp(t: ExecutionContext, name = 'files') {
	const state = openState(t);
	const logs: FileLog[] = [];
	t.teardown(() => {
		for (const log of logs) log.close();
	});
	const keep = (log: FileLog): FileLog => {
		logs.push(log);
		return log;
	};
	return {
		open: () => keep(FileLog.open(state, name)),
		openRead: () => keep(FileLog.openRead(state, name)),
		log: join(state.path, `${name}.log`),
		files: () => readdirSync(state.path).sort(),
		data: () => join(state.path, readdirSync(state.path).find(name => name.endsWith('.data'))!),
	};
}

const has = (log: FileLog, {path: of, stat: own, digest}: FileRecord): boolean =>
	Buffer.from(log.lookup(of, own) ?? []).equals(digest);

const hasAll = (log: FileLog, each: FileRecord): boolean =>
	has(log, each) &&
	Buffer.from(log.readLeaves(each.digest) ?? []).equals(each.leaves) &&
	Buffer.from(log.readSums(each.digest) ?? []).equals(each.sums);

test('what was appended is found again, by file and by digest, also after a new start', t => {
	const {open, openRead, files} = setUp(t);
	const prng = new Prng(1);
	const records = Array.from({length: 3000}, (_, index) => record(index, prng));
	const writing = open();
	for (const each of records) writing.append(each);
	t.true(
		records.every(each => hasAll(writing, each)),
		'before it is on the disk',
	);
	writing.sync();
	for (const log of [writing, openRead(), open()]) {
		t.is(log.count, 3000);
		t.true(records.every(each => hasAll(log, each)));
		t.is(log.lookup(path(3000), stat(3000)), undefined);
		t.is(log.readLeaves(new Uint8Array(32)), undefined);
	}
	t.deepEqual(files(), ['files.1.data', 'files.log']);
});

test('without a log a reader finds nothing, and makes nothing', t => {
	const {openRead, files} = setUp(t);
	const log = openRead();
	t.is(log.count, 0);
	t.is(log.lookup(path(1), stat(1)), undefined);
	t.is(log.readSums(new Uint8Array(32)), undefined);
	log.refresh();
	t.deepEqual(files(), []);
});

test('a file is trusted only while its name and all of its stat are as they were', t => {
	const log = setUp(t).open();
	const five = record(5, new Prng(2));
	log.append(five);
	t.true(has(log, five));
	const changes: Partial<StatIdentity>[] = [
		{size: 36},
		{mtimeSec: 1_700_000_001},
		{mtimeNsec: 999_999_998},
		{ctimeSec: 1_700_000_001},
		{ctimeNsec: 6},
		{ino: 2n ** 63n + 6n},
		{ino: 5n},
		{dev: 1n},
	];
	for (const change of changes) {
		t.is(log.lookup(five.path, stat(5, change)), undefined, `${Object.keys(change)}`);
	}
	t.is(log.lookup(octets('some/directory/6'), five.stat), undefined);
	t.truthy(log.lookup(octets('moved/5'), five.stat), 'with the directory it is in');
});

test('a file that was changed within two seconds of being hashed is not trusted', t => {
	const log = setUp(t).open();
	const sec = hashedAtMs / 1000;
	let number = 0;
	const hashed = (mtimeSec: number, mtimeNsec: number, ctimeSec: number, ctimeNsec: number) => {
		const each = record(++number, new Prng(number), {mtimeSec, mtimeNsec, ctimeSec, ctimeNsec});
		log.append(each);
		return has(log, each);
	};
	t.true(hashed(sec - 3, 999_000_000, sec - 3, 999_000_000));
	t.false(hashed(sec - 2, 1_000_000, sec - 9, 0), 'its last octet may be newer');
	t.true(hashed(sec - 3, 999_000_000, sec - 9, 0));
	t.false(hashed(sec - 9, 0, sec - 2, 1_000_000), 'so it may if its mtime was set back');
	t.false(hashed(sec - 9, 0, sec, 0));
	t.false(hashed(sec - 9, 0, sec + 1000, 0), 'the clock went back');
	t.false(hashed(sec + 2, 0, sec - 9, 0));
	t.true(hashed(sec + 3, 0, sec - 9, 0), 'set by hand: a write would have set it to its own time');
});

test('the newest record of a file counts, and a log of mostly old ones is written anew', t => {
	const {open, openRead, log: file, data, files} = setUp(t, 'received');
	const prng = new Prng(3);
	const writing = open();
	const reader = openRead();
	const last = new Map<number, FileRecord>();
	for (let round = 0; round < 5; round++) {
		for (let number = 0; number < 400; number++) {
			const each = record(number, prng);
			writing.append(each);
			last.set(number, each);
		}
	}
	writing.close();
	const before = [statSync(file).size, statSync(data()).size];
	t.is(before[0], headerSize + 2000 * recordSize);
	const log = open();
	t.is(log.count, 400);
	t.true([...last.values()].every(each => hasAll(log, each)));
	t.is(statSync(file).size, headerSize + 400 * recordSize);
	t.true(statSync(data()).size < before[1]! / 3);
	t.deepEqual(files(), ['received.2.data', 'received.log']);
	reader.refresh();
	t.is(reader.count, 400);
	t.true([...last.values()].every(each => hasAll(reader, each)));
	const more = record(9999, prng);
	log.append(more);
	log.sync();
	reader.refresh();
	t.true(hasAll(reader, more));
});

test('old records of a tree are forgotten after a scan of it', t => {
	const {open} = setUp(t);
	const prng = new Prng(5);
	const writing = open();
	const rounds = Array.from({length: 5}, () =>
		Array.from({length: 400}, (_, number) => record(number, prng)),
	);
	for (const each of rounds.flat()) writing.append(each);
	writing.close();
	const log = open();
	const extent = log.extent;
	t.true(rounds[4]!.every(each => hasAll(log, each)));
	t.is(log.extent, extent, 'to look is not to change');
	log.forgetUnused();
	t.not(log.extent, extent);
	t.true(rounds[4]!.every(each => hasAll(log, each)));
	t.is(log.count, 400);
	log.append(record(400, prng));
	t.is(log.count, 401);
});

test('what a whole scan did not meet is forgotten once it is most of the log', t => {
	const {open} = setUp(t);
	const prng = new Prng(4);
	const records = Array.from({length: 1200}, (_, index) => record(index, prng));
	const log = open();
	for (const each of records) log.append(each);
	log.forgetUnused();
	t.is(log.count, 1200);
	for (const each of records.slice(0, 700)) has(log, each);
	log.forgetUnused();
	t.is(log.count, 1200, 'not worth it yet');
	for (const each of records.slice(0, 300)) has(log, each);
	const added = record(5000, prng);
	log.append(added);
	log.forgetUnused();
	t.is(log.count, 301);
	t.true([...records.slice(0, 300), added].every(each => hasAll(log, each)));
	log.append(record(5001, prng));
	log.close();
	t.is(open().count, 302);
});

test('a log cut at any octet keeps the records before the cut, and goes on from there', t => {
	const {open, log: file, data} = setUp(t);
	const prng = new Prng(5);
	const records = Array.from({length: 4}, (_, index) => record(index, prng));
	const log = open();
	for (const each of records) log.append(each);
	log.close();
	const whole = readFileSync(file);
	const wholeData = readFileSync(data());
	for (let cut = headerSize; cut <= whole.length; cut += 3) {
		writeFileSync(file, whole);
		truncateSync(file, cut);
		const torn = open();
		const kept = Math.floor((cut - headerSize) / recordSize);
		t.is(torn.count, kept, `cut at ${cut}`);
		const next = record(77, new Prng(cut));
		torn.append(next);
		torn.close();
		const again = open();
		t.is(again.count, kept + 1);
		t.true([...records.slice(0, kept), next].every(each => hasAll(again, each)));
		again.close();
		writeFileSync(data(), wholeData);
	}
});

test('records whose data is not all there are not believed', t => {
	const {open, data} = setUp(t);
	const prng = new Prng(6);
	const records = Array.from({length: 4}, (_, index) => ({
		...record(index * 4 + 2, prng),
		sums: prng.bytes(50),
	}));
	const log = open();
	for (const each of records) log.append(each);
	log.close();
	truncateSync(data(), statSync(data()).size - 51);
	const torn = open();
	t.is(torn.count, 3);
	t.true(records.slice(0, 3).every(each => hasAll(torn, each)));
});

test('damaged data is not handed out, a damaged record ends the log', t => {
	const {open, openRead, log: file, data} = setUp(t);
	const records = Array.from({length: 3}, (_, index) =>
		record(2, new Prng(index), {ino: BigInt(index)}),
	);
	const log = open();
	for (const each of records) log.append({...each, sums: each.digest});
	log.close();
	const rotten = readFileSync(data());
	rotten[70]! ^= 1;
	writeFileSync(data(), rotten);
	const damaged = openRead();
	t.deepEqual(
		Buffer.from(damaged.readLeaves(records[0]!.digest)!),
		Buffer.from(records[0]!.leaves),
	);
	t.is(damaged.readSums(records[0]!.digest), undefined);
	t.truthy(damaged.readSums(records[1]!.digest));
	const whole = readFileSync(file);
	for (let at = recordSize; at < 2 * recordSize; at++) {
		const bad = Buffer.from(whole);
		bad[headerSize + at]! ^= 4;
		writeFileSync(file, bad);
		const log = openRead();
		t.is(log.count, 1, `octet ${at}`);
	}
});

test('a log of another form, or without its data, is begun anew', t => {
	const {open, log: file, data} = setUp(t);
	const one = record(1, new Prng(7));
	const fill = (): void => {
		const log = open();
		log.append(one);
		log.close();
	};
	for (const spoil of [
		() => rmSync(file),
		() => rmSync(data()),
		() => writeFileSync(file, ''),
		() => writeFileSync(file, 'something else altogether, and long enough to be a header'),
	]) {
		fill();
		spoil();
		const log = open();
		t.is(log.count, 0);
		log.append(one);
		log.sync();
		t.true(hasAll(log, one));
	}
});

test('a reader takes in what a writer appends, and a log made anew', t => {
	const {open, openRead, log: file} = setUp(t);
	const prng = new Prng(8);
	const writer = open();
	const reader = openRead();
	const first = record(1, prng);
	writer.append(first);
	writer.sync();
	t.false(has(reader, first));
	reader.refresh();
	t.true(hasAll(reader, first));
	writer.close();
	rmSync(file);
	const anew = open();
	const second = record(2, prng);
	anew.append(second);
	anew.close();
	reader.refresh();
	t.is(reader.lookup(first.path, first.stat), undefined);
	t.true(hasAll(reader, second));
});

test('leaves that are not those of the size are a bug', t => {
	const log = setUp(t).open();
	t.throws(() => log.append({...record(2, new Prng(9)), leaves: none}), {message: /all leaves/});
});

test('after a loss of power, records that came to the disk before their data are cut off', t => {
	const {open, data} = setUp(t);
	const prng = new Prng(61);
	const records = [0, 1, 2, 3, 4, 5, 6, 7].map(number => record(number, prng));
	const log = open();
	for (const each of records.slice(0, 5)) log.append(each);
	log.sync();
	const synced = statSync(data()).size;
	for (const each of records.slice(5)) log.append(each);
	log.close();
	const size = statSync(data()).size;
	truncateSync(data(), synced + 1);
	truncateSync(data(), size);
	const found = (from: FileLog) => records.map(({path: name, stat: own}) => from.lookup(name, own));
	t.deepEqual(
		found(open()).map(digest => digest !== undefined),
		[true, true, true, true, true, false, false, false],
	);
});

test('however often files change and go, the log is no larger than a few times what lives', t => {
	const {open, log: path, data} = setUp(t);
	const prng = new Prng(62);
	const live = 1500;
	let largest = 0;
	for (let update = 0; update < 40; update++) {
		const log = open();
		// A third is written anew under new inodes, as an updater that renames does.
		for (let number = 0; number < live; number++) {
			const epoch = Math.floor((update + number) / 3);
			const own = stat(number + epoch * live);
			if (log.lookup(path1(number), own) === undefined) {
				log.append({...record(number + epoch * live, prng), path: path1(number)});
			}
		}
		log.sync();
		log.forgetUnused();
		log.close();
		largest = Math.max(largest, statSync(path).size);
	}
	t.true(largest < 4 * live * recordSize, `${largest} octets`);
	t.true(statSync(data()).size < 4 * live * 300);
});

const path1 = (number: number): Uint8Array => octets(`d/${number}`);
