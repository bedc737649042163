import test from 'ava';
import {crypto as realCrypto} from '../../../native-free/crypto.ts';
import {
	addressTokenMax,
	encodeHello,
	firstOctet,
	handshakeType,
	macKeyOf,
} from '../../../src/session/handshake.ts';
import {closeCode} from '../../../src/session/payload.ts';
import type {Responder} from '../../../src/session/responder.ts';
import {later, type Micros, micros, never} from '../../../src/unit.ts';
import {nullCrypto} from '../../support/null-crypto.ts';
import {Prng} from '../../support/prng.ts';
import {
	drainEvents,
	message,
	Network,
	TestPayload,
	TestSource,
} from '../../support/session-pair.ts';

const second = 1_000_000;
const start = micros(second);

/** All that a responder would send now. */
function drain(responder: Responder, now: Micros): {data: Uint8Array; to: string}[] {
	const out = [];
	for (let each = responder.pollTransmit(now); each; each = responder.pollTransmit(now)) {
		out.push(each);
	}
	return out;
}

/** A hello that an initiator would send. */
function helloOf(
	source: TestSource,
	options: Parameters<TestSource['initiator']>[1] = {},
): Uint8Array {
	return source.initiator(start, options).pollTransmit(start)!.data;
}

const quiet = (): TestSource => new TestSource(nullCrypto(new Prng(1)));

test('polls, however many, leave nothing behind', t => {
	const source = quiet();
	const responder = source.responder(start);
	for (let count = 0; count < 500; count++) {
		const now = later(start, count * 1000);
		responder.handleDatagram(helloOf(source), `poller:${count}`, now);
		const out = drain(responder, now);
		t.is(out.length, 1);
		t.is(out[0]!.to, `poller:${count}`);
	}
	t.is(responder.sessionCount, 0);
	t.is(responder.counts.answered, 500);
	t.deepEqual(source.payloads, []);
	// What is left is the key of the tickets: it is destroyed, and then nothing is due.
	responder.handleTimeout(responder.pollTimeout());
	t.is(responder.pollTimeout(), never);
});

test('a poll of a source that has nothing new is one datagram each way, under 4 KB in all', t => {
	const source = new TestSource(realCrypto);
	const responder = source.responder(start);
	const hello = helloOf(source, {delegation: source.host.delegation});
	responder.handleDatagram(hello, 'a:1', start);
	const out = drain(responder, start);
	t.is(out.length, 1);
	t.true(hello.length + out[0]!.data.length < 2400);
});

test('a hello that is replayed is answered from memory with other keys, and makes no session', t => {
	const source = new TestSource(realCrypto);
	const responder = source.responder(start);
	const hello = helloOf(source);
	const answers = new Set<string>();
	for (let count = 0; count < 10; count++) {
		responder.handleDatagram(new Uint8Array(hello), 'a:1', start);
		answers.add(Buffer.from(drain(responder, start)[0]!.data.subarray(8, 40)).toString('hex'));
	}
	t.is(answers.size, 10, 'each has an ephemeral key of its own');
	t.is(responder.sessionCount, 0);
});

test('an answer with all its early octets is at most three times the hello', t => {
	const source = quiet();
	source.says = {early: [new Uint8Array(50_000), new Uint8Array(50_000)]};
	for (const identity of [source.identity.public, undefined]) {
		const network = new Network(new Prng(2));
		const bytes: Record<string, number> = {};
		network.onSend = (data, from) => {
			bytes[from] = (bytes[from] ?? 0) + data.length;
			return true;
		};
		network.add('source:1', source.responder(network.now));
		const initiator = source.initiator(network.now, {identity});
		network.add('a:1', initiator);
		network.runFor(second);
		t.true(drainEvents(initiator).length >= 2);
		t.true(bytes['source:1']! <= 3 * bytes['a:1']!);
	}
});

test('above 2,000 hellos a second an address must prove itself; below it need not', t => {
	const source = quiet();
	const responder = source.responder(start);
	const hello = helloOf(source);
	const give = (count: number, now: Micros): void => {
		for (let index = 0; index < count; index++) {
			responder.handleDatagram(new Uint8Array(hello), 'a:1', now);
			drain(responder, now);
		}
	};
	give(2000, start);
	t.is(responder.counts.answered, 2000);
	t.is(responder.dropped.token, 0);
	give(100, start);
	t.is(responder.counts.answered, 2000);
	t.is(responder.dropped.token, 100);
	give(100, later(start, second));
	t.is(responder.counts.answered, 2100, 'a second later it is calm again');
});

