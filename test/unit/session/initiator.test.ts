import test from 'ava';
import {crypto as realCrypto} from '../../../native-free/crypto.ts';
import {firstOctet, handshakeType} from '../../../src/session/handshake.ts';
import type {Initiator, InitiatorEvent} from '../../../src/session/initiator.ts';
import {closeCode} from '../../../src/session/payload.ts';
import {signRotation} from '../../../src/session/statement.ts';
import {never} from '../../../src/unit.ts';
import {varintMax, Writer} from '../../../src/wire/codec.ts';
import {encodeFrame} from '../../../src/wire/frame.ts';
import {nullCrypto} from '../../support/null-crypto.ts';
import {Prng} from '../../support/prng.ts';
import {
	type Dial,
	drainEvents,
	message,
	module,
	Network,
	RawResponder,
	TestPayload,
	TestSource,
	wallMs,
} from '../../support/session-pair.ts';

const second = 1_000_000;

type Setup = {
	network: Network;
	source: TestSource;
	responder: ReturnType<TestSource['responder']>;
};

function setup(crypto = nullCrypto(new Prng(1))): Setup {
	const network = new Network(new Prng(2));
	const source = new TestSource(crypto);
	const responder = source.responder(network.now);
	network.add('source:1', responder);
	return {network, source, responder};
}

function dial({network, source}: Setup, options: Dial = {}, address = 'receiver:1'): Initiator {
	const initiator = source.initiator(network.now, options);
	network.add(address, initiator);
	return initiator;
}

/** The one event that has happened. */
function only<T extends InitiatorEvent['type']>(
	initiator: Initiator,
	type: T,
): Extract<InitiatorEvent, {type: T}> {
	const events = drainEvents(initiator);
	if (events.length !== 1 || events[0]!.type !== type) {
		throw new Error(`${type} was to happen, not ${JSON.stringify(events)}`);
	}
	return events[0] as Extract<InitiatorEvent, {type: T}>;
}

function frames(write: (to: Writer) => void): Uint8Array {
	const to = new Writer(new Uint8Array(1000));
	write(to);
	return to.written();
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
	return Uint8Array.from(parts.flatMap(part => [...part]));
}

/** Patterns of the hellos that are sent from now on. */
function watchHellos(network: Network): string[] {
	const patterns: string[] = [];
	network.onSend = data => {
		if (data[0] === 1 && data[1] === handshakeType.hello) {
			patterns.push(['NX', 'NK', 'IK'][data[3]! - 1]!);
		}
		return true;
	};
	return patterns;
}

for (const [name, crypto] of [
	['null', nullCrypto(new Prng(1))],
	['real', realCrypto],
] as const) {
	for (const suite of ['AESGCM', 'ChaChaPoly'] as const) {
		test(`a poll, then a session, with ${name} crypto and ${suite}`, t => {
			const world = setup(crypto);
			const {network, source, responder} = world;
			const initiator = dial(world, {suite});
			network.runFor(second);
			const event = only(initiator, 'answered');
			t.is(event.roundTrip, 20_000);
			t.is(event.head.sequence, 7);
			t.deepEqual(event.identity, source.identity.public);
			t.is(responder.sessionCount, 0);
			const payload = new TestPayload(false);
			payload.queue.push(message(900, 1));
			initiator.attach(payload, network.now);
			network.runFor(100_000);
			t.is(responder.sessionCount, 1);
			const other = source.payloads[0]!;
			t.deepEqual(other.received, [message(900, 1)]);
			other.queue.push(message(1000, 2));
			payload.queue.push(message(500, 3));
			initiator.session!.wake();
			network.runFor(100_000);
			t.deepEqual(payload.received, [message(1000, 2)]);
			initiator.close(0, 'bye');
			network.runFor(100_000);
			t.is(responder.sessionCount, 0);
			t.deepEqual(other.closedWith, {code: 0, text: 'bye'});
			t.deepEqual(payload.closedWith, {code: 0, text: 'bye'});
			t.true(Object.values(responder.dropped).every(count => count === 0));
		});
	}
}

