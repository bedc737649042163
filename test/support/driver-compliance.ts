/**
 * What src/platform/datagram.ts promises, as one list of tests for every driver: each driver's
 * test file is a call of this. A driver that impairs what it carries must be opened without.
 */
import test, {type ExecutionContext} from 'ava';
import type {
	Address,
	Datagram,
	DatagramLink,
	LinkHandler,
	Transmit,
} from '../../src/platform/datagram.ts';

export type DriverPair = {
	readonly a: DatagramLink;
	readonly b: DatagramLink;
	/** Where each is for the other, if that is not what it calls itself. */
	readonly aAddress?: Address;
	readonly bAddress?: Address;
	/**
	 * Lets the driver carry what was sent, until `isDone` or for as long as anything may take:
	 * real time for a real network, virtual time for a simulated one.
	 */
	carry(isDone: () => boolean): Promise<void>;
	/** Lets go of what the two links do not. */
	readonly close?: () => Promise<void>;
};

const addressOfA = ({a, aAddress}: DriverPair): Address => aAddress ?? a.local;
const addressOfB = ({b, bAddress}: DriverPair): Address => bAddress ?? b.local;

/** Two links that can reach each other and are not connected. */
export function driverCompliance(name: string, open: () => Promise<DriverPair>): void {
	const check = (title: string, body: (t: ExecutionContext, pair: DriverPair) => Promise<void>) => {
		test.serial(`${name}: ${title}`, async t => {
			const pair = await open();
			t.teardown(async () => {
				await pair.a.close();
				await pair.b.close();
				await pair.close?.();
			});
			await body(t, pair);
		});
	};
	deliveryTests(check);
	sendingTests(check);
	lifeTests(check);
}

type Check = (
	title: string,
	body: (t: ExecutionContext, pair: DriverPair) => Promise<void>,
) => void;

function deliveryTests(check: Check): void {
	check('a datagram arrives whole, unchanged, from where it was sent', async (t, pair) => {
		const {a, b} = pair;
		const inbox = new Inbox(b);
		const data = pattern(1200, 1);
		t.is(a.send([{data, to: addressOfB(pair)}]), 1);
		await pair.carry(() => inbox.arrived.length === 1);
		t.deepEqual(inbox.arrived, [{data: Buffer.from(data), from: addressOfA(pair)}]);
		t.deepEqual(data, pattern(1200, 1), 'what was sent is as it was');
	});

	check('what is taken out of a datagram by slice() is a copy', async (t, pair) => {
		const {a, b} = pair;
		const inbox = new Inbox(b, data => {
			const kept = data.slice(0, 4);
			data.fill(0);
			return kept;
		});
		a.send([{data: pattern(1200, 4), to: addressOfB(pair)}]);
		await pair.carry(() => inbox.arrived.length === 1);
		t.deepEqual(inbox.arrived[0]!.data, Buffer.from(pattern(1200, 4).subarray(0, 4)));
	});

	check('it can be answered at the address it came from', async (t, pair) => {
		const {a, b} = pair;
		const [atA, atB] = [new Inbox(a), new Inbox(b)];
		a.send([{data: pattern(10, 2), to: addressOfB(pair)}]);
		await pair.carry(() => atB.arrived.length === 1);
		b.send([{data: pattern(20, 3), to: atB.arrived[0]!.from}]);
		await pair.carry(() => atA.arrived.length === 1);
		t.deepEqual(atA.arrived, [{data: Buffer.from(pattern(20, 3)), from: addressOfB(pair)}]);
	});

	check('datagrams are never split or joined, from 1 octet to the largest', async (t, pair) => {
		const {a, b} = pair;
		const inbox = new Inbox(b);
		for (const size of [1, 2, 100, 1200, 1472, Math.min(9000, b.payloadMax), b.payloadMax]) {
			const count = inbox.arrived.length;
			a.send([{data: pattern(size, size), to: addressOfB(pair)}]);
			await pair.carry(() => inbox.arrived.length > count);
			t.deepEqual(inbox.arrived.at(-1)?.data, Buffer.from(pattern(size, size)), `${size} octets`);
		}
		t.is(inbox.arrived.length, 7);
	});

	check('buffers that arrived stay as they are while more arrives', async (t, pair) => {
		const {a, b} = pair;
		const inbox = new Inbox(b);
		for (let round = 0; round < 4; round++) {
			const batch = Array.from({length: 8}, (_, index) => {
				return {data: pattern(600, round * 8 + index), to: addressOfB(pair)};
			});
			t.is(a.send(batch), 8);
			await pair.carry(() => inbox.arrived.length === (round + 1) * 8);
		}
		const seeds = inbox.arrived.map(({data}) => data[0]!).sort((x, y) => x - y);
		t.deepEqual(
			seeds,
			Array.from({length: 32}, (_, index) => pattern(1, index)[0]!).sort((x, y) => x - y),
		);
		for (const {data} of inbox.arrived) t.true(isPattern(data));
	});

	check('nothing is delivered before there is a handler, nor inside receive', async (t, pair) => {
		const {a, b} = pair;
		a.send([{data: pattern(5, 5), to: addressOfB(pair)}]);
		await pair.carry(() => false);
		let isInside = true;
		const arrived: Datagram[] = [];
		b.receive({
			datagrams: batch => {
				t.false(isInside);
				arrived.push(...batch);
			},
			failed: error => t.fail(String(error)),
		});
		isInside = false;
		a.send([{data: pattern(6, 6), to: addressOfB(pair)}]);
		await pair.carry(() => arrived.some(({data}) => data.length === 6));
		t.true(arrived.some(({data}) => data.length === 6));
	});
}

