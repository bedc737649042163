/** What sources make when it is wanted is of each its own: who is asked for it, and who for the rest. */
import test from 'ava';
import {Contributor} from '../../../src/engine/contributor.ts';
import {Several} from '../../../src/engine/several.ts';
import type {Supply} from '../../../src/engine/supply.ts';
import {ShoalError} from '../../../src/error.ts';
import {leafSize} from '../../../src/limit.ts';
import type {Platform} from '../../../src/platform/platform.ts';
import type {FetchRequest} from '../../../src/transfer/request.ts';
import {micros} from '../../../src/unit.ts';
import {compressedKind, sizesKind} from '../../../src/wire/compressed.ts';
import {objectKind, refuseCode} from '../../../src/wire/frame.ts';
import {ScriptedSupply} from '../../support/scripted-supply.ts';

/** Has as much to do as it was asked for and has not answered. */
class BusySupply extends ScriptedSupply {
	isOutlived = false;

	override fetch(request: FetchRequest): void {
		super.fetch(request);
		this.outstandingCount++;
	}

	/** Sends all of what was asked for last, or refuses its first object. */
	answer(code?: number): void {
		const request = this.asked.at(-1)!;
		this.outstandingCount--;
		if (code !== undefined) this.contents.refused(request, 0, code);
		else this.contents.block(request, 0, request.offset, new Uint8Array(request.length), now);
		this.contents.done(request);
	}
}

let time = 0;
const now = micros(0);
const content = {snapshot: 0, kind: objectKind.content, page: 0, position: 3, count: 1} as const;
const group = {...content, offset: 0, length: 8 * leafSize} as FetchRequest;
const sizes = {...group, kind: sizesKind(1), length: 16} as FetchRequest;
const leaves = {
	...{...group, kind: compressedKind(1), length: 9000},
	sized: {by: sizes, content: group},
} as FetchRequest;
const patch = {...group, kind: objectKind.patch, length: 100, part: {leaf: 1}} as FetchRequest;

function scene() {
	time = 0;
	const supplies = [new BusySupply(), new BusySupply()] as const;
	const [a, b] = supplies.map(
		(each, at) => new Contributor(`${at}`, each as Partial<Supply> as Supply, now),
	) as [Contributor, Contributor];
	let check: () => void = () => undefined;
	const at = (_at: number, then: () => void) => {
		check = then;
		return () => undefined;
	};
	const clock = {now: () => micros(time), wallMs: () => 0, at};
	const failed: string[] = [];
	const several = new Several(
		{
			platform: {clock} as Pick<Platform, 'clock'>,
			failed: ({code}) => failed.push(code),
			notice: () => undefined,
			stopDialling: async () => undefined,
		},
		a,
	);
	several.add(b);
	/** Kinds of what has come, was refused with which code, and is done. */
	const told: string[] = [];
	several.deliver({
		block: ({kind}, _object, _offset, {length}) => told.push(`${kind}: ${length} came`),
		refused: ({kind}, _object, code) => told.push(`${kind}: refused ${code}`),
		done: ({kind}) => told.push(`${kind}: done`),
	});
	return {supplies, several, told, failed, a, b, check: () => check()};
}

const [s, c] = [sizesKind(1), compressedKind(1)];

test('compressed leaves come from who told their sizes, however busy', t => {
	const {supplies, several, told} = scene();
	const [first, second] = supplies;
	several.fetch(sizes);
	first.answer();
	for (let count = 0; count < 4; count++)
		several.fetch({...group, position: count} as FetchRequest);
	several.fetch(leaves);
	t.is(first.asked.at(-1)!.kind, c);
	t.is(second.asked.filter(({kind}) => kind === c).length, 0);
	first.answer();
	t.deepEqual(told, [`${s}: 16 came`, `${s}: done`, `${c}: 9000 came`, `${c}: done`]);
});