test('under load a token lets an honest address in, and no other', t => {
	const source = quiet();
	const network = new Network(new Prng(2));
	const responder = source.responder(network.now);
	const hello = helloOf(source);
	for (let index = 0; index < 2001; index++) {
		responder.handleDatagram(new Uint8Array(hello), 'flood:1', network.now);
		drain(responder, network.now);
	}
	network.add('source:1', responder);
	let token: Uint8Array | undefined;
	network.onSend = (data, from) => {
		if (data[1] === handshakeType.token && from === 'source:1') token = data.slice(7);
		return true;
	};
	const initiator = source.initiator(network.now);
	network.add('a:1', initiator);
	// At once: the rate would let it in again with time.
	network.path = {...network.path, delay: 0};
	network.runFor(1);
	t.is(drainEvents(initiator)[0]?.type, 'answered');
	t.true(token !== undefined && token.length <= addressTokenMax);
	const stolen = encodeHello(
		source.crypto,
		{
			version: 1,
			suite: 'AESGCM',
			pattern: 'NX',
			role: 1,
			connection: 5,
			versions: [1],
			token: token!,
			noise: new Uint8Array(64),
		},
		macKeyOf(source.crypto, source.identity.public),
	);
	const before = responder.dropped.token;
	responder.handleDatagram(stolen, 'thief:1', network.now);
	t.is(responder.dropped.token, before + 1);
});

test('public-key work has a bound, whoever asks', t => {
	const source = quiet();
	const responder = source.responder(start);
	let work = 0;
	const dh = source.crypto.dh;
	Object.assign(source.crypto, {
		dh: (...keys: Parameters<typeof dh>) => {
			work++;
			return dh(...keys);
		},
	});
	const hello = helloOf(source);
	work = 0;
	for (let index = 0; index < 20_000; index++) {
		responder.handleDatagram(new Uint8Array(hello), 'a:1', start);
		drain(responder, start);
	}
	t.true(work > 0 && work <= 2 * 2000);
	// Nor does garbage cost any.
	work = 0;
	const prng = new Prng(3);
	for (let index = 0; index < 5000; index++) {
		const garbage = prng.bytes(1200);
		if (prng.chance(0.5)) garbage.set([1, 1]);
		responder.handleDatagram(garbage, 'a:1', later(start, 2 * second));
	}
	t.is(work, 0);
});

test('a hello for another identity gets a notice, ten a second at most', t => {
	const source = quiet();
	const responder = source.responder(start);
	const hello = helloOf(source, {identity: new Uint8Array(32).fill(9)});
	let notices = 0;
	for (let index = 0; index < 1000; index++) {
		const now = later(start, index * 2000);
		responder.handleDatagram(new Uint8Array(hello), 'a:1', now);
		for (const {data} of drain(responder, now)) {
			t.deepEqual([...data.subarray(0, 6)], [1, 5, ...hello.subarray(5, 9)]);
			notices++;
		}
	}
	t.true(notices >= 20 && notices <= 30);
	t.is(responder.dropped.mac, 1000);
});

test('a hello without identity is told to prove its address before any work', t => {
	const source = quiet();
	const responder = source.responder(start);
	responder.handleDatagram(helloOf(source, {identity: undefined}), 'a:1', start);
	const out = drain(responder, start);
	t.is(out.length, 1);
	t.is(out[0]!.data[1], handshakeType.token);
	t.is(source.asks.length, 0);
});

test('an unknown version is answered with the list, if the datagram is as large as a hello', t => {
	const source = quiet();
	const responder = source.responder(start);
	const hello = helloOf(source, {versions: [9, 1]});
	responder.handleDatagram(hello.subarray(0, 1199), 'a:1', start);
	t.deepEqual(drain(responder, start), []);
	responder.handleDatagram(hello, 'a:1', start);
	const list = [firstOctet.versionList, ...hello.subarray(5, 9), 1, 1];
	t.deepEqual(
		drain(responder, start).map(({data}) => [...data]),
		[list],
	);
	for (let index = 0; index < 1000; index++) {
		responder.handleDatagram(new Uint8Array(hello), 'a:1', start);
	}
	t.is(drain(responder, start).length, 99, 'a hundred a second');
	for (const first of [0x80, 0xc0, 0xe0, 0xff]) {
		const data = new Uint8Array(1200);
		data[0] = first;
		responder.handleDatagram(data, 'a:1', later(start, second));
	}
	t.deepEqual(drain(responder, later(start, second)), []);
});

