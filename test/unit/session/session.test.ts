import test from 'ava';
import {crypto as realCrypto} from '../../../native-free/crypto.ts';
import type {Crypto} from '../../../src/platform/crypto.ts';
import {firstOctet} from '../../../src/session/handshake.ts';
import type {Initiator} from '../../../src/session/initiator.ts';
import {PacketBuffer} from '../../../src/session/packet-buffer.ts';
import {plainPrefix} from '../../../src/session/packet-header.ts';
import {PacketKeys} from '../../../src/session/packet-keys.ts';
import {PathAllowance} from '../../../src/session/path-allowance.ts';
import {closeCode, type SessionHandle} from '../../../src/session/payload.ts';
import type {Responder} from '../../../src/session/responder.ts';
import {Session, type SessionEnd} from '../../../src/session/session.ts';
import {later, micros} from '../../../src/unit.ts';
import {Writer} from '../../../src/wire/codec.ts';
import {encodeFrame} from '../../../src/wire/frame.ts';
import {nullCrypto} from '../../support/null-crypto.ts';
import {Prng} from '../../support/prng.ts';
import {
	type Dial,
	drainEvents,
	message,
	Network,
	TestPayload,
	TestSource,
} from '../../support/session-pair.ts';

const second = 1_000_000;

type Joined = {
	readonly network: Network;
	readonly initiator: Initiator;
	readonly responder: Responder;
	/** Of the initiator and of the responder. */
	readonly a: TestPayload;
	readonly b: TestPayload;
	readonly session: SessionHandle;
	readonly other: SessionHandle;
};

/** An established session. */
function join(
	options: Dial = {},
	responderOptions: Parameters<TestSource['responder']>[1] = {},
	crypto: Crypto = nullCrypto(new Prng(1)),
): Joined {
	const network = new Network(new Prng(2));
	const source = new TestSource(crypto);
	const responder = source.responder(network.now, responderOptions);
	network.add('source:1', responder);
	const initiator = source.initiator(network.now, options);
	network.add('receiver:1', initiator);
	network.runFor(100_000);
	drainEvents(initiator);
	const a = new TestPayload(false);
	initiator.attach(a, network.now);
	network.runFor(100_000);
	const [session, other] = [initiator.session!, source.sessions[0]!];
	// The responder goes on with its salt until it has seen a packet in the plain form.
	say(a, session, message(1, 0));
	network.runFor(100_000);
	source.payloads[0]!.received.length = 0;
	source.payloads[0]!.numbers.length = 0;
	a.sent.length = 0;
	return {network, initiator, responder, a, b: source.payloads[0]!, session, other};
}

function say(payload: TestPayload, session: SessionHandle, ...messages: Uint8Array[]): void {
	payload.queue.push(...messages);
	session.wake();
}

test('packets go both ways, each opened once and in the plain form', t => {
	const {network, a, b, session, other} = join({}, {}, realCrypto);
	const forms = new Set<number>();
	network.onSend = data => {
		forms.add(data[0]!);
		return true;
	};
	for (let count = 0; count < 50; count++) {
		say(a, session, message(100 + count, count));
		say(b, other, message(500 + count, count));
		network.runFor(5000);
	}
	network.runFor(second);
	t.deepEqual([...forms], [firstOctet.plain]);
	t.deepEqual(
		b.received,
		a.sent.map((_, index) => message(100 + index, index)),
	);
	t.is(a.received.length, 50);
});

test('a datagram has at most 1200 octets, and payloadMax is what is left for the payload', t => {
	const {network, a, session} = join();
	let largest = 0;
	network.onSend = data => {
		largest = Math.max(largest, data.length);
		return true;
	};
	t.is(session.payloadMax + session.overhead, 1200);
	say(a, session, message(5000, 1));
	network.runFor(second);
	t.is(largest, 1200);
});

