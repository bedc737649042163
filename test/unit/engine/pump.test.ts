import test from 'ava';
import {Pump} from '../../../src/engine/pump.ts';
import type {
	Datagram,
	DatagramLink,
	LinkHandler,
	Transmit,
} from '../../../src/platform/datagram.ts';
import type {Endpoint} from '../../../src/session/endpoint.ts';
import {type Micros, micros, never} from '../../../src/unit.ts';

/** A clock that stands still until it is moved. */
class HandClock {
	time = micros(0);
	readonly #timers = new Set<{at: Micros; then: () => void}>();

	now = () => this.time;
	wallMs = () => 0;

	at(at: Micros, then: () => void): () => void {
		const timer = {at, then};
		this.#timers.add(timer);
		return () => this.#timers.delete(timer);
	}

	get armed(): number[] {
		return [...this.#timers].map(({at}) => at);
	}

	moveTo(time: number): void {
		this.time = micros(time);
		for (const timer of [...this.#timers]) {
			if (timer.at > time) continue;
			this.#timers.delete(timer);
			timer.then();
		}
	}
}

/** Sends what it is told to, and remembers what it was handed. */
class ScriptedEndpoint implements Endpoint {
	outgoing: Transmit[] = [];
	received: Datagram[] = [];
	timeouts: Micros[] = [];
	due: Micros = never;
	isThrough?: (data: Uint8Array) => boolean;

	handleDatagram(data: Uint8Array, from: string): void {
		this.received.push({data, from});
	}

	handleTimeout(now: Micros): void {
		this.timeouts.push(now);
		this.due = never;
	}

	pollTransmit = () => this.outgoing.shift();
	pollTimeout = () => this.due;
}

class ScriptedLink implements DatagramLink {
	readonly local = 'here';
	readonly payloadMax = 1200;
	readonly sizes = {max: 1200};
	readonly statistics = {datagramsIn: 0, datagramsOut: 0, bytesIn: 0, bytesOut: 0, sendFailures: 0};
	sent: Transmit[] = [];
	released: Uint8Array[] = [];
	room = Number.POSITIVE_INFINITY;
	handler!: LinkHandler;
	#drained: (() => void) | undefined;

	send(batch: readonly Transmit[]): number {
		const taken = batch.slice(0, this.room);
		this.sent.push(...taken);
		this.room -= taken.length;
		return taken.length;
	}

	drained(then: () => void): void {
		if (this.#drained !== undefined) throw new Error('one waits for the link already');
		this.#drained = then;
	}

	drain(room: number): void {
		this.room = room;
		const then = this.#drained;
		this.#drained = undefined;
		then?.();
	}

	receive(handler: LinkHandler): void {
		this.handler = handler;
	}

	release(data: Uint8Array): void {
		this.released.push(data);
	}

	async close(): Promise<void> {}
}

function make(turned?: () => boolean) {
	const clock = new HandClock();
	const link = new ScriptedLink();
	const endpoint = new ScriptedEndpoint();
	const failures: Error[] = [];
	const pump = new Pump({
		link,
		endpoint,
		clock,
		failed: error => failures.push(error),
		...(turned && {turned}),
	});
	return {clock, link, endpoint, pump, failures};
}

const transmits = (count: number): Transmit[] =>
	Array.from({length: count}, (_, index) => ({data: Uint8Array.of(index), to: 'there'}));
const settle = () => new Promise<void>(resolve => queueMicrotask(resolve));

test('what arrives is handed in, and what that gave to send leaves in the same turn', t => {
	const {link, endpoint} = make();
	endpoint.outgoing = transmits(3);
	link.handler.datagrams([{data: Uint8Array.of(1), from: 'there'}]);
	t.is(endpoint.received.length, 1);
	t.is(link.sent.length, 3);
});

test('wakes between two turns make one turn', async t => {
	let turns = 0;
	const {pump} = make(() => {
		turns++;
		return false;
	});
	pump.wake();
	pump.wake();
	t.is(turns, 0, 'not within the call');
	await settle();
	t.is(turns, 1);
});

test('what a link does not take is offered again, in order, when it has drained', t => {
	const {link, endpoint} = make();
	endpoint.outgoing = transmits(5);
	link.room = 2;
	link.handler.datagrams([]);
	t.is(link.sent.length, 2);
	link.drain(10);
	t.deepEqual(
		link.sent.map(({data}) => data[0]),
		[0, 1, 2, 3, 4],
	);
});

test('turns while a link is full wait for it, and it is asked to tell once', async t => {
	const {clock, link, endpoint, pump} = make();
	endpoint.outgoing = transmits(5);
	link.room = 2;
	link.handler.datagrams([]);
	endpoint.due = micros(10);
	pump.wake();
	await settle();
	t.notThrows(() => link.handler.datagrams([{data: Uint8Array.of(1), from: 'there'}]));
	clock.moveTo(10);
	t.is(endpoint.received.length, 1, 'what arrives is taken in all the same');
	t.deepEqual(endpoint.timeouts, [10]);
	link.drain(10);
	t.deepEqual(
		link.sent.map(({data}) => data[0]),
		[0, 1, 2, 3, 4],
	);
});

test('the timer is always set to what the endpoint asked for last', async t => {
	const {clock, endpoint, pump} = make();
	endpoint.due = micros(500);
	pump.wake();
	await settle();
	t.deepEqual(clock.armed, [500]);
	endpoint.due = micros(300);
	pump.wake();
	await settle();
	t.deepEqual(clock.armed, [300]);
	clock.moveTo(299);
	t.deepEqual(endpoint.timeouts, []);
	clock.moveTo(300);
	t.deepEqual(endpoint.timeouts, [micros(300)]);
	t.deepEqual(clock.armed, []);
});

test('a link that is full is offered no more than it takes: the rest stays with the endpoint', t => {
	const {clock, link, endpoint} = make();
	endpoint.outgoing = transmits(400);
	link.room = 6;
	link.handler.datagrams([]);
	t.is(endpoint.outgoing.length, 400 - 128, 'nothing is known of it yet');
	for (let round = 1; round <= 40; round++) {
		link.drain(6);
		clock.moveTo(round);
	}
	const {length} = link.sent;
	t.is(length, 41 * 6);
	t.true(endpoint.outgoing.length >= 400 - length - 12, `${endpoint.outgoing.length}`);
	t.true(link.sent.every(({data}, index) => data[0] === (index & 255)));
});

test('a long burst lets arrivals have a turn before it goes on', t => {
	const {clock, link, endpoint} = make();
	endpoint.outgoing = transmits(200);
	link.handler.datagrams([]);
	t.true(link.sent.length < 200);
	t.deepEqual(clock.armed, [0], 'the rest is due at once');
	clock.moveTo(0);
	t.is(link.sent.length, 200);
});

test('what a turn hands over at once is sent at once', t => {
	let given = 3;
	const {link, endpoint} = make(() => {
		if (given === 0) return false;
		given--;
		endpoint.outgoing.push(...transmits(1));
		return true;
	});
	link.handler.datagrams([]);
	t.is(link.sent.length, 3);
});

test('after close nothing moves any more, but what was due has left', async t => {
	const {clock, link, endpoint, pump} = make();
	endpoint.due = micros(100);
	pump.wake();
	await settle();
	endpoint.outgoing = transmits(1);
	pump.close();
	t.is(link.sent.length, 1);
	endpoint.outgoing = transmits(1);
	clock.moveTo(1000);
	link.handler.datagrams([{data: Uint8Array.of(1), from: 'there'}]);
	pump.wake();
	await settle();
	t.is(link.sent.length, 1);
	t.is(endpoint.received.length, 0);
});

test('a datagram is released once the endpoint is through with it, and not before', t => {
	const {link, endpoint} = make();
	const [kept, read] = [Uint8Array.of(1), Uint8Array.of(2)];
	const arrive = () => {
		link.handler.datagrams([kept, read].map(data => ({data, from: 'there'})));
	};
	arrive();
	t.deepEqual(link.released, []);
	endpoint.isThrough = data => {
		t.is(endpoint.received.at(-1)?.data, data, 'it was handled before');
		return data === read;
	};
	arrive();
	t.is(link.released.length, 1);
	t.is(link.released[0], read);
});
