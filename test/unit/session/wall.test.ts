/** A bug that shows in one session ends that one; whoever else is served goes on. */
import test from 'ava';
import type {Initiator} from '../../../src/session/initiator.ts';
import {closeCode, type Payload} from '../../../src/session/payload.ts';
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

type Told = {peer: string; error: unknown};

function makeTwo(onDefect: ((peer: string, error: unknown) => void) | undefined) {
	const network = new Network(new Prng(5));
	const source = new TestSource(nullCrypto(new Prng(1)));
	const responder = source.responder(network.now, onDefect === undefined ? {} : {onDefect});
	network.add('source:1', responder);
	const open = (address: string): {initiator: Initiator; payload: TestPayload} => {
		const initiator = source.initiator(network.now);
		network.add(address, initiator);
		network.runFor(second, () => drainEvents(initiator).some(({type}) => type === 'answered'));
		const payload = new TestPayload(false);
		initiator.attach(payload, network.now);
		network.runFor(second / 2);
		return {initiator, payload};
	};
	return {network, source, responder, bad: open('bad:1'), good: open('good:1')};
}

const plant = (into: Payload, method: keyof Payload): void => {
	Object.assign(into, {
		[method]: () => {
			throw new TypeError(`planted in ${method}`);
		},
	});
};

for (const method of ['handlePacket', 'pollPacket', 'handleTimeout', 'pollTimeout'] as const) {
	test(`a bug in ${method} ends its session, is told, and nothing else`, t => {
		const told: Told[] = [];
		const {network, source, responder, bad, good} = makeTwo((peer, error) =>
			told.push({peer, error}),
		);
		t.is(responder.sessionCount, 2);
		const [mine, other] = source.payloads as [TestPayload, TestPayload];
		if (method.endsWith('Timeout')) mine.dueAt = network.now;
		plant(mine, method);
		bad.payload.queue.push(message(100, 1));
		good.payload.queue.push(message(100, 2));
		source.sessions[0]!.wake();
		source.sessions[1]!.wake();
		bad.initiator.handleTimeout(network.now);
		network.runFor(5 * second);
		t.is(told.length, 1);
		t.is(told[0]!.peer, 'bad:1');
		t.regex(String(told[0]!.error), /planted/);
		t.like(mine.closedWith, {code: closeCode.unavailable});
		t.is(responder.sessionCount, 1);
		other.queue.push(message(50, 3));
		source.sessions[1]!.wake();
		network.runFor(second);
		t.is(good.payload.received.length, 1, 'the other session goes on');
		const [end] = drainEvents(bad.initiator).filter(({type}) => type === 'closed');
		t.like(end, {code: closeCode.unavailable, text: 'internal error'});
	});
}

test('a session that cannot even be closed is forgotten', t => {
	const told: Told[] = [];
	const {network, source, responder, bad} = makeTwo((peer, error) => told.push({peer, error}));
	const [mine] = source.payloads as [TestPayload];
	plant(mine, 'handlePacket');
	plant(mine, 'closed');
	bad.payload.queue.push(message(100, 1));
	bad.initiator.handleTimeout(network.now);
	network.runFor(second);
	t.is(told.length, 2);
	t.is(responder.sessionCount, 1);
});

test('where nobody is told of bugs, they pass', t => {
	const {network, source, bad} = makeTwo(undefined);
	plant(source.payloads[0]!, 'handlePacket');
	bad.payload.queue.push(message(100, 1));
	bad.initiator.handleTimeout(network.now);
	t.throws(() => network.runFor(second), {message: /planted/});
});

test('a bug met by a hello costs that hello, is told once, and sessions go on', t => {
	const told: unknown[][] = [];
	const {network, source, responder, good} = makeTwo((...each) => told.push(each));
	source.refuse = () => {
		throw new TypeError('planted in answer');
	};
	for (const address of ['late:1', 'late:2']) {
		network.add(address, source.initiator(network.now));
		network.runFor(second);
	}
	t.is(told.length, 1);
	t.deepEqual([told[0]![0], told[0]![2]], ['late:1', 'datagram']);
	t.regex(String(told[0]![1]), /planted/);
	t.true(responder.dropped.defect >= 2);
	t.is(responder.sessionCount, 2);
	source.payloads[1]!.queue.push(message(50, 3));
	source.sessions[1]!.wake();
	network.runFor(second);
	t.is(good.payload.received.length, 1);
});

test('where nobody is told of bugs, that of a hello passes, too', t => {
	const {network, source} = makeTwo(undefined);
	source.refuse = () => {
		throw new TypeError('planted in answer');
	};
	network.add('late:1', source.initiator(network.now));
	t.throws(() => network.runFor(second), {message: /planted/});
});
