import test from 'ava';
import type {Controller} from '../../../src/congestion/controller.ts';
import {closeCode} from '../../../src/session/payload.ts';
import {Fetcher, type FetcherOptions} from '../../../src/transfer/fetcher.ts';
import type {FetchHandler, FetchRequest} from '../../../src/transfer/request.ts';
import {type Micros, micros, never} from '../../../src/unit.ts';
import type {Frame, FrameValue} from '../../../src/wire/frame.ts';
import {framesOf, HandSession, packetOf} from '../../support/frames.ts';
import {Prng} from '../../support/prng.ts';

/** Grants what it is told to, and counts what it is told. */
class FixedController implements Controller {
	rate = 1e6;
	window = 1e6;
	lossRate = 0;
	lost = 0;
	late = 0;
	rounds = 0;
	silences = 0;
	naps = 0;
	readonly roundTrips: number[] = [];
	onPacket(): void {
		this.rounds += 0;
	}
	onRoundTrip(sample: number): void {
		this.roundTrips.push(sample);
	}
	onLost(octets: number): void {
		this.lost += octets;
	}
	onLate(octets: number): void {
		this.late += octets;
	}
	onRound(): void {
		this.rounds++;
	}
	onSilence(): void {
		this.silences++;
	}
	onNap(): void {
		this.naps++;
	}
	onPathChanged(): void {
		this.rounds = 0;
	}
}

class Rig implements FetchHandler {
	readonly session = new HandSession();
	readonly controller = new FixedController();
	readonly fetcher: Fetcher;
	readonly events: string[] = [];
	now: Micros = micros(1_000_000);
	#number = 0;

	constructor(options: Partial<FetcherOptions> = {}) {
		const {controller, now} = this;
		this.fetcher = new Fetcher({controller, handler: this, now, roundTrip: 40_000, ...options});
	}

	block(request: FetchRequest, object: number, offset: number, data: Uint8Array): void {
		this.events.push(`block ${request.page}/${object}@${offset}+${data.length}`);
	}

	refused(request: FetchRequest, object: number, code: number): void {
		this.events.push(`refused ${request.page}/${object} ${code}`);
	}

	done(request: FetchRequest): void {
		this.events.push(`done ${request.page}`);
	}

	head(snapshot: number, statement: Uint8Array): void {
		this.events.push(`head ${snapshot} ${statement.join()}`);
	}

	closed(code: number): void {
		this.events.push(`closed ${code}`);
	}

	/** A packet of the source; the next number, or one given. */
	say(frames: readonly Frame[], number = this.#number): number | undefined {
		this.#number = Math.max(this.#number, number + 1);
		return this.fetcher.handlePacket(number, packetOf(...frames), 100, this.now);
	}

	skipNumber(): number {
		return this.#number++;
	}

	/** All that the fetcher has to say now. */
	drain(): Frame[] {
		return this.session.drain(this.fetcher, this.now).flatMap(framesOf);
	}

	wants(): FrameValue<'want'>[] {
		return this.drain().filter(frame => frame.name === 'want');
	}

	/** Lets time pass; what the fetcher says meanwhile. */
	pass(delay: number): Frame[] {
		const frames: Frame[] = [];
		const end = this.now + delay;
		for (let steps = 0; steps < 10_000; steps++) {
			frames.push(...this.drain());
			const at = this.fetcher.pollTimeout();
			if (at > end) break;
			this.now = micros(Math.max(at, this.now));
			this.fetcher.handleTimeout(this.now);
		}
		this.now = micros(end);
		return frames;
	}
}

function single(length: number, page = 1, offset = 0): FetchRequest {
	return {snapshot: 0, kind: 3, page, position: 2, count: 1, offset, length};
}

function data(extra: Partial<FrameValue<'data'>> = {}): Frame {
	return {name: 'data', flags: 0, time: 0, version: 1, held: 0, taken: 1, unsent: 0, ...extra};
}

function block(want: number, offset: number, size: number, object = 0): Frame {
	return {name: 'block', want, object, offset, data: new Uint8Array(size).fill(7)};
}

function isWant(frame: Frame): frame is Frame & {name: 'want'} {
	return frame.name === 'want';
}

