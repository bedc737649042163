import test from 'ava';
import {Contributor, Several} from '../../../src/engine/several.ts';
import type {ContentHandler, Supply} from '../../../src/engine/supply.ts';
import {ShoalError} from '../../../src/error.ts';
import type {Platform} from '../../../src/platform/platform.ts';
import type {FetchRequest} from '../../../src/transfer/request.ts';
import {micros} from '../../../src/unit.ts';
import {objectKind, refuseCode} from '../../../src/wire/frame.ts';

/** Remembers what it was asked for; the test answers in its name. */
class ScriptedSupply {
	readonly hungry = true;
	readonly outstandingCount = 0;
	readonly asked: FetchRequest[] = [];
	octetsTaken = 0;
	contents!: ContentHandler;

	deliver(contents: ContentHandler): void {
		this.contents = contents;
	}

	fetch(request: FetchRequest): void {
		this.asked.push(request);
	}

	taken(octets: number): void {
		this.octetsTaken += octets;
	}

	async close(): Promise<void> {}
}

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
	t.deepEqual(done, [0, 1, 2, 3, 4, 5]);
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
		t.true(several.lied(objectKind.content, 0, 1, 1000));
	}
	t.like(a!.dropped, {code: 'CONTENT_INVALID'});
	t.deepEqual(notices.length, 1);
	t.like(second.asked[0], {offset: 1200, length: 400});
	send(first, 1200, 100);
	send(second, 1200, 150);
	send(second, 1350, 250);
	second.contents.done(second.asked[0]!);
	t.is(doneCount, 1);
	t.deepEqual(came, [
		[1000, 200],
		[1300, 100],
		[1200, 150],
		[1350, 250],
	]);
});
