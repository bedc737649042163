import test from 'ava';
import {Asking} from '../../../src/transfer/asking.ts';
import {Ending} from '../../../src/transfer/ending.ts';
import {Line} from '../../../src/transfer/line.ts';
import type {FetchRequest} from '../../../src/transfer/request.ts';
import {type WantState, Wants} from '../../../src/transfer/wants.ts';

/** A path that holds 100,000 octets. */
const roundTrip = 100_000;
const rate = 1e6;

/** One line of a million octets, of which some have been shown as sent and have come. */
class Scene {
	readonly wants = new Wants();
	readonly asking = new Asking(this.wants);
	readonly line: Line;
	readonly ending: Ending;
	/** How often all that is missing was asked for. */
	littleCount = 0;
	now = 1_000_000;

	constructor({lossRate = 0.02, came = 900_000, length = 1_000_000, isPatch = false} = {}) {
		const place = {snapshot: 0, kind: 3, page: 0, position: 0, count: 1, offset: 0} as const;
		this.line = new Line({...place, length, ...(isPatch && {part: {leaf: 0}})} as FetchRequest);
		this.asking.add(this.line);
		const statistics = {bytesNew: came};
		const intake = {
			wantedBytes: length - came,
			repeatMissing: () => {
				this.littleCount++;
			},
		};
		const path = () => ({rate, roundTrip, lossRate});
		const {wants, asking} = this;
		this.ending = new Ending({wants, asking, intake, statistics, path});
		this.askAll();
		this.arrive(0, came);
	}

	/** Makes all wants that are due now. */
	askAll(aheadMax = Infinity): WantState[] {
		this.ending.ask(this.now);
		const made: WantState[] = [];
		for (let want = this.asking.next(aheadMax); want; want = this.asking.next(aheadMax)) {
			this.ending.onAsked(want, this.now);
			made.push(want);
		}
		return made;
	}

	arrive(from: number, to: number): void {
		this.line.arrived.add(from, to);
		this.wants.forEachOpen(0, want => {
			if (want.line === this.line && want.high < to)
				this.wants.advance(want, Math.min(to, want.to));
			this.wants.settle(want);
			return true;
		});
	}
}

const rangesOf = (wants: readonly WantState[]): number[][] => wants.map(w => [w.from, w.to]);

test('what leaves last is asked for twice: half a round trip of it, or a part of all that came', t => {
	const half = new Scene({came: 99_900_000, length: 100_000_000});
	t.is(half.ending.dueAt(), 0);
	t.deepEqual(rangesOf(half.askAll()), [[99_950_000, 100_000_000]]);
	t.is(half.ending.dueAt(), half.now + roundTrip / 2, 'a copy is not copied');

	const little = new Scene();
	t.deepEqual(rangesOf(little.askAll()), [[1_000_000 - 900_000 / 160, 1_000_000]]);
});

test('nothing is asked for twice before the end, where nothing is lost, or while more is to come', t => {
	t.is(new Scene({came: 887_000}).ending.dueAt(), Infinity);
	t.is(new Scene({came: 888_000}).ending.dueAt(), 0);
	t.is(new Scene({lossRate: 0.004}).ending.dueAt(), Infinity);
	const scene = new Scene();
	scene.asking.add(new Line({...scene.line.request, position: 1}));
	t.is(scene.ending.dueAt(), Infinity);
	t.deepEqual(rangesOf(scene.askAll(0)), []);
});

test('of a patch nobody knows what leaves last: repeats of it alone are asked for twice', t => {
	const scene = new Scene({isPatch: true});
	t.deepEqual(rangesOf(scene.askAll()), []);
	scene.asking.repeat(scene.line, 950_000, 951_000);
	scene.askAll();
	scene.now += roundTrip / 16;
	t.deepEqual(rangesOf(scene.askAll()), [[950_000, 951_000]]);
});

test('at the end a repeat is asked for twice, a sixteenth of a round trip apart', t => {
	const scene = new Scene();
	scene.askAll();
	scene.asking.repeat(scene.line, 950_000, 951_000);
	t.deepEqual(rangesOf(scene.askAll()), [[950_000, 951_000]]);
	const due = scene.now + roundTrip / 16;
	t.is(scene.ending.dueAt(), due);
	scene.now = due - 1;
	t.deepEqual(rangesOf(scene.askAll()), [], 'too early');
	scene.now = due;
	// What has come meanwhile is not asked for.
	scene.line.arrived.add(950_000, 950_100);
	t.deepEqual(rangesOf(scene.askAll()), [[950_100, 951_000]]);
	t.is(scene.ending.dueAt(), Infinity);
});

test('copies are a bounded part of all octets, whatever is lost', t => {
	const scene = new Scene();
	let copied = 0;
	for (let at = 900_000; at < 1_000_000; at += 1000) {
		scene.asking.repeat(scene.line, at, at + 1000);
		for (const want of scene.askAll()) copied += want.to - want.from;
		copied -= 1000;
		scene.now += roundTrip / 8;
	}
	t.true(copied > 900_000 / 160 && copied <= 900_000 / 130, `${copied}`);
});

test('the little that is missing is asked for again, six times while nothing new comes', t => {
	const scene = new Scene({came: 998_000});
	scene.askAll();
	for (let count = 1; count <= 6; count++) {
		const due = scene.now + roundTrip / 2;
		t.is(scene.ending.dueAt(), due);
		scene.now = due;
		scene.askAll();
		t.is(scene.littleCount, count);
	}
	t.is(scene.ending.dueAt(), Infinity);
	scene.ending.onProgress();
	t.is(scene.ending.dueAt(), scene.now + roundTrip / 2);

	const often = new Scene({came: 998_000, lossRate: 0.05});
	often.askAll();
	t.is(often.ending.dueAt(), often.now + roundTrip / 4);
});

test('the end may come again when more was asked for', t => {
	const scene = new Scene({came: 99_900_000, length: 100_000_000});
	t.is(scene.askAll().length, 1);
	const more = new Line({...scene.line.request, position: 1, length: 10_000});
	scene.asking.add(more);
	scene.askAll();
	t.deepEqual(scene.askAll(), [], 'with the copies it is more than the path holds');
	scene.arrive(0, 99_960_000);
	const again = scene.askAll();
	t.deepEqual(rangesOf(again), [[0, 10_000]], 'what was asked for twice is not again');
	t.is(again[0]!.line, more);
});