test('a request becomes a want in the first feedback, with the grant of the controller', t => {
	const rig = new Rig();
	rig.fetcher.fetch(single(5000, 3, 100));
	const [feedback, want] = rig.drain();
	t.like(feedback, {name: 'feedback', version: 1, below: 0, rate: 1e6, packet: 0, bytes: 1e6});
	t.like(want, {number: 0, kind: 3, page: 3, position: 2, count: 1, offset: 100, length: 5000});
	t.is(rig.fetcher.wantedBytes, 5000);
});

test('blocks are handed over at once, in any order, each octet once', t => {
	const rig = new Rig();
	rig.fetcher.fetch(single(3200));
	rig.drain();
	rig.say([data(), block(0, 1000, 1000)]);
	rig.say([data(), block(0, 0, 500), block(0, 2000, 1000)]);
	rig.say([data(), block(0, 400, 700)]);
	t.deepEqual(rig.events, [
		'block 1/0@1000+1000',
		'block 1/0@0+500',
		'block 1/0@2000+1000',
		'block 1/0@500+500',
	]);
	t.is(rig.fetcher.wantedBytes, 200);
	t.is(rig.fetcher.statistics.bytesDuplicate, 200);
});

test('a run of objects is told by object; empty ones are nowhere', t => {
	const rig = new Rig();
	const sizes = Float64Array.of(10, 0, 20);
	rig.fetcher.fetch({...single(30), count: 3, sizes});
	t.like(rig.wants()[0], {count: 3, offset: 0, length: 30, position: 2});
	rig.say([data({unsent: 1}), block(0, 0, 10), block(0, 0, 20, 2)]);
	t.deepEqual(rig.events, ['block 1/0@0+10', 'block 1/2@0+20', 'done 1']);
});

test('a request of no octets is done, but not from within fetch', t => {
	const rig = new Rig();
	rig.fetcher.fetch(single(0));
	t.deepEqual(rig.events, []);
	t.true(rig.fetcher.pollTimeout() <= rig.now);
	rig.drain();
	t.deepEqual(rig.events, ['done 1']);
	t.is(rig.fetcher.pollTimeout(), never);
});

test('a hole is lost when the packet that showed it is three numbers old, and is asked for again', t => {
	const rig = new Rig();
	rig.fetcher.fetch(single(10_000));
	rig.drain();
	rig.say([data(), block(0, 0, 1000)]);
	rig.skipNumber();
	rig.say([data(), block(0, 2000, 1000)]);
	rig.say([data(), block(0, 3000, 1000)]);
	rig.say([data(), block(0, 4000, 1000)]);
	t.is(rig.controller.lost, 0, 'two numbers old');
	rig.say([data(), block(0, 5000, 1000)]);
	t.is(rig.controller.lost, 1000);
	const repeats = rig
		.pass(10_000)
		.filter(isWant)
		.filter(want => want.number > 0);
	t.like(repeats[0], {number: 1, offset: 1000, length: 1000}, 'a new want (Karn)');
});

test('a hole is lost when the reordering window has passed, a quarter of a round trip', t => {
	const rig = new Rig();
	rig.fetcher.fetch(single(10_000));
	rig.drain();
	// A round trip of the handshake's 40 ms, and a round in which it becomes the window.
	rig.say([data({held: 1}), block(0, 0, 1000)]);
	rig.skipNumber();
	rig.say([data(), block(0, 2000, 1000)]);
	rig.pass(9000);
	t.is(rig.controller.lost, 0);
	rig.pass(2000);
	t.is(rig.controller.lost, 1000);
});

test('what was only overtaken is not lost', t => {
	const rig = new Rig();
	rig.fetcher.fetch(single(10_000));
	rig.drain();
	rig.say([data(), block(0, 0, 1000)]);
	const overtaken = rig.skipNumber();
	rig.say([data(), block(0, 2000, 1000)]);
	rig.say([data(), block(0, 3000, 1000)]);
	rig.say([data(), block(0, 1000, 1000)], overtaken);
	rig.pass(20_000);
	t.is(rig.controller.lost, 0);
});

