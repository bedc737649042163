import test from 'ava';
import {closeCode} from '../../../src/session/payload.ts';
import {RateCap} from '../../../src/transfer/rate-cap.ts';
import {Sender, type SenderOptions, type SenderSource} from '../../../src/transfer/sender.ts';
import {type Micros, micros, never} from '../../../src/unit.ts';
import type {Frame, FrameValue} from '../../../src/wire/frame.ts';
import {framesOf, HandSession, packetOf} from '../../support/frames.ts';
import {Prng} from '../../support/prng.ts';

const datagram = 1228;
const initialWindow = 32 * datagram;
const endless: SenderSource = {resolve: ({count}) => ({sizes: new Array(count).fill(1e12)})};

function want(number: number, length: number, extra: Partial<FrameValue<'want'>> = {}): Frame {
	const one = {snapshot: 0, kind: 3, page: 0, position: 0, count: 1, offset: 0} as const;
	return {name: 'want', number, ...one, length, ...extra};
}

function feedback(version: number, extra: Partial<FrameValue<'feedback'>> = {}): Frame {
	return {name: 'feedback', version, below: 0, rate: 1e12, packet: 0, bytes: 1e15, ...extra};
}

function receipt(from: number, to: number): Frame {
	return {name: 'receipt', largest: to, delay: 0, ranges: [{gap: 0, length: to - from + 1}]};
}

class Rig {
	readonly session = new HandSession();
	readonly sender: Sender;
	now: Micros = micros(1_000_000);
	/** Octets sent, as the network counts them. */
	sent = 0;

	constructor(options: Partial<SenderOptions> = {}) {
		const {session, now} = this;
		this.sender = new Sender({session, source: endless, now, ...options});
	}

	say(...frames: readonly Frame[]): number | undefined {
		return this.sender.handlePacket(0, packetOf(...frames), 100, this.now);
	}

	read(): void {
		for (let read = this.sender.pollRead(); read; read = this.sender.pollRead()) {
			this.sender.handleRead(read, new Uint8Array(read.length).fill(read.offset));
		}
	}

	drain(): Frame[][] {
		this.read();
		const packets: Frame[][] = [];
		for (;;) {
			const packet = this.session.poll(this.sender, this.now);
			if (packet === undefined) return packets;
			this.read();
			this.sent += packet.length + 53;
			packets.push(framesOf(packet));
		}
	}

	/** Lets time pass, sending whatever may leave. */
	pass(delay: number): Frame[][] {
		const packets: Frame[][] = [];
		const end = this.now + delay;
		for (let steps = 0; steps < 100_000; steps++) {
			packets.push(...this.drain());
			const at = this.sender.pollTimeout();
			if (at > end) break;
			this.now = micros(Math.max(at, this.now));
			this.sender.handleTimeout(this.now);
		}
		this.now = micros(end);
		return packets;
	}
}

function blocksOf(packets: readonly Frame[][]) {
	return packets.flat().filter(frame => frame.name === 'block');
}

test('the octets of one want leave in order, each once, in full packets', t => {
	const rig = new Rig();
	rig.say(feedback(1), want(0, 5000, {offset: 700}));
	const packets = rig.pass(100_000);
	const blocks = blocksOf(packets);
	let at = 700;
	for (const {want, object, offset, data} of blocks) {
		t.deepEqual([want, object, offset], [0, 0, at]);
		at += data.length;
	}
	t.is(at, 5700);
	const first = packets[0]![0]!;
	t.like(first, {name: 'data', version: 1, held: 1, taken: 1, unsent: 0});
	t.like(packets.at(-1)![0], {name: 'data', held: 0, taken: 1, unsent: 1});
});

test('many small objects share a packet; empty ones take no room; a run is one want', t => {
	const sizes = [10, 0, 300, 5, 0, 0, 40];
	const rig = new Rig({source: {resolve: () => ({sizes})}});
	rig.say(feedback(1), want(0, 355, {count: 7}));
	const packets = rig.drain();
	t.deepEqual(
		blocksOf(packets.slice(0, 1)).map(({object, data}) => [object, data.length]),
		[
			[0, 10],
			[2, 300],
			[3, 5],
			[6, 40],
		],
	);
	t.like(packets[0]![0], {unsent: 1});
	t.true(rig.sender.idle);
});