/** The hello with some octets changed and its mac1 made anew. */
function remade(
	source: TestSource,
	hello: Uint8Array,
	change: (data: Uint8Array) => void,
): Uint8Array {
	const data = new Uint8Array(hello);
	change(data);
	const macKey = macKeyOf(source.crypto, source.identity.public);
	const mac = source.crypto.hmac('SHA256', macKey, data.subarray(0, data.length - 16));
	data.set(mac.subarray(0, 16), data.length - 16);
	return data;
}

test('a hello that is not exactly as the format has it is dropped, though its mac1 is right', t => {
	const source = quiet();
	const responder = source.responder(start);
	const hello = helloOf(source);
	const changes: ((data: Uint8Array) => void)[] = [
		data => data.fill(1, 1000, 1001),
		data => data.fill(1, data.length - 17, data.length - 16),
		data => data.fill(0, 2, 3),
		data => data.fill(3, 2, 3),
		data => data.fill(4, 3, 4),
		data => data.fill(17, 9, 10),
		data => data.fill(0x7f, 11, 13),
	];
	for (const [index, change] of changes.entries()) {
		responder.handleDatagram(remade(source, hello, change), 'a:1', start);
		t.is(responder.dropped.malformed, index + 1, `change ${index}`);
	}
	t.deepEqual(drain(responder, start), []);
	responder.handleDatagram(
		remade(source, hello, () => undefined),
		'a:1',
		start,
	);
	t.is(responder.counts.answered, 1);
});

test('a hello as large as two is not read', t => {
	const source = quiet();
	const responder = source.responder(start);
	const long = new Uint8Array(2400);
	long.set(helloOf(source).subarray(0, 1184));
	responder.handleDatagram(
		remade(source, long, () => undefined),
		'a:1',
		start,
	);
	t.is(responder.dropped.malformed, 1);
});

test('a source that dials is refused: this side takes no trees', t => {
	const source = quiet();
	const responder = source.responder(start);
	const hello = remade(source, helloOf(source), data => data.fill(2, 4, 5));
	responder.handleDatagram(hello, 'a:1', start);
	t.is(responder.counts.refused, 1);
	t.is(source.asks.length, 0);
});

/** A network with an answered initiator, and the ticket packets that it sends. */
function ticketed(
	options: Parameters<TestSource['responder']>[1] = {},
	crypto = nullCrypto(new Prng(1)),
) {
	const network = new Network(new Prng(2));
	const source = new TestSource(crypto);
	const responder = source.responder(network.now, options);
	network.add('source:1', responder);
	const tickets: Uint8Array[] = [];
	network.onSend = data => {
		if (data[0] === firstOctet.ticket) tickets.push(new Uint8Array(data));
		return true;
	};
	const dial = (address: string) => {
		const initiator = source.initiator(network.now);
		network.add(address, initiator);
		network.runFor(100_000);
		drainEvents(initiator);
		const payload = new TestPayload(false);
		initiator.attach(payload, network.now);
		return {initiator, payload};
	};
	return {network, source, responder, tickets, dial};
}

test('a ticket makes one session, whatever is repeated', t => {
	const {network, source, responder, tickets, dial} = ticketed();
	const {payload} = dial('a:1');
	payload.queue.push(message(100, 1), message(100, 2), message(100, 3));
	network.path = {...network.path, repeat: 1, jitter: 5000};
	network.runFor(second);
	t.is(responder.counts.sessions, 1);
	t.is(responder.sessionCount, 1);
	t.true(tickets.length >= 3);
	t.is(source.payloads[0]!.received.length, 3, 'each packet once');
	t.deepEqual([...source.contexts[0]!], [1, 2, 3]);
	for (const ticket of [...tickets]) network.send(ticket, 'a:1', 'source:1');
	network.runFor(second);
	t.is(responder.counts.sessions, 1);
	t.is(source.payloads[0]!.received.length, 3);
	t.true(responder.dropped.replayed >= 3);
});

test('a ticket of a session that is gone makes no other one', t => {
	const {network, responder, tickets, dial} = ticketed();
	const {initiator} = dial('a:1');
	network.runFor(second);
	initiator.close(0, '');
	network.runFor(20 * second);
	t.is(responder.sessionCount, 0);
	for (const ticket of [...tickets]) network.send(ticket, 'a:1', 'source:1');
	network.runFor(second);
	t.is(responder.sessionCount, 0);
	t.is(responder.counts.sessions, 1);
	t.true(responder.dropped.stranger >= 1);
});