test('the end of a want below the lowest unsent one has been sent: it is lost if it is not here', t => {
	const rig = new Rig();
	rig.fetcher.fetch(single(3000, 1));
	rig.fetcher.fetch(single(3000, 2));
	rig.drain();
	rig.say([data({taken: 2}), block(0, 0, 1000)]);
	rig.skipNumber();
	rig.say([data({taken: 2, unsent: 1}), block(1, 0, 1000)]);
	rig.pass(11_000);
	t.is(rig.controller.lost, 2000);
	t.like(rig.fetcher.statistics, {rangesLost: 1, rangesMissing: 1});
	rig.drain();
	rig.say([data({taken: 3, unsent: 1}), block(2, 1000, 1000)]);
	t.is(rig.fetcher.statistics.rangesMissing, 1, 'half of it has come');
	rig.say([data({taken: 3, unsent: 1}), block(2, 2000, 1000)]);
	t.is(rig.fetcher.statistics.rangesMissing, 0);
});

test('the window grows when something declared lost arrives after all', t => {
	const rig = new Rig();
	rig.fetcher.fetch(single(100_000));
	rig.drain();
	const loseOne = (at: number, after: number): void => {
		const number = rig.skipNumber();
		for (let each = 1; each <= 4; each++) rig.say([data(), block(0, at + each * 1000, 1000)]);
		rig.pass(after);
		rig.say([data(), block(0, at, 1000)], number);
	};
	loseOne(0, 30_000);
	t.is(rig.controller.late, 1000);
	const {rangesLost} = rig.fetcher.statistics;
	loseOne(5000, 30_000);
	t.is(
		rig.fetcher.statistics.rangesLost,
		rangesLost,
		'numbers count no more, and 30 ms are waited',
	);
	loseOne(10_000, 45_000);
	t.is(rig.fetcher.statistics.rangesLost, rangesLost + 1);
});

test('a lost stretch over several objects is asked for by ranges and runs of whole objects', t => {
	const rig = new Rig();
	const sizes = Float64Array.of(1000, 300, 300, 1000, 500);
	rig.fetcher.fetch({...single(3100), count: 5, sizes});
	rig.drain();
	rig.say([data(), block(0, 0, 400)]);
	rig.skipNumber();
	rig.say([data({unsent: 1}), block(0, 700, 300, 3), block(0, 0, 500, 4)]);
	const repeats = rig
		.pass(30_000)
		.filter(isWant)
		.filter(want => want.number > 0);
	t.deepEqual(
		repeats
			.slice(0, 3)
			.map(({position, count, offset, length}) => [position, count, offset, length]),
		[
			[2, 1, 400, 600],
			[3, 2, 0, 600],
			[5, 1, 0, 700],
		],
	);
});

test('a want is told in the feedbacks that follow, until it is confirmed', t => {
	const rig = new Rig();
	rig.fetcher.fetch(single(1000));
	const told = rig.pass(25_000).filter(isWant);
	t.is(told.length, 3, 'each quarter of a round trip');
	const other = new Rig();
	other.fetcher.fetch(single(100_000));
	other.drain();
	other.say([data(), block(0, 0, 1000)]);
	t.is(other.pass(15_000).filter(isWant).length, 0);
});

test('a want that the source lacks although it took in a later feedback is told again', t => {
	const rig = new Rig();
	rig.fetcher.fetch(single(50_000, 1));
	rig.drain();
	rig.fetcher.fetch(single(50_000, 2));
	const first = rig.pass(30_000);
	t.is(first.filter(isWant).filter(want => want.number === 1).length > 0, true);
	const versions = first.filter(frame => frame.name === 'feedback').map(each => each.version);
	rig.say([data({version: versions.at(-1)!, taken: 1}), block(0, 0, 1000)]);
	const again = rig.pass(11_000).filter(isWant);
	t.deepEqual([...new Set(again.map(want => want.number))], [1]);
});

test('a feedback goes out after ten data packets or a quarter of a round trip, not more often', t => {
	const rig = new Rig();
	rig.fetcher.fetch(single(1e6));
	rig.drain();
	rig.say([data(), block(0, 0, 1000)]);
	rig.pass(50_000);
	let feedbacks = 0;
	for (let packet = 1; packet <= 120; packet++) {
		rig.now = micros(rig.now + 300);
		rig.say([data(), block(0, packet * 1000, 1000)]);
		feedbacks += rig.drain().filter(frame => frame.name === 'feedback').length;
	}
	t.is(feedbacks, 12);
});

