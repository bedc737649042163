/**
 * Many receivers of one source in virtual time, each with a path of its own that is no narrow
 * place: that is what the source itself can send, as a socket says it that takes no more for now.
 */

import type {Controller} from '../../src/congestion/controller.ts';
import {PathModel} from '../../src/congestion/model.ts';
import type {FetchEvents} from '../../src/engine/fetch-contents.ts';
import {Remote} from '../../src/engine/remote.ts';
import type {DatagramLink, Transmit} from '../../src/platform/datagram.ts';
import type {Platform} from '../../src/platform/platform.ts';
import type {Admission} from '../../src/source/admission.ts';
import {fetchAway} from './fetch-away.ts';
import {headerSize, SimLink} from './link.ts';
import {nullCrypto} from './null-crypto.ts';
import {Prng} from './prng.ts';
import {moduleName, SimSource} from './sim-source.ts';
import {requestsOf, SimTree} from './sim-tree.ts';
import {openTask} from './task.ts';
import {World} from './world.ts';

export type CrowdOptions = {
	readonly seed: number;
	/** Of the files: all receivers want all of them. */
	readonly sizes: readonly number[];
	/** Octets a second that leave the source's machine; default: all that is offered. */
	readonly uplink?: number;
	readonly admission?: Admission;
};

export type Receiver = {
	/** Octets of contents by now, and whether all have come. */
	bytes: number;
	isDone: boolean;
};

export type ReceiverOptions = {
	readonly startMs?: number;
	readonly roundTripMs?: number;
	/** Octets a second that its path takes. */
	readonly rate?: number;
	readonly controller?: () => Controller;
};

export class Crowd {
	readonly world = new World({now: 1_000_000});
	readonly tree: SimTree;
	readonly source: SimSource;
	readonly receivers: Receiver[] = [];
	readonly failures: unknown[] = [];
	readonly #crypto;
	readonly #prng: Prng;
	readonly #start = this.world.now;

	constructor({seed, sizes, uplink, admission}: CrowdOptions) {
		const {world} = this;
		this.#prng = new Prng(seed);
		this.#crypto = nullCrypto(this.#prng.fork());
		this.tree = new SimTree(sizes, this.#crypto.sha256, this.#prng.fork());
		const link = world.openLink('source');
		this.source = new SimSource({
			world,
			link: uplink === undefined ? link : narrowed(link, world, uplink),
			crypto: this.#crypto,
			tree: this.tree,
			admission,
		});
	}

	add(options: ReceiverOptions = {}): Receiver {
		const receiver = {bytes: 0, isDone: false};
		this.receivers.push(receiver);
		const {world} = this;
		world.at(world.now + (options.startMs ?? 0) * 1000, () => {
			this.#pull(receiver, options).catch((reason: unknown) => this.failures.push(reason));
		});
		return receiver;
	}

	/** Goes on to `ms` after the beginning; sooner if everybody has everything. */
	async runTo(ms: number): Promise<void> {
		const done = (): boolean => this.receivers.every(({isDone}) => isDone);
		await this.world.driveAsync({done, until: this.#start + ms * 1000});
	}

	/** Octets of each receiver between two times. */
	async measure(fromMs: number, toMs: number): Promise<number[]> {
		await this.runTo(fromMs);
		const before = this.receivers.map(({bytes}) => bytes);
		await this.runTo(toMs);
		return this.receivers.map(({bytes}, index) => bytes - before[index]!);
	}

	async #pull(receiver: Receiver, options: ReceiverOptions): Promise<void> {
		const {world, source} = this;
		const events: FetchEvents = {wake: () => undefined, failed: () => undefined};
		const remote = await Remote.dial({
			platform: this.#platform(options),
			task: openTask({kind: 'pull'}),
			dial: {
				addresses: ['source'],
				module: new TextEncoder().encode(moduleName),
				sequence: 0,
				identity: source.identity.public,
				contactTimeout: 60e6,
				idleTimeout: 60e6,
			},
			makeController: options.controller ?? (() => new PathModel()),
			backlogMax: 64 << 20,
			failed: error => events.failed(error),
			remark: () => undefined,
		});
		const nowhere = new Uint8Array(0);
		const list = await remote.obtainList(undefined, nowhere, () => undefined);
		const queue = requestsOf(list, this.tree);
		await fetchAway({
			remote,
			queue,
			events,
			block: (_request, _object, _offset, data) => {
				receiver.bytes += data.length;
				world.at(world.now, () => remote.taken(data.length));
			},
		});
		receiver.isDone = true;
		await remote.close();
	}

	/** As much of a platform as a connection needs. */
	#platform({roundTripMs = 20, rate = Infinity}: ReceiverOptions): Platform {
		const {world} = this;
		const address = `receiver:${this.receivers.length}.${this.#prng.next()}`;
		return {
			clock: world.clock,
			crypto: this.#crypto,
			openLink: async () => {
				const delay = roundTripMs * 500;
				const queue = rate === Infinity ? {} : {queue: Math.max(30_000, rate / 10)};
				world.route('source', address, new SimLink({rate, delay, ...queue}, this.#prng.fork()));
				world.route(address, 'source', new SimLink({rate: Infinity, delay}, this.#prng.fork()));
				return world.openLink(address);
			},
		} as Partial<Platform> as Platform;
	}
}

/** Takes so many octets a second, with a buffer of two milliseconds of them. */
function narrowed(link: DatagramLink, world: World, rate: number): DatagramLink {
	let freeAt = 0;
	return {
		local: link.local,
		payloadMax: link.payloadMax,
		sizes: link.sizes,
		statistics: link.statistics,
		send(batch: readonly Transmit[]): number {
			let count = 0;
			for (; count < batch.length && freeAt < world.now + buffered; count++) {
				const size = batch[count]!.data.length + headerSize;
				freeAt = Math.max(freeAt, world.now) + (size * 1e6) / rate;
			}
			link.send(batch.slice(0, count));
			return count;
		},
		drained: then => world.at(freeAt - buffered / 2, then),
		receive: handler => link.receive(handler),
		close: () => link.close(),
	};
}

/** Microseconds. */
const buffered = 2000;