test('the side that skips never sends a number that it would call forged', t => {
	const {network, a, b, other} = join();
	say(b, other, ...Array.from({length: 1000}, () => message(20, 1)));
	network.runFor(second);
	t.is(a.received.length, 1000);
	t.deepEqual(
		b.sent,
		a.numbers.filter(number => b.sent.includes(number)),
	);
	for (const number of b.sent) t.false(other.wasSkipped(number, number));
	const last = b.sent.at(-1)!;
	t.true(last > 1000, 'numbers were skipped');
	t.true(other.wasSkipped(last + 1, last + 1), 'what was not sent was not received');
	t.true(other.wasSkipped(0, 31));
	let skipped = 0;
	for (let number = 0; number < last; number++) if (other.wasSkipped(number, number)) skipped++;
	t.true(skipped >= 10 && skipped <= 20);
});

test('the side that does not skip sends all numbers in turn', t => {
	const {network, a, session, b} = join();
	say(a, session, ...Array.from({length: 200}, () => message(20, 1)));
	network.runFor(second);
	t.deepEqual(
		b.numbers,
		Array.from({length: 200}, (_, index) => a.sent[0]! + index),
	);
	t.false(session.wasSkipped(0, 100));
});

test('keys change on the way, again and again, over a path that loses and reorders', t => {
	const {network, a, b, session, other} = join({updateAfter: 50}, {updateAfter: 70}, realCrypto);
	network.path = {delay: 10_000, jitter: 3000, loss: 0.1, repeat: 0.1, corrupt: 0};
	const phases = new Set<number>();
	network.onSend = data => {
		phases.add(data[0]!);
		return true;
	};
	for (let count = 0; count < 500; count++) {
		say(a, session, message(100, 1));
		say(b, other, message(100, 2));
		network.runFor(20_000);
	}
	t.deepEqual([...phases].sort(), [0x80, 0x81]);
	t.true(a.received.length > 420 && a.received.length <= 500);
	t.true(b.received.length > 420 && b.received.length <= 500);
});

test('a quiet session is kept alive; a dead path ends it on both sides at the idle limit', t => {
	const {network, initiator, responder, a, b} = join(
		{idleTimeout: 20 * second},
		{idleTimeout: 20 * second},
	);
	network.runFor(300 * second);
	t.is(responder.sessionCount, 1);
	t.is(a.closedWith, undefined);
	network.onSend = () => false;
	network.runFor(30 * second);
	t.is(b.closedWith?.code, closeCode.idle);
	t.is(a.closedWith?.code, closeCode.idle);
	const events = drainEvents(initiator);
	t.is(events[0]?.type === 'failed' && events[0].error.code, 'SESSION_IDLE');
	t.is(events[0]?.type === 'failed' && events[0].error.exit, 30);
});

test('a hole of ten seconds does not end a session', t => {
	const {network, a, b, session} = join();
	network.onSend = () => false;
	network.runFor(10 * second);
	network.onSend = () => true;
	say(a, session, message(10, 1));
	network.runFor(second);
	t.is(b.received.length, 1);
});

const bad: [string, (to: Writer) => void][] = [
	['a close that is cut off', to => to.u8(2)],
	['a path challenge that is cut off', to => to.put(Uint8Array.of(3, 1, 2, 3))],
	['a path response that is cut off, after a ping', to => to.put(Uint8Array.of(1, 4, 1))],
	['a close whose text is longer than the packet', to => to.put(Uint8Array.of(2, 0, 0x3f, 1))],
	['a code that is not in its shortest form', to => to.put(Uint8Array.of(2, 0x40, 1, 0))],
];

for (const [name, write] of bad) {
	test(`${name} closes the session with a code, at both ends`, t => {
		const {network, initiator, responder, a, b, other} = join();
		const to = new Writer(new Uint8Array(100));
		write(to);
		say(b, other, to.written());
		network.runFor(second);
		t.is(a.closedWith?.code, closeCode.malformed);
		t.is(b.closedWith?.code, closeCode.malformed);
		t.is(responder.sessionCount, 0);
		const [event] = drainEvents(initiator);
		t.is(event?.type === 'failed' && event.error.code, 'PEER_FRAME_INVALID');
	});
}