test('where packets are few and the round trip short, a feedback rests for some milliseconds', t => {
	const rig = new Rig({roundTrip: 400});
	rig.fetcher.fetch(single(2e6));
	rig.drain();
	for (let packet = 0; packet < 320; packet++) {
		rig.say([data(), block(0, packet * 250, 250)]);
		rig.drain();
	}
	rig.pass(20_000);
	const feedbacks = (packets: number, from: number): number => {
		let found = 0;
		for (let packet = from; packet < from + packets; packet++) {
			rig.say([data(), block(0, packet * 250, 250)]);
			found += rig.pass(1000).filter(frame => frame.name === 'feedback').length;
		}
		return found;
	};
	t.is(feedbacks(40, 320), 11, 'one at once, then one in 4 ms');
	rig.controller.window = 1000;
	feedbacks(4, 360);
	t.is(feedbacks(40, 364), 40, 'the grant is used up soon: each goes out in its round trip');
	rig.controller.window = 1e6;
	feedbacks(4, 404);
	rig.fetcher.fetch(single(1000, 2));
	t.false(rig.pass(2000).some(isWant), 'the source has enough to send: a want rests as well');
	t.true(rig.pass(4000).some(isWant));
});

test('a want goes out at once when the source has little left to send', t => {
	const rig = new Rig({roundTrip: 400});
	rig.fetcher.fetch(single(5000));
	t.true(rig.drain().some(isWant));
	rig.pass(20_000);
	rig.say([data({version: rig.fetcher.statistics.feedbacksOut}), block(0, 0, 250)]);
	rig.fetcher.fetch(single(1000, 2));
	t.true(rig.pass(200).some(isWant));
});

test('the round trip is measured without what the source waited', t => {
	const rig = new Rig();
	rig.fetcher.fetch(single(5000));
	rig.drain();
	rig.now = micros(rig.now + 70_000);
	rig.say([data({held: 1 + 20_000}), block(0, 0, 1000)]);
	t.deepEqual(rig.controller.roundTrips, [40_000, 50_000]);
});

test('what the disk has not taken closes the grant; what it takes opens it', t => {
	const rig = new Rig({backlogMax: 3000});
	rig.fetcher.fetch(single(100_000));
	t.like(rig.drain()[0], {bytes: 3000});
	rig.say([data(), block(0, 0, 3000)]);
	const closed = rig.pass(15_000).find(frame => frame.name === 'feedback');
	t.like(closed, {bytes: 0});
	t.is(rig.fetcher.limitedBy, 'disk');
	const silent = rig.pass(10_000_000).filter(frame => frame.name === 'feedback');
	t.true(silent.length <= 2, 'nothing to probe for');
	rig.fetcher.taken(2500);
	t.like(rig.pass(0)[0], {bytes: 2500});
});

test('a limit of the rate is granted, and can be changed while running', t => {
	const rig = new Rig({rateMax: 5000});
	rig.fetcher.fetch(single(100_000));
	t.like(rig.drain()[0], {rate: 5000});
	t.is(rig.fetcher.limitedBy, 'limit');
	rig.fetcher.limitRate(undefined);
	t.like(rig.pass(20_000)[0], {rate: 1e6});
});

test('a silent source is probed, further and further apart, as long as something is wanted', t => {
	const rig = new Rig();
	rig.fetcher.fetch(single(100_000));
	rig.pass(10_000_000);
	const {silences} = rig.fetcher.statistics;
	t.true(silences >= 10 && silences <= 40, `${silences}`);
	t.is(rig.controller.silences, silences);
	for (let offset = 0; offset < 100_000; offset += 1000) {
		rig.say([data(), block(0, offset, 1000)]);
	}
	t.deepEqual(rig.events.at(-1), 'done 1');
	rig.pass(1_000_000);
	t.is(rig.pass(10_000_000).length, 0);
});

