import test from 'ava';
import {wantEntriesMax} from '../../../src/limit.ts';
import {Outbox, patchWant, type ReadRequest, type Want} from '../../../src/transfer/outbox.ts';
import {Reader, Writer} from '../../../src/wire/codec.ts';
import {decodeFrame, objectKind, refuseCode} from '../../../src/wire/frame.ts';
import {lackedSizeMax, patchSizeMax} from '../../../src/wire/patch.ts';

const readAheadMax = 1 << 20;
/** What one session may hold, whatever it is asked for. */
const chunksMax = readAheadMax / 256;

const want = (number: number, length: number): Want => ({
	number,
	snapshot: 0,
	kind: objectKind.content,
	page: 0,
	position: 0,
	count: wantEntriesMax,
	offset: 0,
	length,
});

/** All that it wants to read now. */
function reads(outbox: Outbox): ReadRequest[] {
	const found: ReadRequest[] = [];
	const poll = () => outbox.pollRead(65_536, readAheadMax);
	for (let one = poll(); one; one = poll()) found.push(one);
	return found;
}

test('wants of what is not there are refused a few thousand at a time', t => {
	const outbox = new Outbox({resolve: () => refuseCode.invalid});
	const wants = 8;
	for (let number = 0; number < wants; number++) t.is(outbox.add(want(number, 1)), undefined);
	let turns = 0;
	for (; !outbox.empty; turns++) {
		const before = outbox.refusalCount;
		t.deepEqual(reads(outbox), []);
		outbox.fill(new Writer(new Uint8Array(1 << 20)));
		const refused = outbox.refusalCount - before;
		t.true(refused > 0 && refused <= chunksMax, `${refused} in turn ${turns}`);
	}
	t.is(outbox.refusalCount, wants * wantEntriesMax);
});

test('wants of many files of one octet are read a few thousand at a time', t => {
	const sizes = new Float64Array(wantEntriesMax).fill(1);
	const outbox = new Outbox({resolve: () => ({sizes})});
	for (let number = 0; number < 8; number++) outbox.add(want(number, wantEntriesMax));
	let count = 0;
	for (; !outbox.empty; ) {
		const found = reads(outbox);
		t.true(found.length > 0 && found.length <= chunksMax, `${found.length} at once`);
		for (const one of found) outbox.handleRead(one, Uint8Array.of(7));
		count += found.length;
		outbox.fill(new Writer(new Uint8Array(1 << 20)));
	}
	t.is(count, 8 * wantEntriesMax);
	t.is(outbox.blockBytes, 8 * wantEntriesMax);
});

test('what is withdrawn or refused makes room again', t => {
	const sizes = new Float64Array(wantEntriesMax).fill(300);
	const outbox = new Outbox({resolve: () => ({sizes})});
	let first = -1;
	for (let number = 0; number < 20; number++) {
		outbox.add(want(number, wantEntriesMax * 300));
		const found = reads(outbox);
		if (first < 0) first = found.length;
		t.is(found.length, first, `want ${number}`);
		const half = found.length / 2;
		found.slice(0, half).forEach((one, index) => {
			outbox.handleRead(one, index % 3 === 0 ? refuseCode.stale : new Uint8Array(300));
		});
		outbox.fill(new Writer(new Uint8Array(20_000)));
		outbox.withdraw(number + 1);
		for (const one of found.slice(half)) outbox.handleRead(one, new Uint8Array(300));
	}
	t.true(outbox.empty);
});

test('reading goes on once a part of what was ahead has left, and not with each file', t => {
	const sizes = new Float64Array(wantEntriesMax).fill(300);
	const outbox = new Outbox({resolve: () => ({sizes})});
	for (let number = 0; number < 4; number++) outbox.add(want(number, wantEntriesMax * 300));
	const give = (found: readonly ReadRequest[]): void => {
		for (const one of found) outbox.handleRead(one, new Uint8Array(300));
	};
	const first = reads(outbox);
	give(first);
	const batches: number[] = [];
	for (let sent = 0; sent < first.length; sent++) {
		const before = outbox.blockBytes;
		outbox.fill(new Writer(new Uint8Array(320)));
		t.is(outbox.blockBytes, before + 300);
		const found = reads(outbox);
		if (found.length > 0) batches.push(found.length);
		give(found);
	}
	t.is(batches.length, 4);
	t.true(batches.every(count => Math.abs(count - first.length / 4) < 2));
});

test('while enough is ahead, small files that are wanted one by one are read together', t => {
	const size = 1000;
	const outbox = new Outbox({resolve: () => ({sizes: [size]})});
	const enough = 4 * size;
	const poll = (): ReadRequest[] => {
		const found: ReadRequest[] = [];
		for (;;) {
			const one = outbox.pollRead(65_536, readAheadMax, enough);
			if (one === undefined) return found;
			found.push(one);
		}
	};
	let wanted = 0;
	const ask = (kind: Want['kind'] = objectKind.content) =>
		outbox.add({...want(wanted++, size), kind, count: 1});
	const give = (found: readonly ReadRequest[]): void => {
		for (const one of found) outbox.handleRead(one, new Uint8Array(size));
	};
	for (let file = 0; file < 32; file++) ask();
	const first = poll();
	t.is(first.length, 32);
	ask();
	const second = poll();
	t.is(second.length, 1, 'of what was read nothing is at hand: it is the disk that is waited for');
	give(first);
	give(second);
	const batches: number[] = [];
	const send = (): void => {
		outbox.fill(new Writer(new Uint8Array(size + 20)));
		const found = poll();
		if (found.length > 0) batches.push(found.length);
		give(found);
	};
	for (let file = 0; file < 64; file++) {
		ask();
		send();
	}
	t.true(batches.length >= 3 && batches.every(count => count > 10), `batches of ${batches}`);
	ask();
	t.is(poll().length, 0);
	ask(objectKind.sums);
	const last = poll();
	t.true(last.length > 0, 'what may have to be made is begun at once');
	give(last);
	for (let left = wanted; left > 0 && !outbox.empty; left--) send();
	t.is(outbox.blockBytes, wanted * size, 'what is left over is read before all else has gone');
});