test('a payload that refuses a packet ends the session with its code', t => {
	for (const [code, error] of [
		[closeCode.malformed, 'PEER_FRAME_INVALID'],
		[closeCode.forgedReceipt, 'PEER_MISBEHAVED'],
	] as const) {
		const {network, initiator, a, b, other} = join();
		a.verdict = code;
		say(b, other, message(10, 1));
		network.runFor(second);
		t.is(a.closedWith?.code, code);
		t.is(b.closedWith?.code, code);
		const [event] = drainEvents(initiator);
		t.is(event?.type === 'failed' && event.error.code, error);
	}
});

test('padding before and behind frames is nothing, and the session takes its own first', t => {
	const {network, a, b, session, responder} = join();
	const to = new Writer(new Uint8Array(100));
	to.zero(3);
	encodeFrame('ping', {}, to);
	to.zero(2);
	to.put(message(10, 9));
	say(a, session, to.written());
	network.runFor(second);
	t.deepEqual(b.received, [message(10, 9)]);
	t.is(responder.sessionCount, 1);
});

test('a closed session tells stragglers again, at a bounded rate, and then no more', t => {
	const {network, a, b, session, other} = join();
	other.close(closeCode.limit, 'too much');
	let closes = 0;
	network.onSend = (_, from) => {
		if (from === 'source:1') closes++;
		return from !== 'source:1';
	};
	for (let count = 0; count < 200; count++) {
		say(a, session, message(10, 1));
		network.runFor(10_000);
	}
	t.true(closes >= 15 && closes <= 22, `${closes} in two seconds`);
	t.deepEqual(b.closedWith, {code: closeCode.limit, text: 'too much'});
	network.runFor(2 * second);
	closes = 0;
	say(a, session, message(10, 1));
	network.runFor(second);
	t.is(closes, 0);
});

test('garbage, repeats and changed packets are dropped and counted; the session goes on', t => {
	const {network, responder, a, b, session} = join({}, {}, realCrypto);
	let packet: Uint8Array | undefined;
	network.onSend = data => {
		packet = new Uint8Array(data);
		return false;
	};
	say(a, session, message(200, 1));
	network.runFor(1);
	network.onSend = () => true;
	for (let index = 0; index < packet!.length; index++) {
		const changed = new Uint8Array(packet!);
		changed[index]! ^= 0x10;
		responder.handleDatagram(changed, 'receiver:1', network.now);
	}
	t.deepEqual(b.received, []);
	t.true(responder.dropped.forged > 200);
	for (let count = 0; count < 3; count++) network.send(packet!, 'receiver:1', 'source:1');
	network.runFor(second);
	t.is(b.received.length, 1);
	t.is(responder.dropped.replayed, 2);
	say(a, session, message(200, 2));
	network.runFor(second);
	t.is(b.received.length, 2);
});

test('a peer that moves is asked first, then followed; the payload starts again', t => {
	const {network, a, b, session, other} = join();
	network.move('receiver:1', 'receiver:2');
	const to: string[] = [];
	network.onSend = (_, from, address) => {
		if (from === 'source:1') to.push(address);
		return true;
	};
	say(a, session, message(10, 1));
	network.runFor(15_000);
	say(b, other, message(10, 2));
	network.runFor(1);
	t.deepEqual(to, ['receiver:2', 'receiver:1'], 'a challenge there, content still here');
	t.is(other.peer, 'receiver:1');
	network.runFor(second);
	t.is(other.peer, 'receiver:2');
	t.is(b.pathChanges, 1);
	say(b, other, message(10, 3));
	network.runFor(second);
	t.deepEqual(a.received, [message(10, 3)]);
});

test('a copy of a packet from another address moves nothing, and gets at most three times itself', t => {
	const {network, responder, a, b, session, other} = join();
	let spoofed = 0;
	let answered = 0;
	network.onSend = (data, from, address) => {
		if (from === 'receiver:1' && spoofed < 50) {
			spoofed++;
			// An attacker on the path is faster than the path itself.
			responder.handleDatagram(new Uint8Array(data), `victim:${spoofed % 3}`, network.now);
		}
		if (address.startsWith('victim')) answered += data.length;
		return true;
	};
	for (let count = 0; count < 50; count++) {
		say(a, session, message(30, count));
		say(b, other, message(1000, count));
		network.runFor(20_000);
	}
	t.is(other.peer, 'receiver:1');
	t.is(b.pathChanges, 0);
	t.is(b.received.length, 50);
	t.is(a.received.length, 50);
	t.true(answered > 0 && answered <= 3 * spoofed * 60);
});

