/**
 * What one packet of content costs both sides together but for the system's calls: from octets that
 * were read to octets handed over, with real ciphers and the whole stack of sessions between, in
 * memory and virtual time. Feedbacks are counted in.
 */
import platform from '#platform';
import {PathModel} from '../../src/congestion/model.ts';
import type {Authority} from '../../src/session/authority.ts';
import type {Endpoint} from '../../src/session/endpoint.ts';
import {Responder} from '../../src/session/responder.ts';
import {Fetcher} from '../../src/transfer/fetcher.ts';
import {Sender} from '../../src/transfer/sender.ts';
import {later, type Micros, micros} from '../../src/unit.ts';
import {drainEvents, TestSource} from '../../test/support/session-pair.ts';
import type {Kernel} from '../harness.ts';

/** One way, and what a full packet takes: 1.2 Gbit/s of full Ethernet frames, 0.2 ms. */
const delay = 100;
const packetTime = 10;

/** As many octets are asked for at once, from one file. */
const requestSize = 1 << 20;

type Flight = {readonly at: Micros; readonly data: Uint8Array};

/** The packets on their way to one side. */
class Wire {
	readonly #flights: Flight[] = [];
	#first = 0;

	put(data: Uint8Array, at: Micros): void {
		this.#flights.push({data, at});
	}

	deliver(to: Endpoint, from: string, now: Micros): void {
		while (this.#first < this.#flights.length && this.#flights[this.#first]!.at <= now) {
			to.handleDatagram(this.#flights[this.#first++]!.data, from, now);
		}
		if (this.#first < 4096) return;
		this.#flights.splice(0, this.#first);
		this.#first = 0;
	}
}

/** Fetches so many octets; answers how many came and how many packets that took. */
function transfer(size: number, datagramMax: number): {fetched: number; packets: number} {
	const start = micros(1_000_000);
	const sizes = {max: datagramMax, fragmentCount: () => 0};
	const source = new TestSource(platform.crypto);
	const content = new Uint8Array(requestSize).fill(7);
	let sender: Sender | undefined;
	const authority: Authority = {
		answer: ask => source.answer(ask),
		open: (_context, session) => {
			const store = {resolve: () => ({sizes: [size]})};
			sender = new Sender({session, source: store, now: start});
			return sender;
		},
	};
	const {crypto, host} = source;
	const responder = new Responder({crypto, now: start, hosts: [host], authority, sizes});
	const initiator = source.initiator(start, {suite: crypto.preferred});
	let fetched = 0;
	const handler = {
		block: (_request: unknown, _object: number, _offset: number, data: Uint8Array): void => {
			fetched += data.length;
		},
		refused: () => undefined,
		done: () => undefined,
		head: () => undefined,
		closed: () => undefined,
	};
	let fetcher: Fetcher | undefined;
	let asked = 0;
	const down = new Wire();
	const up = new Wire();
	for (let now = start; fetched < size; now = later(now, packetTime)) {
		up.deliver(responder, 'receiver:1', now);
		if (responder.pollTimeout() <= now) responder.handleTimeout(now);
		for (let read = sender?.pollRead(); read; read = sender?.pollRead()) {
			sender?.handleRead(read, content.subarray(0, read.length));
		}
		const full = responder.pollTransmit(now);
		if (full !== undefined) down.put(full.data, later(now, delay));
		down.deliver(initiator, 'source:1', now);
		if (initiator.pollTimeout() <= now) initiator.handleTimeout(now);
		for (const event of fetcher === undefined ? drainEvents(initiator) : []) {
			if (event.type !== 'answered') continue;
			fetcher = new Fetcher({controller: new PathModel(), handler, now});
			initiator.attach(fetcher, now);
		}
		while (asked < size && fetcher?.hungry) {
			const length = Math.min(requestSize, size - asked);
			const place = {snapshot: 0, page: 0, position: 0, count: 1, kind: 3} as const;
			fetcher.fetch({...place, offset: asked, length});
			asked += length;
		}
		for (let back = initiator.pollTransmit(now); back; back = initiator.pollTransmit(now)) {
			up.put(back.data, later(now, delay));
		}
	}
	return {fetched, packets: sender!.statistics.packetsOut};
}

export const coreKernels: readonly Kernel[] = [
	{
		name: 'session/core-1472',
		unit: 'octets',
		prepare: smoke => {
			const amount = smoke ? 1 << 20 : 32 << 20;
			let packets = 0;
			return {
				amount,
				run: () => {
					const done = transfer(amount, 1472);
					packets = done.packets;
					return done.fetched;
				},
				figures: () => ({packets}),
			};
		},
	},
];