test('reads may end in any order: what is read of a higher want goes first, each want in order', t => {
	const rig = new Rig();
	rig.say(feedback(1), want(0, 100_000), want(1, 500), want(2, 500));
	const reads = [rig.sender.pollRead()!, rig.sender.pollRead()!, rig.sender.pollRead()!];
	const [a, b, c] = reads.map(read => new Uint8Array(read.length));
	t.is(rig.session.drain(rig.sender, rig.now).length, 0);
	rig.sender.handleRead(reads[2]!, c!);
	rig.sender.handleRead(reads[1]!, b!);
	const packets = rig.session.drain(rig.sender, rig.now).map(framesOf);
	t.deepEqual([...new Set(blocksOf(packets).map(block => block.want))], [1, 2]);
	rig.sender.handleRead(reads[0]!, a!);
	const later = blocksOf(rig.pass(1_000_000));
	t.deepEqual(
		later.filter(block => block.want === 0).map(block => block.offset)[0],
		0,
		'the lowest want, from its start',
	);
});

test('a want that comes late is read although the bound of reading ahead was used up', t => {
	const rig = new Rig({readAheadMax: 100_000});
	rig.say(feedback(1), want(1, 1_000_000));
	for (let read = rig.sender.pollRead(); read; read = rig.sender.pollRead()) {
		rig.sender.handleRead(read, new Uint8Array(read.length));
	}
	rig.say(feedback(2), want(0, 1000));
	const wants = blocksOf(rig.pass(10_000)).map(block => block.want);
	t.is(wants[0], 1, 'what was read goes out and makes room');
	t.true(wants.includes(0));
});

test('no more is read ahead than the bound, whatever is wanted', t => {
	const rig = new Rig({readAheadMax: 200_000});
	rig.say(feedback(1), want(0, 1e9), want(1, 1e9));
	let ahead = 0;
	for (let read = rig.sender.pollRead(); read; read = rig.sender.pollRead()) ahead += read.length;
	t.true(ahead > 100_000 && ahead <= 200_000, `${ahead}`);
});

test('refusals stand for their object; the rest of a run is sent', t => {
	const rig = new Rig({source: {resolve: () => ({sizes: [100, 200, 300]})}});
	rig.say(feedback(1), want(0, 600, {count: 3}));
	const reads = [rig.sender.pollRead()!, rig.sender.pollRead()!, rig.sender.pollRead()!];
	rig.sender.handleRead(reads[0]!, new Uint8Array(100));
	rig.sender.handleRead(reads[1]!, 1);
	rig.sender.handleRead(reads[2]!, new Uint8Array(300));
	const [packet] = rig.session.drain(rig.sender, rig.now).map(framesOf);
	t.deepEqual(
		packet!.slice(1).map(frame => [frame.name, 'object' in frame && frame.object]),
		[
			['block', 0],
			['refuse', 1],
			['block', 2],
		],
	);
	t.true(rig.sender.idle);
});

test('a file that turns stale half way is refused once, and nothing more of it is sent', t => {
	const rig = new Rig();
	rig.say(feedback(1), want(0, 1_000_000), want(1, 100, {position: 1}));
	const first = rig.sender.pollRead()!;
	rig.sender.handleRead(first, new Uint8Array(first.length));
	const pending: NonNullable<ReturnType<Sender['pollRead']>>[] = [];
	for (let read = rig.sender.pollRead(); read; read = rig.sender.pollRead()) pending.push(read);
	for (const read of pending)
		rig.sender.handleRead(read, read.position === 0 ? 1 : new Uint8Array(read.length));
	for (let round = 0; round < 8; round++) {
		const frames = rig.pass(100_000).flat();
		rig.say(feedback(2 + round), receipt(0, rig.session.next - 1));
		if (frames.some(frame => frame.name === 'refuse')) {
			t.is(frames.filter(frame => frame.name === 'refuse').length, 1);
			t.is(rig.sender.statistics.blockBytesOut >= first.length, true);
			t.true(rig.sender.idle);
			return;
		}
	}
	t.fail('no refusal');
});

test('what does not fit the objects is refused as invalid, object by object', t => {
	const rig = new Rig({source: {resolve: () => ({sizes: [10, 20]})}});
	rig.say(feedback(1), want(0, 31, {count: 2}), want(1, 5, {offset: 6}));
	const refusals = rig
		.drain()
		.flat()
		.filter(frame => frame.name === 'refuse');
	t.deepEqual(
		refusals.map(({want, object, code}) => [want, object, code]),
		[
			[0, 0, 4],
			[0, 1, 4],
			[1, 0, 4],
		],
	);
});