test('a challenge that nobody answers is given up', t => {
	const {network, responder, a, b, session, other} = join();
	let challenges = 0;
	let spoof = true;
	network.onSend = (data, from, address) => {
		if (from === 'receiver:1' && spoof) {
			spoof = false;
			responder.handleDatagram(new Uint8Array(data), 'victim:1', network.now);
		}
		if (address === 'victim:1') challenges++;
		return true;
	};
	say(a, session, message(300, 1));
	network.runFor(120 * second);
	t.true(challenges >= 3 && challenges <= 7, `${challenges} challenges`);
	t.is(other.peer, 'receiver:1');
	t.is(b.closedWith, undefined);
});

test('the side that dialled asks as well: a source that moves is followed when it has answered', t => {
	const {network, a, b, session, other} = join();
	network.move('source:1', 'source:2');
	say(b, other, message(10, 1));
	network.runFor(15_000);
	t.is(session.peer, 'source:1');
	network.runFor(10 * second);
	t.is(session.peer, 'source:2');
	t.is(a.pathChanges, 1);
	say(a, session, message(10, 2));
	network.runFor(second);
	t.deepEqual(b.received, [message(10, 2)]);
});

test('the payload is asked when it said, and told the end once', t => {
	const {network, a, session, initiator} = join();
	a.dueAt = later(network.now, 5000);
	session.wake();
	const due = a.dueAt;
	network.run(due, () => a.timeouts > 0);
	t.is(network.now, due);
	a.dueAt = later(network.now, 1e9);
	session.close(closeCode.done, 'enough');
	session.close(closeCode.limit, 'again');
	t.deepEqual(a.closedWith, {code: closeCode.done, text: 'enough'});
	network.runFor(second);
	t.deepEqual(drainEvents(initiator), [], 'who closed it knows');
});

/** One side alone, with keys that open what it seals itself. */
function alone(options: {updateAfter?: number; sealMax?: number}) {
	const crypto = nullCrypto(new Prng(4));
	const secret = new Uint8Array(32).fill(1);
	const ends: SessionEnd[] = [];
	const session = new Session({
		crypto,
		now: micros(0),
		keys: new PacketKeys({
			crypto,
			suite: 'AESGCM',
			sendSecret: secret,
			openSecret: secret,
			...options,
		}),
		path: new PathAllowance('peer:1', true),
		prefix: plainPrefix(1),
		buffer: new PacketBuffer(),
		idleTimeout: 60 * second,
		onEnd: end => ends.push(end),
	});
	const payload = new TestPayload(false);
	session.attach(payload, micros(0));
	return {session, payload, ends};
}

test('a key is not used beyond its limit: the session ends instead', t => {
	const {session, payload, ends} = alone({updateAfter: 10, sealMax: 20});
	for (let count = 0; count < 100; count++) payload.queue.push(message(10, 1));
	let sent = 0;
	while (session.pollTransmit(micros(1)) !== undefined) sent++;
	t.is(sent, 30, '10 under the first key, 20 under the second, which nobody has confirmed');
	t.is(ends[0]?.by, 'limit');
	t.is(payload.closedWith?.code, closeCode.limit);
});

test('a packet is in memory of its own: what was handed out is never written again', t => {
	const {session, payload} = alone({});
	const packets: Uint8Array[] = [];
	const copies: Uint8Array[] = [];
	for (let count = 0; count < 300; count++) {
		payload.queue.push(message(1 + ((count * 37) % 1100), count));
		const {data} = session.pollTransmit(micros(1))!;
		packets.push(data);
		copies.push(new Uint8Array(data));
	}
	t.deepEqual(packets, copies);
});