test('the first content comes a round trip after the answer', t => {
	const world = setup();
	const {network, source} = world;
	const initiator = dial(world);
	const payload = new TestPayload(false);
	payload.queue.push(message(100, 1));
	const start = network.now;
	network.runFor(second, () => drainEvents(initiator).length > 0);
	initiator.attach(payload, network.now);
	source.queue.push(message(100, 2));
	network.runFor(second, () => payload.received.length > 0);
	t.is(network.now - start, 40_000);
});

test('with a kept delegation the handshake is NK, with a key IK, as this side is known', t => {
	const world = setup();
	const {network, source} = world;
	const patterns = watchHellos(network);
	const first = dial(world, {}, 'receiver:1');
	network.runFor(second);
	const {delegation} = only(first, 'answered');
	t.deepEqual(delegation, source.host.delegation);
	const key = source.crypto.dhGenerate();
	const other = dial(world, {delegation}, 'receiver:2');
	network.runFor(second);
	only(other, 'answered');
	const third = dial(world, {delegation, key: key.secret}, 'receiver:3');
	network.runFor(second);
	only(third, 'answered');
	t.deepEqual(patterns, ['NX', 'NK', 'IK']);
	t.deepEqual(
		source.asks.map(ask => ask.clientKey),
		[undefined, undefined, key.public],
	);
});

test('real NK and IK hide the module and this side', t => {
	const world = setup(realCrypto);
	const {network, source} = world;
	const seen: Buffer[] = [];
	network.onSend = data => {
		seen.push(Buffer.from(data));
		return true;
	};
	const key = realCrypto.dhGenerate();
	const {delegation} = source.host;
	const initiator = dial(world, {delegation, key: key.secret});
	network.runFor(second);
	only(initiator, 'answered');
	t.true(seen.length >= 2);
	for (const secret of [module, key.public, source.identity.public]) {
		t.false(seen.some(data => data.includes(Buffer.from(secret))));
	}
});

test('a kept delegation that has expired, or is for another identity or module, is not used', t => {
	for (const options of [{notAfterMs: wallMs}, {modules: [Uint8Array.of(1)]}]) {
		const world = setup();
		const old = new TestSource(world.source.crypto, options);
		const patterns = watchHellos(world.network);
		dial(world, {delegation: old.host.delegation, identity: old.identity.public});
		world.network.runFor(100);
		t.deepEqual(patterns, ['NX']);
	}
	const world = setup();
	const patterns = watchHellos(world.network);
	const stranger = new TestSource(world.source.crypto);
	const initiator = dial(world, {delegation: stranger.host.delegation});
	world.network.runFor(second);
	t.deepEqual(patterns, ['NX']);
	only(initiator, 'answered');
});

test('a host that has changed its key says so, and NX finds the new one', t => {
	const world = setup(realCrypto);
	const {network, source} = world;
	const {delegation} = source.host;
	source.changeHostKey();
	network.add('source:1', source.responder(network.now));
	const patterns = watchHellos(network);
	const start = network.now;
	const initiator = dial(world, {delegation});
	network.runFor(second, () => patterns.length === 2);
	network.runFor(100_000);
	t.deepEqual(only(initiator, 'answered').delegation, source.host.delegation);
	t.deepEqual(patterns, ['NK', 'NX']);
	t.true(network.now - start < 200_000);
});

test('a host that has changed its key and is silent about it is found by NX too', t => {
	const world = setup(realCrypto);
	const {network, source} = world;
	const {delegation} = source.host;
	source.changeHostKey();
	network.add('source:1', source.responder(network.now));
	const patterns = watchHellos(network);
	const watched = network.onSend;
	network.onSend = (data, from, to) =>
		watched(data, from, to) && !(data[0] === 1 && data[1] === handshakeType.notice);
	const initiator = dial(world, {delegation});
	network.runFor(20 * second);
	only(initiator, 'answered');
	t.deepEqual(patterns, ['NK', 'NK', 'NK', 'NX']);
});

test('access that wants a key is asked for again with it, hidden', t => {
	const world = setup();
	const {network, source} = world;
	const patterns = watchHellos(network);
	const key = source.crypto.dhGenerate();
	source.refuse = ask =>
		ask.clientKey === undefined ? {code: 2, retryMs: 0, text: 'who are you'} : undefined;
	const initiator = dial(world, {key: key.secret});
	network.runFor(second);
	t.deepEqual(only(initiator, 'answered').delegation, source.host.delegation);
	t.deepEqual(patterns, ['NX', 'IK']);
	const without = dial(world, {}, 'receiver:2');
	network.runFor(second);
	t.deepEqual(only(without, 'refused'), {
		type: 'refused',
		code: 2,
		retryMs: 0,
		text: 'who are you',
	});
});