test('a refused object stands for all its octets, wherever they were asked for', t => {
	const rig = new Rig();
	const sizes = Float64Array.of(100, 400_000, 100);
	rig.fetcher.fetch({...single(400_200), count: 3, sizes});
	const wants = rig.wants();
	t.true(wants.length > 2);
	rig.say([
		data({taken: wants.length}),
		block(0, 0, 100),
		{name: 'refuse', want: 1, object: 0, code: 1},
	]);
	t.deepEqual(rig.events, ['block 1/0@0+100', 'refused 1/1 1']);
	t.is(rig.fetcher.wantedBytes, 100);
	rig.say([data({taken: wants.length}), block(wants.length - 1, 0, 100)]);
	t.is(rig.events.at(-1), 'done 1');
});

test('what is cancelled is handed over no more', t => {
	const rig = new Rig();
	const request = single(5000);
	rig.fetcher.fetch(request);
	rig.drain();
	rig.fetcher.cancel(request);
	t.is(rig.fetcher.wantedBytes, 0);
	t.is(rig.say([data(), block(0, 0, 1000)]), undefined);
	t.deepEqual(rig.events, []);
	t.like(rig.pass(20_000)[0], {below: 1}, 'the want is withdrawn');
});

test('a newer head is told once, whatever is repeated', t => {
	const rig = new Rig();
	const head = (octet: number): Frame => ({
		name: 'head',
		statement: Uint8Array.of(octet),
		diffs: [],
	});
	rig.say([head(5)]);
	rig.say([head(6)]);
	rig.say([head(5)]);
	t.deepEqual(rig.events, ['head 1 5', 'head 2 6']);
	t.true(rig.pass(20_000).some(frame => frame.name === 'receipt'));
});

/** At most so many octets of a patch. */
function patchOf(length: number): FetchRequest {
	return {...single(length), kind: 255, part: {leaf: 4, lacked: Uint8Array.of(2, 1)}};
}

const isPatchWant = (frame: Frame): frame is Frame & {name: 'wantPatch'} =>
	frame.name === 'wantPatch';

test('a patch is asked for in one want, and is done with its end', t => {
	const rig = new Rig();
	rig.fetcher.fetch(patchOf(50_000));
	const [want, ...more] = rig.drain().filter(isPatchWant);
	t.deepEqual(more, []);
	t.like(want, {page: 1, position: 2, leaf: 4, lacked: Uint8Array.of(2, 1), offset: 0});
	t.is(want?.length, 50_000);
	rig.say([data(), block(0, 0, 1000), {name: 'end', want: 0, offset: 1000}]);
	t.deepEqual(rig.events, ['block 1/0@0+1000', 'done 1']);
	t.is(rig.fetcher.wantedBytes, 0);
	t.is(rig.controller.lost, 0);
	t.true(rig.pass(1_000_000).every(frame => !isPatchWant(frame)));
});

test('what was lost of a patch is asked for again, its end as well, and counts as a packet', t => {
	const rig = new Rig();
	rig.fetcher.fetch(patchOf(50_000));
	rig.drain();
	rig.say([data({unsent: 0}), block(0, 0, 1000)]);
	rig.skipNumber();
	rig.say([data({unsent: 0}), block(0, 2000, 500), {name: 'end', want: 0, offset: 2500}]);
	const [again] = rig.pass(50_000).filter(isPatchWant);
	t.like(again, {number: 1, leaf: 4, offset: 1000, length: 1000});
	rig.say([data({taken: 2, unsent: 2}), block(1, 1000, 1000)]);
	t.is(rig.events.at(-1), 'done 1');
	t.is(rig.controller.lost, 1000);

	const tail = new Rig();
	tail.fetcher.fetch(patchOf(50_000));
	tail.drain();
	tail.say([data({unsent: 0}), block(0, 0, 1000)]);
	tail.skipNumber();
	tail.say([data({unsent: 1})]);
	const [rest] = tail.pass(50_000).filter(isPatchWant);
	t.like(rest, {number: 1, offset: 1000, length: 49_000});
	t.is(tail.controller.lost, 1100, 'how much there was is not known');
	tail.say([data({taken: 2, unsent: 2}), {name: 'end', want: 1, offset: 1000}]);
	t.is(tail.events.at(-1), 'done 1');
});

