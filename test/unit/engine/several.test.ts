import test from 'ava';
import {Asked, Copy} from '../../../src/engine/asked.ts';
import {Contributor} from '../../../src/engine/contributor.ts';
import {Several} from '../../../src/engine/several.ts';
import type {Supply} from '../../../src/engine/supply.ts';
import {tailOf} from '../../../src/engine/tail.ts';
import {ShoalError} from '../../../src/error.ts';
import type {Platform} from '../../../src/platform/platform.ts';
import type {List} from '../../../src/snapshot/list.ts';
import type {FetchRequest} from '../../../src/transfer/request.ts';
import {micros} from '../../../src/unit.ts';
import {objectKind, refuseCode} from '../../../src/wire/frame.ts';
import {ScriptedSupply} from '../../support/scripted-supply.ts';

const now = micros(0);
const clock = {now: () => now, wallMs: () => 0, at: () => () => undefined};
const sums = {snapshot: 0, kind: objectKind.sums, page: 0, position: 2, count: 1, offset: 0};

test('sums that come after their refusal are dropped: each source salts its own', t => {
	const [first, second] = [new ScriptedSupply(), new ScriptedSupply()];
	const [a, b] = [first, second].map(
		(each, at) => new Contributor(`${at}`, each as Partial<Supply> as Supply, now),
	);
	const nothing = () => undefined;
	const notices: string[] = [];
	const several = new Several(
		{
			platform: {clock} as Pick<Platform, 'clock'>,
			failed: nothing,
			notice: text => notices.push(text),
			stopDialling: async () => undefined,
		},
		a!,
	);
	several.add(b!);
	const came: number[] = [];
	let refusals = 0;
	several.deliver({
		block: (_request, _object, _offset, data) => came.push(...data),
		refused: () => refusals++,
		done: nothing,
	});
	several.fetch({...sums, length: 8} as FetchRequest);
	first.contents.refused(first.asked[0]!, 0, refuseCode.stale);
	t.deepEqual(notices, ['0 has changed since: others are asked for what it lacks']);
	t.is(second.asked.length, 1, 'the other is asked');
	first.contents.block(first.asked[0]!, 0, 0, Uint8Array.of(1), now);
	t.deepEqual([came, first.octetsTaken], [[], 1]);
	second.contents.refused(second.asked[0]!, 0, refuseCode.unavailable);
	t.is(refusals, 1);
	for (const {contents, asked} of [first, second]) {
		contents.block(asked[0]!, 0, 0, Uint8Array.of(2), now);
	}
	t.deepEqual([came, first.octetsTaken, second.octetsTaken], [[], 2, 1]);
});

test('a source that is stuck is named, and asked for nothing but what nobody else has', t => {
	const [first, second] = [new ScriptedSupply(), new ScriptedSupply()];
	const [a, b] = [first, second].map(
		(each, at) => new Contributor(`${at}`, each as Partial<Supply> as Supply, now),
	);
	let time = 0;
	let check: () => void = () => undefined;
	const at = (_at: number, then: () => void) => {
		check = then;
		return () => undefined;
	};
	const notices: string[] = [];
	const several = new Several(
		{
			platform: {clock: {...clock, now: () => micros(time), at}} as Pick<Platform, 'clock'>,
			failed: () => t.fail(),
			notice: text => notices.push(text),
			stopDialling: async () => undefined,
		},
		a!,
	);
	several.add(b!);
	const done: number[] = [];
	several.deliver({
		block: () => undefined,
		refused: () => t.fail(),
		done: ({position}) => done.push(position),
	});
	const fetch = (position: number) => {
		const content = {snapshot: 0, kind: objectKind.content, page: 0, count: 1, offset: 0};
		several.fetch({...content, position, length: 8} as FetchRequest);
	};
	for (let position = 0; position < 5; position++) fetch(position);
	t.is(first.asked.length, 5);
	time = 6_000_000;
	check();
	t.is(second.asked.length, 5, 'what is overdue is asked of who is idle, too');
	for (const request of second.asked) second.contents.done(request);
	t.is(notices.length, 1);
	t.regex(notices[0]!, /^0 is slower than all others/);
	t.is(several.counts[0]!.dropped, 'SOURCE_STALLED');
	fetch(5);
	t.deepEqual([first.asked.length, second.asked.length], [5, 6], 'the other goes first');
	second.contents.refused(second.asked[5]!, 0, refuseCode.unavailable);
	t.is(first.asked.length, 6, 'what that one lacks is not lost');
	second.contents.done(second.asked[5]!);
	first.contents.done(first.asked[5]!);
	t.deepEqual(done, [4, 3, 2, 1, 0, 5], 'what was asked for last is what it came to last');
	several.drop(b!, new ShoalError('SESSION_CLOSED', 'gone'));
	fetch(6);
	t.is(first.asked.length, 7, 'nor when nobody else is left');
});