test('octets are done with once, and not before they were sent, refused or withdrawn', t => {
	const sizes = new Float64Array(wantEntriesMax).fill(300);
	const outbox = new Outbox({resolve: () => ({sizes})});
	const done = new Map<ReadRequest, number>();
	const told = () => [...done.values()].reduce((sum, count) => sum + count, 0);
	const give = (request: ReadRequest, result: Uint8Array | number): void =>
		outbox.handleRead(request, result, () => done.set(request, (done.get(request) ?? 0) + 1));
	outbox.add(want(0, wantEntriesMax * 300));
	const found = reads(outbox);
	for (const one of found.slice(0, 4)) give(one, new Uint8Array(300));
	t.is(told(), 0);
	outbox.fill(new Writer(new Uint8Array(500)));
	t.is(done.get(found[0]!), 1);
	t.is(told(), 1);
	outbox.fill(new Writer(new Uint8Array(20_000)));
	t.is(told(), 4);
	give(found[4]!, refuseCode.stale);
	give(found[5]!, new Uint8Array(300));
	t.is(told(), 5);
	outbox.withdraw(1);
	t.is(told(), 6);
	for (const one of found.slice(6)) give(one, new Uint8Array(300));
	t.is(told(), found.length);
	t.true([...done.values()].every(count => count === 1));
});

/** A want of `length` octets of a patch from `offset` on. */
const wantOfPatch = (number: number, offset: number, length: number, lacked = [0, 1]): Want => {
	const place = {number, snapshot: 0, page: 1, position: 2, leaf: 3};
	return patchWant({...place, lacked: Uint8Array.from(lacked), offset, length});
};

/** What it sends into a packet with so much room: names and offsets. */
function sent(outbox: Outbox, room: number): string[] {
	const to = new Writer(new Uint8Array(room));
	outbox.fill(to);
	const from = new Reader(to.written());
	const frames: string[] = [];
	for (let frame = decodeFrame(from); frame !== undefined; frame = decodeFrame(from)) {
		if (frame.name === 'block') frames.push(`block ${frame.offset}+${frame.data.length}`);
		if (frame.name === 'end') frames.push(`end ${frame.want} ${frame.offset}`);
	}
	return frames;
}

test('a patch that has fewer octets than were asked for ends with them, and says so', t => {
	const outbox = new Outbox({resolve: () => ({sizes: [patchSizeMax]})});
	const patch = new Uint8Array(300).fill(5);
	const ask = (number: number, offset: number, length: number): void => {
		t.is(outbox.add(wantOfPatch(number, offset, length)), undefined);
		const [request, ...more] = reads(outbox) as [ReadRequest];
		t.deepEqual(more, []);
		t.is(request.kind, objectKind.patch);
		t.deepEqual(request.part, {leaf: 3, lacked: Uint8Array.of(0, 1)});
		outbox.handleRead(request, patch.subarray(offset, offset + length));
	};
	ask(0, 0, 40_000);
	t.deepEqual(sent(outbox, 1000), ['block 0+300', 'end 0 300']);
	ask(1, 0, 300);
	t.deepEqual(sent(outbox, 1000), ['block 0+300'], 'what was asked for is all');
	ask(2, 100, 500);
	t.deepEqual(sent(outbox, 1000), ['block 100+200', 'end 2 300']);
	ask(3, 400, 500);
	t.deepEqual(sent(outbox, 1000), ['end 3 400'], 'nothing is there');
	ask(4, 0, 400);
	t.deepEqual(sent(outbox, 307), ['block 0+300'], 'the end has room in the next packet');
	t.false(outbox.empty);
	t.deepEqual(sent(outbox, 1000), ['end 4 300']);
	t.true(outbox.empty);
});

test('patches that are short make room for more to be read, whatever was asked for', t => {
	const outbox = new Outbox({resolve: () => ({sizes: [patchSizeMax]})});
	for (let number = 0; number < 500; number++) outbox.add(wantOfPatch(number, 0, 60_000));
	let count = 0;
	for (let turn = 0; turn < 1000 && !outbox.empty; turn++) {
		const found = reads(outbox);
		t.true(found.length <= 17, `${found.length}: of what may come no more than is read ahead`);
		for (const one of found) outbox.handleRead(one, new Uint8Array(10));
		count += found.length;
		outbox.fill(new Writer(new Uint8Array(2000)));
	}
	t.is(outbox.blockBytes, 500 * 10);
	t.is(count, 500);
});

test('a patch of more than one can have, or a name that is too long, is no want', t => {
	const outbox = new Outbox({resolve: () => ({sizes: [patchSizeMax]})});
	const long = new Array(lackedSizeMax + 1).fill(1);
	t.not(outbox.add(wantOfPatch(0, 0, 100, long)), undefined);
	t.not(outbox.add(wantOfPatch(0, 0, patchSizeMax + 1)), undefined);
	t.not(outbox.add(wantOfPatch(0, 0, 0)), undefined);
	t.is(outbox.add(wantOfPatch(0, 0, 100)), undefined);
	const [request] = reads(outbox) as [ReadRequest];
	outbox.handleRead(request, new Uint8Array(101));
	t.deepEqual(sent(outbox, 1000), [], 'more than was asked for is not sent');
	t.is(outbox.refusalCount, 1);
});