test('a refusal is told as it was said', t => {
	const world = setup();
	world.source.refuse = () => ({code: 3, retryMs: 5000, text: 'later'});
	const initiator = dial(world);
	world.network.runFor(second);
	const event = only(initiator, 'refused');
	t.is(event.retryMs, 5000);
	t.is(event.text, 'later');
	t.is(initiator.pollTransmit(world.network.now), undefined);
});

test('without a pin the identity is told, and the address is proved first', t => {
	const world = setup();
	const {network, source} = world;
	const patterns = watchHellos(network);
	const initiator = dial(world, {identity: undefined});
	network.runFor(second);
	const event = only(initiator, 'answered');
	t.deepEqual(event.identity, source.identity.public);
	t.is(event.roundTrip, 20_000, 'measured from the hello with the token');
	t.deepEqual(patterns, ['NX', 'NX']);
	t.is(world.responder.dropped.token, 1);
	t.is(world.responder.sessionCount, 0);
});

test('a wrong pin is an authentication failure, found soon, with nothing asked of the source', t => {
	const world = setup();
	const other = new TestSource(world.source.crypto);
	const initiator = dial(world, {identity: other.identity.public});
	world.network.runFor(60 * second);
	const {error} = only(initiator, 'failed');
	t.is(error.code, 'PEER_AUTH_FAILED');
	t.is(world.source.asks.length, 0);
	t.true(world.responder.dropped.mac >= 3 && world.responder.dropped.mac <= 10);
});

test('a wrong pin fails within four seconds', t => {
	const world = setup();
	const {network} = world;
	const initiator = dial(world, {identity: new Uint8Array(32).fill(1)});
	network.runFor(4 * second);
	t.is(only(initiator, 'failed').error.code, 'PEER_AUTH_FAILED');
});

test('a notice alone ends nothing: the true answer still wins', t => {
	const world = setup();
	const {network} = world;
	let lied = 0;
	network.onSend = (data, from) => {
		if (!from.startsWith('receiver') || data[1] !== handshakeType.hello || lied > 0) return true;
		lied++;
		const notice = new Uint8Array(7);
		notice.set([1, handshakeType.notice]);
		notice.set(data.subarray(5, 9), 2);
		notice[6] = 1;
		for (let count = 0; count < 20; count++) network.send(notice, 'source:1', 'receiver:1');
		return true;
	};
	const initiator = dial(world);
	network.runFor(10 * second);
	t.is(lied, 1);
	only(initiator, 'answered');
});

test('two lies do not shorten the time that an answer has', t => {
	for (const lies of [2, 3]) {
		const world = setup();
		const {network} = world;
		const initiator = dial(world);
		const hello = initiator.pollTransmit(network.now)!.data;
		const notice = new Uint8Array(7);
		notice.set([1, handshakeType.notice, ...hello.subarray(5, 9), 1]);
		for (let count = 0; count < lies; count++) network.send(notice, 'source:1', 'receiver:1');
		network.onSend = () => false;
		network.runFor(6 * second);
		network.onSend = () => true;
		network.runFor(10 * second);
		if (lies === 2) only(initiator, 'answered');
		else t.is(only(initiator, 'failed').error.code, 'PEER_AUTH_FAILED');
	}
});

test('silence ends in PATH_SILENT at the contact time, not before; hellos back off', t => {
	const network = new Network(new Prng(3));
	const source = new TestSource(nullCrypto(new Prng(4)));
	const sentAt: number[] = [];
	network.onSend = () => {
		sentAt.push(network.now);
		return false;
	};
	const initiator = source.initiator(network.now, {contactTimeout: 20 * second});
	network.add('receiver:1', initiator);
	network.runFor(20 * second - 1);
	t.deepEqual(drainEvents(initiator), []);
	network.runFor(1);
	const {error} = only(initiator, 'failed');
	t.is(error.code, 'PATH_SILENT');
	t.is(error.exit, 35);
	const pauses = sentAt.slice(1).map((at, index) => at - sentAt[index]!);
	t.true(pauses.length >= 8 && pauses.length <= 13);
	for (const [index, pause] of pauses.entries()) {
		const middle = Math.min(0.3 * second * 1.5 ** index, 3 * second);
		t.true(pause >= 0.75 * middle && pause <= 1.25 * middle + 1);
	}
	t.true(new Set(pauses.map(pause => pause % 1000)).size > 1, 'with jitter');
	t.is(initiator.pollTransmit(network.now), undefined);
});