test('withdrawn wants are forgotten; they count as taken in', t => {
	const rig = new Rig();
	rig.say(feedback(1, {rate: 0}), want(0, 1e6), want(1, 1e6), want(3, 1000));
	rig.read();
	rig.say(feedback(2, {below: 3}));
	const packets = rig.pass(100_000);
	t.deepEqual([...new Set(blocksOf(packets).map(block => block.want))], [3]);
	t.like(packets[0]![0], {taken: 4, unsent: 4});
});

test('an older feedback changes no grant; its wants are taken in', t => {
	const rig = new Rig();
	rig.say(feedback(5, {rate: 0}));
	rig.say(feedback(4), want(0, 100_000));
	t.is(blocksOf(rig.pass(50_000)).length, 0);
	rig.say(feedback(6));
	t.true(blocksOf(rig.pass(50_000)).length > 0);
});

test('a grant is a rate and a total since a packet', t => {
	const rig = new Rig();
	rig.say(feedback(1, {rate: 100_000, bytes: 20_000}), want(0, 1e6));
	rig.pass(50_000);
	t.true(Math.abs(rig.sent - 5000) <= 2 * datagram, `${rig.sent} at 100 kB/s in 50 ms`);
	rig.pass(950_000);
	t.true(rig.sent <= 20_000 && rig.sent > 20_000 - datagram, `${rig.sent} of 20,000`);
	const next = rig.session.next;
	rig.say(feedback(2, {rate: 100_000, packet: next, bytes: 5000}), receipt(0, next - 1));
	rig.pass(1_000_000);
	t.true(rig.sent <= 25_000 && rig.sent > 25_000 - 2 * datagram, `${rig.sent} of 25,000`);
});

test('a rate of the source itself is never exceeded', t => {
	const cap = new RateCap(50_000);
	const rig = new Rig({caps: [cap]});
	rig.say(feedback(1), want(0, 1e6));
	rig.pass(300_000);
	t.true(rig.sent <= 15_000 + 2 * datagram, `${rig.sent}`);
	cap.setRate(20_000, rig.now);
	rig.sent = 0;
	rig.pass(500_000);
	t.true(rig.sent <= 10_000 + 2 * datagram, `${rig.sent} after it was lowered`);
});

test('a feedback is answered even when nothing is to be sent; two idle sides fall silent', t => {
	const rig = new Rig();
	rig.say(feedback(1));
	const [packet, ...more] = rig.drain();
	t.deepEqual(
		packet!.map(frame => frame.name),
		['data'],
	);
	t.is(more.length, 0);
	t.is(rig.sender.pollTimeout(), never);
});

test('after its last block a source sends two packets that show it', t => {
	const rig = new Rig();
	rig.say(feedback(1), want(0, 100));
	const packets = rig.pass(1_000_000);
	t.deepEqual(
		packets.map(frames => frames.map(frame => frame.name).join()),
		['data,block', 'data', 'data'],
	);
});

test('a newer head is told until it is receipted, and the next one only then', t => {
	const rig = new Rig();
	rig.sender.offerHead(Uint8Array.of(1), []);
	rig.sender.offerHead(Uint8Array.of(2), []);
	const heads = () =>
		rig.pass(2_000_000).flatMap(frames => frames.filter(frame => frame.name === 'head'));
	const first = heads();
	t.true(first.length >= 2 && first.every(head => head.statement[0] === 1));
	rig.say(receipt(rig.session.next - 1, rig.session.next - 1));
	const second = heads();
	t.true(second.length >= 1 && second.every(head => head.statement[0] === 2));
	rig.say(receipt(rig.session.next - 1, rig.session.next - 1));
	t.is(heads().length, 0);
});

// A hostile receiver: whatever it says, it gets no more than the bound.

test('without receipts no more than the initial window is ever in flight, whatever is granted', t => {
	const rig = new Rig();
	rig.say(feedback(1), want(0, 1e9));
	rig.pass(2_900_000);
	t.true(rig.sent <= initialWindow, `${rig.sent}`);
	t.true(rig.sent > initialWindow - 2 * datagram);
	for (let version = 2; version < 30; version++) {
		rig.say(feedback(version));
		rig.pass(1_000_000);
	}
	// What is three seconds old without a receipt is not in flight any more (RFC 8085 §3.1.3).
	t.true(rig.sent <= initialWindow * (32 / 3 + 1), `${rig.sent} in 32 s`);
});