test('of what a source owed when it was dropped, others are asked for the rest alone', t => {
	const supplies = [new ScriptedSupply(), new ScriptedSupply()] as const;
	const [a, b] = supplies.map(
		(each, at) => new Contributor(`${at}`, each as Partial<Supply> as Supply, now),
	);
	const [first, second] = supplies;
	const notices: string[] = [];
	const several = new Several(
		{
			platform: {clock} as Pick<Platform, 'clock'>,
			failed: () => t.fail(),
			notice: text => notices.push(text),
			stopDialling: async () => undefined,
		},
		a!,
	);
	several.add(b!);
	const came: [number, number][] = [];
	let doneCount = 0;
	several.deliver({
		block: (_request, _object, offset, data) => came.push([offset, data.length]),
		refused: () => t.fail(),
		done: () => doneCount++,
	});
	const content = {snapshot: 0, kind: objectKind.content, page: 0, position: 1, count: 1};
	several.fetch({...content, offset: 1000, length: 600} as FetchRequest);
	const send = (from: ScriptedSupply, offset: number, length: number) =>
		from.contents.block(from.asked[0]!, 0, offset, new Uint8Array(length), now);
	send(first, 1000, 200);
	send(first, 1300, 100);
	// Eight lies of what it sent are too many.
	for (let lie = 0; lie < 8; lie++) {
		t.is(a!.dropped, undefined);
		t.true(several.lied(objectKind.content, 0, 1, 1000, 200));
	}
	t.like(a!.dropped, {code: 'CONTENT_INVALID'});
	t.deepEqual(notices.length, 1);
	t.like(second.asked[0], {offset: 1200, length: 400});
	send(first, 1200, 100);
	send(second, 1200, 150);
	send(second, 1350, 250);
	second.contents.done(second.asked[0]!);
	t.is(doneCount, 1);
	t.is(second.octetsTaken, 100, 'what has come is not handed on again');
	t.deepEqual(came, [
		[1000, 200],
		[1300, 100],
		[1200, 100],
		[1400, 200],
	]);
});

test('a leaf that was wrong and came of two is held against neither, and next comes whole of one', t => {
	const supplies = [new ScriptedSupply(), new ScriptedSupply()] as const;
	const [a, b] = supplies.map(
		(each, at) => new Contributor(`${at}`, each as Partial<Supply> as Supply, now),
	);
	const [first, second] = supplies;
	let time = 0;
	let check: () => void = () => undefined;
	const at = (_at: number, then: () => void) => {
		check = then;
		return () => undefined;
	};
	const several = new Several(
		{
			platform: {clock: {...clock, now: () => micros(time), at}} as Pick<Platform, 'clock'>,
			failed: () => t.fail(),
			notice: text => t.fail(text),
			stopDialling: async () => undefined,
		},
		a!,
	);
	several.add(b!);
	let came: [number, number][] = [];
	let doneCount = 0;
	several.deliver({
		block: (_request, _object, offset, data) => came.push([offset, data.length]),
		refused: () => t.fail(),
		done: () => doneCount++,
	});
	const leaf = 65_536;
	const request = {snapshot: 0, kind: objectKind.content, page: 0, position: 1, count: 1};
	const send = (from: ScriptedSupply, offset: number, length: number) =>
		from.contents.block(from.asked.at(-1)!, 0, offset, new Uint8Array(length), now);
	const lied = (offset: number) => several.lied(objectKind.content, 0, 1, offset, leaf);
	/** Asks for it of the first, and after a second of the other, too. */
	const fetch = (offset: number, length: number) => {
		several.fetch({...request, offset, length} as FetchRequest);
		time += 1_100_000;
		check();
	};
	fetch(0, 2 * leaf);
	send(first, 0, leaf + 1000);
	send(second, 0, 2 * leaf);
	second.contents.done(second.asked[0]!);
	t.deepEqual(came, [
		[0, leaf + 1000],
		[leaf + 1000, leaf - 1000],
	]);
	t.true(lied(leaf), 'it is worth to ask again');
	t.deepEqual([a!.lies, b!.lies], [0, 0]);
	came = [];
	fetch(leaf, leaf);
	t.like(first.asked[1], {offset: leaf, length: leaf});
	t.like(second.asked[1], {offset: leaf, length: leaf}, 'all of it');
	send(first, leaf, 40_000);
	send(second, leaf, 50_000);
	t.deepEqual(came, [], 'nobody has sent all of it');
	send(second, leaf + 50_000, leaf - 50_000);
	second.contents.done(second.asked[1]!);
	t.deepEqual(came, [[leaf, leaf]]);
	send(first, leaf + 40_000, leaf - 40_000);
	first.contents.done(first.asked[1]!);
	t.is(came.length, 1);
	t.true(lied(leaf));
	t.deepEqual([a!.lies, b!.lies], [0, 1], 'now it is known who lied');
	t.false(lied(0), 'what came of one alone: nobody is left to ask');
	t.deepEqual([a!.lies, b!.lies], [1, 1]);
	t.is(doneCount, 2);
	// Of all that came, what is not on disk yet is what was handed on.
	const untaken = a!.untaken + b!.untaken;
	t.is(untaken, 3 * leaf);
	t.is(a!.bytes + b!.bytes - first.octetsTaken - second.octetsTaken, untaken);
});