test('a responder of another identity cannot answer for the pinned one, even unfiltered', t => {
	const world = setup();
	const impostor = new TestSource(world.source.crypto);
	// It accepts the mac1 of the pinned identity, but has no delegation of it.
	const host = {...impostor.host, identity: world.source.identity.public};
	world.network.add('source:1', impostor.responder(world.network.now, {hosts: [host]}));
	const initiator = dial(world);
	world.network.runFor(60 * second);
	const {error} = only(initiator, 'failed');
	t.is(error.code, 'PEER_AUTH_FAILED');
	t.regex(error.message, /another identity/);
	t.true(initiator.dropped.unreadable >= 3);
});

test('a true delegation in the hands of another host proves nothing', t => {
	const world = setup(realCrypto);
	const {source} = world;
	// It shows what it has seen of the true host, but not the key that is delegated.
	const host = {...source.host, hostKey: realCrypto.dhGenerate()};
	world.network.add('source:1', source.responder(world.network.now, {hosts: [host]}));
	const initiator = dial(world);
	world.network.runFor(60 * second);
	const {error} = only(initiator, 'failed');
	t.is(error.code, 'PEER_AUTH_FAILED');
	t.regex(error.message, /another host/);
});

const badProofs: [string, ConstructorParameters<typeof TestSource>[1], RegExp][] = [
	['expired', {notAfterMs: wallMs}, /expired/],
	['for other modules', {modules: [Uint8Array.of(1)]}, /module/],
];

for (const [name, options, why] of badProofs) {
	test(`a delegation that is ${name} is not accepted`, t => {
		const network = new Network(new Prng(2));
		const source = new TestSource(nullCrypto(new Prng(1)), options);
		network.add('source:1', source.responder(network.now));
		const initiator = source.initiator(network.now);
		network.add('receiver:1', initiator);
		network.runFor(60 * second);
		const {error} = only(initiator, 'failed');
		t.is(error.code, 'PEER_AUTH_FAILED');
		t.regex(error.message, why);
	});
}

test('a statement of another identity, module or none is an authentication failure', t => {
	const other = new TestSource(nullCrypto(new Prng(9)));
	for (const statement of [
		other.statement(),
		new Uint8Array(100),
		setup().source.statement({module: Uint8Array.of(1)}),
	]) {
		const world = setup();
		world.source.says = {statement};
		const initiator = dial(world);
		world.network.runFor(second);
		t.is(only(initiator, 'failed').error.code, 'PEER_AUTH_FAILED');
	}
	const world = setup();
	world.source.says = {statement: world.source.statement({module: Uint8Array.of(1)})};
	const initiator = dial(world);
	world.network.runFor(second);
	t.regex(only(initiator, 'failed').error.message, /another module/);
});

test('a chain of rotations leads from the pinned identity to the one of today', t => {
	const crypto = realCrypto;
	const network = new Network(new Prng(2));
	const source = new TestSource(crypto);
	const [first, middle] = [crypto.signGenerate(), crypto.signGenerate()];
	const to = source.identity.public;
	const rotations = [
		signRotation(crypto, first, middle, 1),
		signRotation(crypto, middle, source.identity, 2),
	];
	const responder = source.responder(network.now, {hosts: [{...source.host, rotations}]});
	network.add('source:1', responder);
	for (const pinned of [first, middle, source.identity]) {
		const initiator = source.initiator(network.now, {identity: pinned.public});
		network.add('receiver:1', initiator);
		network.runFor(second);
		const event = only(initiator, 'answered');
		t.deepEqual(event.identity, to);
		t.deepEqual(event.rotations, rotations);
	}
	const forged = signRotation(crypto, first, source.identity, 3);
	forged[130]! ^= 1;
	const hosts = [{...source.host, rotations: [rotations[0]!, forged]}];
	network.add('source:1', source.responder(network.now, {hosts}));
	const initiator = source.initiator(network.now, {identity: first.public});
	network.add('receiver:1', initiator);
	network.runFor(10 * second);
	t.is(only(initiator, 'failed').error.code, 'PEER_AUTH_FAILED');
});