test('a receipt for a number that was skipped, or not sent yet, ends the session', t => {
	const rig = new Rig();
	rig.say(feedback(1), want(0, 1e9));
	rig.pass(100_000);
	rig.session.skipped.add(4);
	t.is(rig.say(feedback(2), receipt(0, 9)), closeCode.forgedReceipt);
	t.is(rig.say(receipt(rig.session.next, rig.session.next)), closeCode.forgedReceipt);
	t.is(rig.say(receipt(5, 9)), undefined);
});

test('what is in flight stays within twice what was receipted in a round trip [SHOAL_SEED=5]', t => {
	const prng = new Prng(5);
	for (let run = 0; run < 20; run++) {
		const rig = new Rig();
		rig.say(feedback(1), want(0, 1e9));
		const roundTrip = 1000 + prng.below(200_000);
		// An honest path of some rate; the grants are wild all the same.
		const rate = prng.logUniform(1e4, 1e6);
		let delivered = 0;
		const sentOver: number[] = [];
		for (let round = 0; round < 25; round++) {
			const before = rig.session.next;
			const sentBefore = rig.sent;
			rig.pass(roundTrip);
			sentOver.push(rig.sent - sentBefore);
			const arrived = Math.min(
				rig.session.next - before,
				Math.max(1, Math.floor((rate * roundTrip) / 1e6 / datagram)),
			);
			if (arrived > 0) {
				rig.say(feedback(2 + round), receipt(before, before + arrived - 1));
				delivered += arrived * datagram;
			}
		}
		// Sent in a round trip: twice what it proved, or the initial window.
		const most = 2 * Math.max(initialWindow, 2 * Math.ceil((rate * roundTrip) / 1e6) + datagram);
		for (const sent of sentOver) t.true(sent <= most, `${sent} of ${most}`);
		t.true(rig.sent <= 25 * initialWindow + 3 * delivered, `${rig.sent} for ${delivered}`);
	}
});

test('after three round trips of silence nothing more leaves; the next word opens it again', t => {
	const rig = new Rig();
	rig.say(feedback(1, {rate: 1e6}), want(0, 1e9));
	rig.pass(20_000);
	rig.say(feedback(2, {rate: 1e6}), receipt(0, rig.session.next - 1));
	rig.pass(500_000);
	const sent = rig.sent;
	rig.pass(5_000_000);
	t.is(rig.sent, sent);
	t.is(rig.sender.pollTimeout(), never);
	rig.say(feedback(3, {rate: 1e6}));
	rig.pass(20_000);
	t.true(rig.sent > sent);
});

test('the table of wants is bounded', t => {
	const rig = new Rig();
	for (let number = 0; number < 1024; number++) {
		t.is(rig.say(feedback(number + 1, {rate: 0}), want(number, 1e6)), undefined);
	}
	t.is(rig.say(want(3000, 1000)), closeCode.limit, 'too far ahead of what was confirmed');
	for (let number = 1024; number < 2048; number++) t.is(rig.say(want(number, 1e6)), undefined);
	t.is(rig.say(want(2048, 1000)), closeCode.limit, 'too many');
	t.is(rig.say(want(5, 1000)), undefined, 'a repeat is nothing new');
});

test('a malformed want, receipt or frame ends the session', t => {
	const cases: Frame[] = [
		want(0, 0),
		want(0, 100, {count: 0}),
		want(0, 100, {count: 5000}),
		want(0, 100, {count: 2, offset: 1}),
		want(0, 100, {count: 2, kind: 0}),
		want(0, 100, {kind: 18}),
		{name: 'receipt', largest: 3, delay: 0, ranges: [{gap: 0, length: 0}]},
		{name: 'receipt', largest: 3, delay: 0, ranges: [{gap: 0, length: 9}]},
		feedback(0),
		{name: 'block', want: 0, object: 0, offset: 0, data: Uint8Array.of(1)},
	];
	for (const frame of cases) {
		const rig = new Rig();
		rig.say(feedback(1));
		rig.drain();
		t.is(rig.say(frame), closeCode.malformed, JSON.stringify(frame));
	}
	t.is(new Rig().sender.handlePacket(0, Uint8Array.of(0x10, 0xff), 30, micros(0)), 2);
});

test('noise never throws', t => {
	const prng = new Prng(21);
	for (let round = 0; round < 3000; round++) {
		const rig = new Rig();
		const noise = prng.bytes(prng.below(60));
		if (noise.length > 0 && prng.chance(0.8)) noise[0] = prng.pick([0x10, 0x11, 0x12, 0x30]);
		rig.sender.handlePacket(0, noise, noise.length, rig.now);
		rig.pass(1000);
	}
	t.pass();
});