test('who is gone is not waited for: sizes come from another, leaves and patches as they are', t => {
	const {supplies, several, told, a} = scene();
	const [first, second] = supplies;
	several.fetch(sizes);
	first.contents.block(first.asked[0]!, 0, 0, new Uint8Array(6), now);
	first.answer();
	several.fetch(leaves);
	first.outstandingCount = 0;
	several.fetch(patch);
	first.contents.block(first.asked.at(-1)!, 0, 0, new Uint8Array(5), now);
	const other = {...sizes, position: 4} as FetchRequest;
	first.outstandingCount = 0;
	second.outstandingCount = 9;
	several.fetch(other);
	t.is(first.asked.length, 4);
	first.contents.block(first.asked.at(-1)!, 0, 0, new Uint8Array(6), now);
	told.length = 0;
	several.drop(a, new ShoalError('SESSION_CLOSED', 'gone'));
	t.deepEqual(told, [
		...[`${c}: refused ${refuseCode.unavailable}`, `${c}: done`],
		...[`${objectKind.patch}: refused ${refuseCode.unavailable}`, `${objectKind.patch}: done`],
	]);
	t.deepEqual([second.asked.length, second.asked[0]!.offset, second.asked[0]!.length], [1, 0, 16]);
	second.answer();
	t.deepEqual(told.slice(4), [`${s}: 16 came`, `${s}: done`]);
	several.fetch({...leaves, sized: {by: other, content: group}} as FetchRequest);
	t.is(second.asked.at(-1)!.kind, c);
});

test('a form is given up when nobody has it, and who lacks it is not asked again', t => {
	const {supplies, several, told} = scene();
	const [first, second] = supplies;
	several.fetch(sizes);
	first.answer(refuseCode.invalid);
	t.deepEqual([second.asked.length, told], [1, []]);
	second.answer();
	t.deepEqual(told, [`${s}: 16 came`, `${s}: done`]);
	several.fetch({...sizes, position: 4} as FetchRequest);
	t.deepEqual([first.asked.length, second.asked.length], [1, 2]);
	told.length = 0;
	second.answer(refuseCode.invalid);
	t.deepEqual(told, [`${s}: refused ${refuseCode.invalid}`, `${s}: done`]);
});

test('what one cannot make of a file another is asked for, then its contents', t => {
	const {supplies, several, told, a} = scene();
	const [first, second] = supplies;
	several.fetch(patch);
	first.answer(refuseCode.stale);
	t.is(a.stale, 1);
	t.is(second.asked.at(-1)!.part, patch.part);
	second.answer(refuseCode.unreadable);
	t.deepEqual(told, [
		`${objectKind.patch}: refused ${refuseCode.unavailable}`,
		`${objectKind.patch}: done`,
	]);
	several.fetch(sizes);
	several.fetch({...sizes, position: 4} as FetchRequest);
	t.deepEqual([first.asked.length, second.asked.length], [2, 2], 'both are asked for others');
});

test('of a compressed request that is wrong its source is known, and counted once', t => {
	const {supplies, several, a, b} = scene();
	const [first, second] = supplies;
	several.fetch(sizes);
	first.answer();
	several.fetch(leaves);
	first.answer();
	const lied = (leaf: number, isCompressed = true) =>
		several.lied(objectKind.content, 0, 3, leaf * leafSize, leafSize, isCompressed);
	t.false(lied(9), 'nobody has sent that');
	t.false(lied(1, false), 'nor that as it is');
	for (const leaf of [1, 2, 7]) t.true(lied(leaf));
	t.deepEqual([a.lies, b.lies], [1, 0]);
	const one = {...group, offset: leafSize, length: leafSize} as FetchRequest;
	const again = {...sizes, length: 4} as FetchRequest;
	several.fetch(again);
	t.is(second.asked.length, 1, 'who lied is not asked for that file again');
	second.answer();
	several.fetch({...leaves, length: 1000, sized: {by: again, content: one}} as FetchRequest);
	second.answer();
	t.true(lied(3), 'what came first is wrong as well, whoever sent the last');
	t.deepEqual([a.lies, b.lies], [1, 0]);
	t.false(lied(1), 'and nobody is left who may be right');
	t.deepEqual([a.lies, b.lies], [1, 1]);
});

test('of one that is slow, who is idle sends as it is what would come later compressed', t => {
	const {supplies, several, told, check} = scene();
	const [first, second] = supplies;
	several.fetch(sizes);
	first.answer();
	several.fetch(leaves);
	several.fetch({...group, position: 4} as FetchRequest);
	for (time = 0; time < 2_000_000; time += 100_000) check();
	t.is(told.length, 2, 'nobody is idle');
	second.answer();
	check();
	t.deepEqual(told.slice(4), [`${c}: refused ${refuseCode.unavailable}`, `${c}: done`]);
	first.answer();
	t.is(told.length, 6, 'what comes of it after all is not handed on');
	t.is(first.octetsTaken, 9000);
});