test('a version that both know is spoken after a list', t => {
	const world = setup();
	const initiator = dial(world, {versions: [7, 1]});
	world.network.runFor(second);
	only(initiator, 'answered');
	t.is(world.responder.dropped.unknown, 1);
});

test('without a common version both lists are told', t => {
	const world = setup();
	const initiator = dial(world, {versions: [7, 9]});
	world.network.runFor(4 * second);
	const {error} = only(initiator, 'failed');
	t.is(error.code, 'PEER_VERSION_UNKNOWN');
	t.regex(error.message, /7,9.*1/);
});

test('a list that has the version asked for is a lie, and is ignored', t => {
	const world = setup();
	const {network} = world;
	network.onSend = (data, from) => {
		if (from.startsWith('receiver') && data[1] === handshakeType.hello) {
			const list = Uint8Array.from([firstOctet.versionList, ...data.subarray(5, 9), 1, 1]);
			for (let count = 0; count < 5; count++) network.send(list, 'source:1', 'receiver:1');
		}
		return true;
	};
	const initiator = dial(world, {versions: [1]});
	network.runFor(10 * second);
	only(initiator, 'answered');
	t.is(initiator.dropped.stranger, 5);
});

test('early octets come with the answer and behind it; an overtaken answer loses none', t => {
	for (const overtake of [false, true]) {
		const world = setup();
		const {network, source} = world;
		const list = new Prng(5).bytes(5000);
		source.says = {early: [list]};
		let back = 0;
		network.onSend = (data, from) => {
			if (from !== 'source:1') return true;
			back += data.length;
			// The answer is the first: as it is held up, `more` comes before it.
			network.path = {...network.path, delay: overtake && data[1] === 2 ? 30_000 : 10_000};
			return true;
		};
		const initiator = dial(world, {sequence: 3});
		network.runFor(second);
		const blocks = drainEvents(initiator).flatMap(event => ('early' in event ? event.early : []));
		const got = new Uint8Array(list.length);
		let count = 0;
		for (const {object, offset, data} of blocks) {
			t.is(object, 0);
			got.set(data, offset);
			count += data.length;
		}
		t.true(back <= 3 * 1200 && back > 3 * 1200 - 100);
		t.true(count > 2400, 'three datagrams of them');
		t.deepEqual(got.subarray(0, count), list.subarray(0, count));
	}
});

test('packets are read in the call, and of what answers a hello something is kept', t => {
	const world = setup(realCrypto);
	const {network} = world;
	const firsts = new Set<number>();
	const initiator = dial(world);
	network.onSend = (data, from) => {
		if (from !== 'source:1') return true;
		firsts.add(data[0]! & 0xfe);
		t.is(initiator.isThrough(data), (data[0]! & 0xfe) === firstOctet.plain);
		return true;
	};
	network.runFor(second);
	only(initiator, 'answered');
	t.true(firsts.size > 0 && !firsts.has(firstOctet.plain));
	t.true(initiator.isThrough(Uint8Array.of(firstOctet.plain | 1)));
});

test('`more` that is changed, repeated or of another hello adds nothing', t => {
	const world = setup(realCrypto);
	const {network, source} = world;
	source.says = {early: [new Uint8Array(5000)]};
	const more: Uint8Array[] = [];
	network.onSend = (data, from) => {
		if (from !== 'source:1' || data[1] !== handshakeType.more) return true;
		more.push(new Uint8Array(data));
		return false;
	};
	const initiator = dial(world);
	network.runFor(second);
	only(initiator, 'answered');
	t.is(more.length, 2);
	const give = (data: Uint8Array, from = 'source:1'): void =>
		initiator.handleDatagram(new Uint8Array(data), from, network.now);
	for (let index = 0; index < more[0]!.length; index += 7) {
		const changed = new Uint8Array(more[0]!);
		changed[index]! ^= 1;
		give(changed);
	}
	give(more[0]!, 'forger:1');
	t.deepEqual(drainEvents(initiator), []);
	for (const data of [more[1]!, more[0]!, more[0]!, more[1]!]) give(data);
	t.is(drainEvents(initiator).length, 2);
	t.is(initiator.dropped.replayed, 2);
});

