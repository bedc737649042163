/**
 * A bad path in user space: a UDP relay on loopback that delays, loses and reorders what it passes
 * between receivers and one source, each way by settings of its own. It knows nothing of what the
 * datagrams say. Needs no rights and no dependency; a stock receive buffer is enough for its rates.
 */
import {createSocket, type Socket} from 'node:dgram';
import {Prng} from '../../test/support/prng.ts';
import {Impairment, type PathSettings} from './impairment.ts';

export type RelayOptions = {
	/** Port of the source on 127.0.0.1. */
	readonly sourcePort: number;
	readonly toSource: PathSettings;
	readonly toReceiver: PathSettings;
	readonly seed: number;
};

const host = '127.0.0.1';
const bufferSize = 4 << 20;

/** Receivers that are served at once; datagrams of more are dropped. */
const clientsMax = 64;

type Pending = {readonly atMs: number; readonly order: number; send(): void};

export class Relay {
	readonly #front: Socket;
	readonly #sourcePort: number;
	readonly #toSource: Impairment;
	readonly #toReceiver: Impairment;
	readonly #clients = new Map<string, Socket>();
	readonly #pending = new DueQueue();
	#timer: NodeJS.Timeout | undefined;
	#closed = false;

	private constructor(front: Socket, options: RelayOptions) {
		const prng = new Prng(options.seed);
		this.#front = front;
		this.#sourcePort = options.sourcePort;
		this.#toSource = new Impairment(options.toSource, prng.fork());
		this.#toReceiver = new Impairment(options.toReceiver, prng.fork());
		front.on('message', (data, from) => {
			const back = this.#client(from.address, from.port);
			if (back !== undefined) this.#pass(this.#toSource, data, () => back.send(data));
		});
	}

	static async open(options: RelayOptions): Promise<Relay> {
		const front = createSocket('udp4');
		await new Promise<void>((resolve, reject) => {
			front.once('error', reject);
			front.bind(0, host, resolve);
		});
		front.setRecvBufferSize(bufferSize);
		front.setSendBufferSize(bufferSize);
		return new Relay(front, options);
	}

	/** Where receivers find the relay. */
	get port(): number {
		return this.#front.address().port;
	}

	/** Datagrams that came in, each way. */
	get entered(): {readonly toSource: number; readonly toReceiver: number} {
		const toReceiver = this.#toReceiver.counts.datagrams;
		return {toSource: this.#toSource.counts.datagrams, toReceiver};
	}

	/** Datagrams that were lost or found the queue full, each way. */
	get dropped(): {readonly toSource: number; readonly toReceiver: number} {
		const of = ({counts}: Impairment) => counts.lost + counts.overflowed;
		return {toSource: of(this.#toSource), toReceiver: of(this.#toReceiver)};
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
		this.#front.close();
		for (const back of this.#clients.values()) back.close();
	}

	/** The socket that stands for one receiver towards the source. */
	#client(address: string, port: number): Socket | undefined {
		const name = `${address}:${port}`;
		const known = this.#clients.get(name);
		if (known !== undefined || this.#clients.size >= clientsMax) return known;
		const back = createSocket('udp4');
		this.#clients.set(name, back);
		back.on('message', data => {
			this.#pass(this.#toReceiver, data, () => this.#front.send(data, port, address));
		});
		// A refused port shows as an error of the next send: to the receiver it is silence.
		back.on('error', () => this.#toSource.counts.lost++);
		back.connect(this.#sourcePort, host, () => {
			back.setRecvBufferSize(bufferSize);
			back.setSendBufferSize(bufferSize);
		});
		return back;
	}

	#pass(way: Impairment, data: Uint8Array, send: () => void): void {
		const atMs = way.pass(data.length, performance.now());
		if (atMs === undefined || this.#closed) return;
		this.#pending.add(atMs, send);
		this.#timer ??= setTimeout(() => this.#deliver(), 1);
	}

	#deliver(): void {
		this.#timer = undefined;
		const nowMs = performance.now();
		for (let due = this.#pending.take(nowMs); due; due = this.#pending.take(nowMs)) {
			if (!this.#closed) due.send();
		}
		if (this.#pending.size > 0) this.#timer = setTimeout(() => this.#deliver(), 1);
	}
}

/** A binary heap by instant, then by arrival. */
class DueQueue {
	readonly #heap: Pending[] = [];
	#count = 0;

	get size(): number {
		return this.#heap.length;
	}

	add(atMs: number, send: () => void): void {
		const heap = this.#heap;
		const item = {atMs, order: this.#count++, send};
		let at = heap.length;
		while (at > 0) {
			const parent = (at - 1) >> 1;
			if (!isBefore(item, heap[parent]!)) break;
			heap[at] = heap[parent]!;
			at = parent;
		}
		heap[at] = item;
	}

	/** Removes the first that is due. */
	take(nowMs: number): Pending | undefined {
		const heap = this.#heap;
		const first = heap[0];
		if (first === undefined || first.atMs > nowMs) return undefined;
		const last = heap.pop()!;
		if (heap.length > 0) this.#sink(last);
		return first;
	}

	#sink(item: Pending): void {
		const heap = this.#heap;
		let at = 0;
		for (;;) {
			let child = 2 * at + 1;
			if (child >= heap.length) break;
			if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
			if (!isBefore(heap[child]!, item)) break;
			heap[at] = heap[child]!;
			at = child;
		}
		heap[at] = item;
	}
}

function isBefore(a: Pending, b: Pending): boolean {
	return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