test('a newer snapshot of one that is gone is gone on with when nobody is left', t => {
	const {supplies, several, failed, a, b} = scene();
	t.false(several.isOutlived);
	supplies[0].isOutlived = true;
	several.drop(a, new ShoalError('SESSION_CLOSED', 'it has a newer snapshot'));
	several.drop(b, new ShoalError('SESSION_CLOSED', 'gone'));
	t.deepEqual([several.isOutlived, failed], [true, ['SESSION_CLOSED']]);
});

test('sizes that do not come are asked of each in turn, and then of nobody', t => {
	const {supplies, several, told, check} = scene();
	const [first, second] = supplies;
	several.fetch(sizes);
	const pass = (micros: number) => {
		for (const until = time + micros; time < until; time += 100_000) check();
	};
	pass(900_000);
	t.is(second.asked.length, 0, 'they are few octets, and may have to be made');
	pass(300_000);
	t.deepEqual([first.asked.length, second.asked.length, told], [1, 1, []]);
	first.outstandingCount = 0;
	pass(1_300_000);
	t.deepEqual(told, [`${s}: refused ${refuseCode.unavailable}`, `${s}: done`]);
	pass(5_000_000);
	t.deepEqual([first.asked.length, second.asked.length], [1, 1]);
});

test('of one that sends nothing at all, compressed leaves are not waited for', t => {
	const {supplies, several, told, check} = scene();
	several.fetch(sizes);
	supplies[0].answer();
	several.fetch({...leaves, length: 60} as FetchRequest);
	for (; time < 4_000_000; time += 100_000) check();
	t.is(told.length, 2, 'it may be making them');
	for (; time < 9_000_000 && told.length < 4; time += 100_000) check();
	t.deepEqual(told.slice(2), [`${c}: refused ${refuseCode.unavailable}`, `${c}: done`]);
});

/** Three files in one request. */
const run = {...content, offset: 0, length: 30, count: 3, sizes: Float64Array.of(10, 10, 10)};

test('when who sent several files is gone, only what the other has refused is given up', t => {
	for (const isRefused of [true, false]) {
		const {supplies, several, told, a} = scene();
		const [first, second] = supplies;
		several.fetch(run);
		first.contents.refused(first.asked[0]!, 0, refuseCode.stale);
		t.like(second.asked[0], {position: 3, count: 1});
		if (isRefused) second.answer(refuseCode.stale);
		first.contents.block(first.asked[0]!, 1, 0, new Uint8Array(10), now);
		told.length = 0;
		several.drop(a, new ShoalError('SESSION_CLOSED', 'gone'));
		t.deepEqual(told, [], 'the other may have the last');
		const {contents, asked} = second;
		if (isRefused) {
			t.like(asked[1], {position: 5, count: 1, length: 10});
			contents.block(asked[1]!, 0, 0, new Uint8Array(10), now);
		} else {
			t.like(asked[1], {position: 3, count: 3});
			for (const object of [0, 1, 2]) contents.block(asked[1]!, object, 0, new Uint8Array(10), now);
			contents.done(asked[0]!);
		}
		contents.done(asked[1]!);
		const came = isRefused ? 1 : 2;
		const content = `${objectKind.content}: 10 came`;
		t.deepEqual(told, [...Array(came).fill(content), `${objectKind.content}: done`]);
	}
});

test('what an idle one is not believed of does not keep it from what others owe', t => {
	const {supplies, several, b, check} = scene();
	const [first, second] = supplies;
	const fetch = (position: number, leaf: number) =>
		several.fetch({
			...content,
			position,
			offset: leaf * leafSize,
			length: leafSize,
		} as FetchRequest);
	first.outstandingCount = 1;
	fetch(3, 0);
	second.answer();
	t.true(several.lied(objectKind.content, 0, 3, 0, leafSize));
	t.is(b.lies, 1);
	second.outstandingCount = 99;
	for (const leaf of [0, 1]) fetch(4, leaf);
	for (const leaf of [0, 1, 2, 3, 4]) fetch(3, leaf);
	t.is(first.asked.length, 7);
	second.outstandingCount = 0;
	time = 2_000_000;
	check();
	t.deepEqual(
		second.asked.map(({position}) => position),
		[3, 4, 4],
	);
});