const statement = setup().source.statement();
const head = frames(to => encodeFrame('head', {statement, diffs: []}, to));
const ticket = (size: number): Uint8Array =>
	frames(to => encodeFrame('ticket', {sealed: new Uint8Array(size)}, to));
const block = (want: number): Uint8Array =>
	frames(to => encodeFrame('block', {want, object: 0, offset: 0, data: Uint8Array.of(1)}, to));
const refusal = frames(to => encodeFrame('refusal', {code: 1, retryMs: 0, text: module}, to));

const malformed: [string, Uint8Array][] = [
	['empty', new Uint8Array(0)],
	['noise', new Prng(8).bytes(300)],
	['a head alone', head],
	['a ticket alone', ticket(100)],
	['a ticket before the head', join(ticket(100), head)],
	['a ticket larger than any', join(head, ticket(300))],
	['a block of an ordinary want', join(head, ticket(100), block(0))],
	['a block of a tenth object', join(head, ticket(100), block(varintMax - 9))],
	['a frame of a session', join(head, ticket(100), Uint8Array.of(1))],
	['more after a refusal', join(refusal, head)],
	['an unknown frame', join(head, ticket(100), Uint8Array.of(0x3f))],
];

for (const [name, payload] of malformed) {
	test(`an answer that is ${name} is a failure at once if the host is proved`, t => {
		const network = new Network(new Prng(2));
		const source = new TestSource(nullCrypto(new Prng(1)));
		network.add('source:1', new RawResponder(source, payload));
		const {delegation} = source.host;
		const initiator = source.initiator(network.now, {delegation});
		network.add('receiver:1', initiator);
		network.runFor(second);
		t.is(only(initiator, 'failed').error.code, 'PEER_FRAME_INVALID');
	});

	test(`an answer that is ${name} is dropped if nothing is proved`, t => {
		const network = new Network(new Prng(2));
		const source = new TestSource(nullCrypto(new Prng(1)));
		network.add('source:1', new RawResponder(source, payload));
		const initiator = source.initiator(network.now);
		network.add('receiver:1', initiator);
		network.runFor(second);
		t.deepEqual(drainEvents(initiator), []);
		network.add('source:1', source.responder(network.now));
		network.runFor(4 * second);
		only(initiator, 'answered');
	});
}

test('the hello that waits is the last word of an initiator that is closed', t => {
	const world = setup();
	const initiator = dial(world);
	initiator.close(0, '');
	t.is(initiator.pollTransmit(world.network.now), undefined);
	t.is(initiator.pollTimeout(), never);
});

test('a payload that comes too late for the ticket is told at once, one in time is not', t => {
	for (const late of [false, true]) {
		const world = setup();
		const {network} = world;
		const initiator = dial(world);
		network.runFor(20_000);
		only(initiator, 'answered');
		network.runFor((late ? 58.1 : 57.9) * second);
		const payload = new TestPayload(false);
		initiator.attach(payload, network.now);
		network.runFor(second);
		t.is(world.responder.sessionCount, late ? 0 : 1);
		if (!late) continue;
		t.is(only(initiator, 'failed').error.code, 'SESSION_CLOSED');
		t.is(payload.closedWith?.code, closeCode.unavailable);
	}
});

test('a ticket that nobody answers is PATH_SILENT', t => {
	const world = setup();
	const {network} = world;
	const initiator = dial(world, {contactTimeout: 5 * second});
	network.runFor(second);
	only(initiator, 'answered');
	network.onSend = () => false;
	const payload = new TestPayload(false);
	initiator.attach(payload, network.now);
	network.runFor(4_999_999);
	t.deepEqual(drainEvents(initiator), []);
	network.runFor(1);
	t.is(only(initiator, 'failed').error.code, 'PATH_SILENT');
	t.not(payload.closedWith, undefined);
});