test('of one with nothing to do, a slow one in time is relieved of what it owes', t => {
	let time = 0;
	const busy = {outstandingCount: 1, statistics: {roundTrip: 10_000}} as Supply;
	const idle = {outstandingCount: 0, statistics: {roundTrip: 10_000}} as Supply;
	const [slow, quick] = [new Contributor('slow', busy, now), new Contributor('quick', idle, now)];
	const asked = [0, 1].map(number => {
		const request = {kind: objectKind.content, count: 1, offset: 0, length: 100_000};
		const each = new Asked(request as FetchRequest, number, now, false);
		each.copies.add(new Copy(each, slow, undefined));
		return each;
	});
	const tail = () => {
		for (const each of [slow, quick]) each.measure(micros(time));
		return tailOf(asked, [quick], micros(time)).map(copy => copy.asked.number);
	};
	quick.bytes = 500_000;
	slow.bytes = 300_000;
	time = 100_000;
	t.deepEqual(tail(), [], 'in 55 ms it has come');
	time = 900_000;
	t.deepEqual(tail(), [1, 0], 'by now it is late: what it comes to last goes first');
	quick.bytes += 5_000_000;
	t.is(quick.rate, undefined, 'it was asked for too little to be measured');
	time = 1_100_000;
	slow.bytes += 400_000;
	tail();
	t.true(slow.rate! > 400_000 && slow.rate! < 700_000, `${slow.rate}`);
});

test('what a source gives beside the list says nothing of its rate, and its silence little at first', t => {
	const supply = {outstandingCount: 1, statistics: {roundTrip: 10_000}} as Supply;
	const source = new Contributor('source', supply, now);
	source.isListing = true;
	source.measure(micros(60_000_000));
	t.is(source.rate, undefined);
	source.isListing = false;
	source.measure(micros(64_000_000));
	t.is(source.rate, undefined, 'it may have to make what it is asked for');
	source.measure(micros(70_000_000));
	t.is(source.rate, 0);
});

test('the list comes from the nearest, who is asked for nothing else while another can be', async t => {
	const supplies = [new ScriptedSupply(), new ScriptedSupply()] as const;
	const [far, near] = supplies;
	far.statistics.roundTrip = 90_000;
	near.statistics.roundTrip = 9000;
	let hasCome = (_list: List): void => t.fail();
	const listed = new Promise<List>(resolve => {
		hasCome = resolve;
	});
	const obtainList = () => listed;
	const [a, b] = supplies.map((each, at) => {
		const supply = Object.assign(each, at === 1 && {obtainList});
		return new Contributor(`${at}`, supply as Partial<Supply> as Supply, now);
	});
	const several = new Several(
		{
			platform: {clock} as Pick<Platform, 'clock'>,
			failed: () => t.fail(),
			notice: () => undefined,
			stopDialling: async () => undefined,
		},
		a!,
	);
	several.add(b!);
	const list = {} as List;
	const obtained = several.obtainList(undefined, new Uint8Array(0), () => undefined);
	const request = {
		snapshot: 0,
		kind: objectKind.content,
		page: 0,
		position: 1,
		count: 1,
		offset: 0,
	};
	const fetch = () => several.fetch({...request, length: 100} as FetchRequest);
	for (let count = 0; count < 3; count++) fetch();
	t.deepEqual([far.asked.length, near.asked.length], [3, 0]);
	hasCome(list);
	t.is(await obtained, list);
	several.drop(a!, new ShoalError('SESSION_CLOSED', 'gone'));
	t.is(near.asked.length, 3);
});