test('a ticket with a forged packet is not used up, and makes nothing', t => {
	const {network, source, responder, tickets, dial} = ticketed({}, realCrypto);
	const watched = network.onSend;
	network.onSend = (data, from, to) => {
		watched(data, from, to);
		if (data[0] !== firstOctet.ticket) return true;
		const forged = new Uint8Array(data);
		forged[forged.length - 1]! ^= 1;
		responder.handleDatagram(forged, 'a:1', network.now);
		return true;
	};
	dial('a:1');
	network.runFor(5000);
	t.is(responder.sessionCount, 0);
	t.is(source.payloads.length, 0);
	t.true(responder.dropped.forged > 0);
	network.runFor(second);
	t.is(responder.sessionCount, 1);
	t.true(tickets.length > 0);
});

test('after a restart tickets of before are of no use', t => {
	const {network, source, dial} = ticketed();
	const {payload} = dial('a:1');
	const restarted = source.responder(network.now);
	network.add('source:1', restarted);
	payload.queue.push(message(10, 1));
	network.runFor(second);
	t.is(restarted.sessionCount, 0);
	t.true(restarted.dropped.ticket > 0);
});

test('a ticket that comes back two minutes late is none', t => {
	const {network, responder, tickets, dial} = ticketed();
	network.onSend = data => {
		if (data[0] === firstOctet.ticket) tickets.push(new Uint8Array(data));
		return data[0] !== firstOctet.ticket;
	};
	dial('a:1');
	network.runFor(1000);
	network.runFor(120 * second);
	responder.handleDatagram(tickets[0]!, 'a:1', network.now);
	t.is(responder.sessionCount, 0);
	t.is(responder.dropped.ticket, 1);
});

test('a ticket that is redeemed elsewhere gets three times what came, until it is proved', t => {
	const {network, source, responder, tickets, dial} = ticketed();
	network.onSend = data => {
		if (data[0] === firstOctet.ticket) tickets.push(new Uint8Array(data));
		return data[0] !== firstOctet.ticket;
	};
	dial('a:1');
	for (let count = 0; count < 100; count++) source.queue.push(message(1100, 7));
	network.runFor(1000);
	responder.handleDatagram(tickets[0]!, 'thief:1', network.now);
	const sent = drain(responder, network.now);
	t.is(responder.sessionCount, 1);
	t.true(sent.length > 0 && sent.every(({to}) => to === 'thief:1'));
	t.false(source.sessions[0]!.validated);
	// Its payload would go on at any time. Nor does that keep the pump busy, nor does time help.
	source.payloads[0]!.dueAt = micros(1);
	source.sessions[0]!.wake();
	const end = later(network.now, 50 * second);
	for (let step = 0; network.now < end; step++) {
		if (step > 100) t.fail('no end');
		sent.push(...drain(responder, network.now));
		const at = responder.pollTimeout();
		t.true(at > network.now);
		network.now = at;
		responder.handleTimeout(at);
	}
	const size = sent.reduce((sum, {data}) => sum + data.length, 0);
	t.true(size <= 3 * tickets[0]!.length);
	t.true(source.payloads[0]!.queue.length > 90);
});

test('the address that the ticket was sent to needs no challenge, even after a thief', t => {
	const {network, source, responder, tickets, dial} = ticketed();
	network.onSend = data => {
		if (data[0] === firstOctet.ticket) tickets.push(new Uint8Array(data));
		return true;
	};
	const {payload} = dial('a:1');
	network.run(network.now);
	// The copy arrives before the original.
	responder.handleDatagram(new Uint8Array(tickets[0]!), 'thief:1', network.now);
	t.is(source.sessions[0]!.peer, 'thief:1');
	payload.queue.push(message(50, 1));
	network.runFor(2 * second);
	t.is(source.sessions[0]!.peer, 'a:1');
	t.true(source.sessions[0]!.validated);
	t.is(source.payloads[0]!.pathChanges, 1);
	t.deepEqual(source.payloads[0]!.received, [message(50, 1)]);
});