function sendingTests(check: Check): void {
	check('a batch is taken from the front, and the rest after drained', async (t, pair) => {
		const {a, b} = pair;
		const inbox = new Inbox(b);
		const count = 2000;
		let sent = 0;
		for (let turn = 0; sent < count && turn < count; turn++) {
			const batch: Transmit[] = [];
			for (let index = sent; index < Math.min(count, sent + 32); index++) {
				batch.push({data: numbered(index), to: addressOfB(pair)});
			}
			const taken = a.send(batch);
			t.true(taken >= 0 && taken <= batch.length);
			sent += taken;
			if (taken < batch.length) {
				let isDrained = false;
				a.drained(() => {
					isDrained = true;
				});
				await pair.carry(() => isDrained);
				t.true(isDrained, 'drained is called');
			} else {
				await pair.carry(() => inbox.arrived.length >= sent);
			}
		}
		t.is(sent, count);
		await pair.carry(() => inbox.arrived.length === count);
		const numbers = new Set(inbox.arrived.map(({data}) => numberOf(data)));
		t.is(numbers.size, inbox.arrived.length, 'none came twice');
		t.true(numbers.size >= count * 0.9, `${numbers.size} of ${count} came`);
	});

	check('an empty batch is nothing', async (t, {a}) => {
		t.is(a.send([]), 0);
		t.is(a.statistics.datagramsOut, 0);
	});

	check('statistics count what went and what came', async (t, pair) => {
		const {a, b} = pair;
		const inbox = new Inbox(b);
		a.send([
			{data: pattern(100, 1), to: addressOfB(pair)},
			{data: pattern(50, 2), to: addressOfB(pair)},
		]);
		await pair.carry(() => inbox.arrived.length === 2);
		t.like(a.statistics, {datagramsOut: 2, bytesOut: 150, datagramsIn: 0, sendFailures: 0});
		t.like(b.statistics, {datagramsIn: 2, bytesIn: 150, datagramsOut: 0});
	});
}

function lifeTests(check: Check): void {
	check('links have different addresses', async (t, {a, b}) => {
		t.not(a.local, b.local);
		t.regex(a.local, /^(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]+\]):\d+$/);
	});

	check('after close nothing is delivered, and a send does no harm', async (t, pair) => {
		const {a, b} = pair;
		const inbox = new Inbox(b);
		await b.close();
		await b.close();
		a.send([{data: pattern(10, 1), to: addressOfB(pair)}]);
		await pair.carry(() => false);
		t.is(inbox.arrived.length, 0);
		t.notThrows(() => b.send([{data: pattern(10, 1), to: addressOfA(pair)}]));
		t.is(b.statistics.datagramsOut, 0);
	});

	check('a handler may close its link', async (t, pair) => {
		const {a, b} = pair;
		const sizes: number[] = [];
		b.receive({
			datagrams(batch) {
				sizes.push(batch.length);
				void b.close();
			},
			failed: error => t.fail(String(error)),
		});
		a.send(Array.from({length: 60}, () => ({data: pattern(10, 1), to: addressOfB(pair)})));
		await pair.carry(() => false);
		t.is(sizes.length, 1);
	});

	check('a later handler takes the place of an earlier one', async (t, pair) => {
		const {a, b} = pair;
		const first = new Inbox(b);
		const second = new Inbox(b);
		a.send([{data: pattern(10, 1), to: addressOfB(pair)}]);
		await pair.carry(() => second.arrived.length === 1);
		t.is(first.arrived.length, 0);
		t.is(second.arrived.length, 1);
	});
}

/** Keeps what arrives. */
class Inbox implements LinkHandler {
	readonly arrived: Datagram[] = [];

	readonly #take: (data: Uint8Array) => Uint8Array;

	/** `take`: what is kept of a datagram. */
	constructor(link: DatagramLink, take = (data: Uint8Array) => data) {
		this.#take = take;
		link.receive(this);
	}

	datagrams(batch: readonly Datagram[]): void {
		for (const {data: whole, from} of batch) {
			const data = this.#take(whole);
			this.arrived.push({data: Buffer.from(data.buffer, data.byteOffset, data.length), from});
		}
	}

	failed(error: Error): void {
		throw error;
	}
}

/** Octets that tell their seed and any change of them. */
function pattern(size: number, seed: number): Uint8Array {
	const data = new Uint8Array(size);
	for (let index = 0; index < size; index++) data[index] = seed + index * 7 + (index >> 8);
	return data;
}

function isPattern(data: Uint8Array): boolean {
	return Buffer.compare(data, pattern(data.length, data[0]!)) === 0;
}

function numbered(number: number): Uint8Array {
	const data = new Uint8Array(1200);
	new DataView(data.buffer).setUint32(0, number);
	return data;
}

function numberOf(data: Uint8Array): number {
	return new DataView(data.buffer, data.byteOffset).getUint32(0);
}