test('an end may be told anywhere, and only of a patch', t => {
	for (const offset of [0, 10, 999, 1000, Number.MAX_SAFE_INTEGER]) {
		const rig = new Rig();
		rig.fetcher.fetch(patchOf(1000));
		rig.drain();
		t.is(rig.say([data(), {name: 'end', want: 0, offset}]), undefined);
		t.is(rig.say([data(), {name: 'end', want: 0, offset}]), undefined);
		t.is(rig.events.includes('done 1'), offset === 0);
	}
	const rig = new Rig();
	rig.fetcher.fetch(single(1000));
	rig.drain();
	t.is(rig.say([data(), {name: 'end', want: 0, offset: 10}]), closeCode.malformed);
	t.is(rig.say([data(), {name: 'end', want: 1, offset: 10}]), closeCode.malformed);
});

// A hostile source: it gains nothing, and it ends its own session.

test('lies about what was asked, confirmed or heard end the session', t => {
	const lies: [Frame[], number][] = [
		[[data(), block(1, 0, 10)], closeCode.malformed],
		[[data(), block(0, 999, 2)], closeCode.malformed],
		[[data(), block(0, 0, 10, 1)], closeCode.malformed],
		[[data(), block(0, Number.MAX_SAFE_INTEGER, 1)], closeCode.malformed],
		[[data(), {...block(0, 0, 1), data: new Uint8Array(0)} as Frame], closeCode.malformed],
		[[block(0, 0, 10)], closeCode.malformed],
		[[data(), data()], closeCode.malformed],
		[[data({taken: 2})], closeCode.malformed],
		[[data({version: 2})], closeCode.malformed],
		[[data({unsent: 2})], closeCode.malformed],
		[[data(), {name: 'refuse', want: 1, object: 0, code: 1}], closeCode.malformed],
		[[data(), {name: 'refuse', want: 0, object: 1, code: 1}], closeCode.malformed],
		[[{name: 'feedback', version: 1, below: 0, rate: 1, packet: 0, bytes: 0}], closeCode.malformed],
	];
	for (const [frames, code] of lies) {
		const rig = new Rig();
		rig.fetcher.fetch(single(1000));
		rig.drain();
		t.is(rig.say(frames), code, JSON.stringify(frames));
		t.deepEqual(rig.events, []);
	}
});

test('a source that repeats itself without end is cut off at what was asked for', t => {
	const rig = new Rig();
	rig.fetcher.fetch(single(10_000));
	rig.drain();
	let code: number | undefined;
	let packets = 0;
	for (; code === undefined && packets < 100; packets++) {
		code = rig.say([data(), block(0, 0, 1000)]);
	}
	t.is(code, closeCode.limit);
	t.is(packets, 11);
	t.is(rig.fetcher.statistics.bytesNew, 1000);
});

test('heads without end are a limit', t => {
	const rig = new Rig();
	let code: number | undefined;
	let count = 0;
	for (; code === undefined && count < 1000; count++) {
		const statement = Uint8Array.of(count, count >> 8);
		code = rig.say([{name: 'head', statement, diffs: []}]);
	}
	t.is(code, closeCode.limit);
	t.is(count, 65);
});

test('no more than a thousand wants are outstanding, none further ahead of the lowest unconfirmed', t => {
	const rig = new Rig();
	for (let page = 0; page < 3000; page++) rig.fetcher.fetch(single(10, page));
	let wants = rig.wants();
	for (let round = 0; round < 50; round++) wants = [...wants, ...rig.pass(10_000).filter(isWant)];
	t.is(Math.max(...wants.map(want => want.number)), 1023);
	rig.say([data({taken: 500}), ...Array.from({length: 100}, (_, want) => block(want, 0, 10))]);
	wants = rig.pass(60_000).filter(isWant);
	t.is(Math.max(...wants.map(want => want.number)), 1123);
});

test('noise never throws', t => {
	const prng = new Prng(22);
	for (let round = 0; round < 3000; round++) {
		const rig = new Rig();
		rig.fetcher.fetch(single(1000));
		rig.drain();
		const noise = prng.bytes(prng.below(60));
		if (noise.length > 0 && prng.chance(0.8)) noise[0] = prng.pick([0x20, 0x21, 0x22, 0x31]);
		rig.fetcher.handlePacket(round, noise, noise.length, rig.now);
		rig.pass(1000);
	}
	t.pass();
});