test('each redemption draws a salt: two sessions of the same keys seal nothing alike', t => {
	const salts = new Set<string>();
	const {network, tickets, dial} = ticketed({}, realCrypto);
	const watched = network.onSend;
	network.onSend = (data, from, to) => {
		if ((data[0]! & 0xfe) === firstOctet.salt) {
			salts.add(Buffer.from(data.subarray(9, 25)).toString('hex'));
		}
		return watched(data, from, to);
	};
	for (let index = 0; index < 5; index++) {
		dial(`a:${index}`);
		network.runFor(second);
	}
	t.true(tickets.length >= 5);
	t.is(salts.size, 5);
});

test('a session that the authority does not have ends with a code, and leaves nothing', t => {
	const {network, source, responder, dial} = ticketed();
	source.opens = false;
	const {initiator, payload} = dial('a:1');
	network.runFor(second);
	t.is(responder.sessionCount, 0);
	t.deepEqual(payload.closedWith, {code: closeCode.unavailable, text: 'no such session'});
	t.is(drainEvents(initiator)[0]?.type, 'closed');
	network.runFor(10 * second);
	t.true(responder.pollTimeout() > later(network.now, 60 * second));
});

test('there is a bound on sessions: one more is told so, and costs nothing', t => {
	const {network, source, responder, dial} = ticketed({sessionsMax: 3});
	for (let index = 0; index < 3; index++) dial(`a:${index}`);
	network.runFor(second);
	t.is(responder.sessionCount, 3);
	const {payload} = dial('a:4');
	network.runFor(second);
	t.is(responder.sessionCount, 3);
	t.is(source.payloads.length, 3);
	t.is(payload.closedWith?.code, closeCode.unavailable);
	t.true(responder.dropped.full > 0);
});

test('closing all tells every peer, and later stragglers too', t => {
	const {network, responder, dial} = ticketed();
	const peers = [0, 1, 2].map(index => dial(`a:${index}`));
	network.runFor(second);
	responder.closeAll();
	t.is(responder.sessionCount, 0);
	// The first word is lost: who goes on sending hears it again.
	network.onSend = (_, from) => from !== 'source:1';
	network.runFor(10_000);
	network.onSend = () => true;
	network.runFor(500_000);
	for (const {initiator, payload} of peers) {
		payload.queue.push(message(10, 1));
		initiator.session!.wake();
	}
	network.runFor(second);
	for (const {payload} of peers) {
		t.deepEqual(payload.closedWith, {code: closeCode.shuttingDown, text: 'shutting down'});
	}
});

test('a session without a word for its idle limit is forgotten', t => {
	const {network, source, responder, dial} = ticketed({idleTimeout: 10 * second});
	dial('a:1');
	network.runFor(second);
	t.is(responder.sessionCount, 1);
	network.onSend = () => false;
	network.runFor(9 * second - 200_000);
	t.is(responder.sessionCount, 1);
	network.runFor(second);
	t.is(responder.sessionCount, 0);
	t.is(source.payloads[0]!.closedWith?.code, closeCode.idle);
});

test('several identities are served by one responder, each under its own keys', t => {
	const crypto = realCrypto;
	const network = new Network(new Prng(2));
	const sources = [new TestSource(crypto), new TestSource(crypto)];
	const hosts = sources.map(source => source.host);
	const authority = {
		answer: (ask: Parameters<TestSource['answer']>[0]) =>
			sources.find(source => source.identity.public === ask.identity)!.answer(ask),
		open: () => undefined,
	};
	network.add('source:1', sources[0]!.responder(network.now, {hosts, authority}));
	for (const [index, source] of sources.entries()) {
		const initiator = source.initiator(network.now);
		network.add(`a:${index}`, initiator);
		network.runFor(second);
		const [event] = drainEvents(initiator);
		t.deepEqual(event?.type === 'answered' && event.identity, source.identity.public);
	}
	const unpinned = sources[1]!.initiator(network.now, {identity: undefined});
	network.add('a:9', unpinned);
	network.runFor(second);
	const [event] = drainEvents(unpinned);
	t.deepEqual(event?.type === 'answered' && event.identity, sources[0]!.identity.public);
});

test('answers that the link does not take are bounded', t => {
	const source = quiet();
	const responder = source.responder(start);
	const hello = helloOf(source);
	for (let index = 0; index < 5000; index++) {
		responder.handleDatagram(new Uint8Array(hello), 'a:1', later(start, index * 1000));
	}
	t.true(drain(responder, start).length <= 1024);
	t.true(responder.dropped.full > 3000);
});
