/**
 * A receiver whose address and port change in the middle, as behind a router that forgets: the
 * session is named by its connection id, so it goes on; what was known of the path does not.
 */
import test from 'ava';
import {PathModel} from '../../src/congestion/model.ts';
import {Connection} from '../../src/engine/connection.ts';
import type {DatagramLink, LinkHandler} from '../../src/platform/datagram.ts';
import type {Platform} from '../../src/platform/platform.ts';
import {Fetcher} from '../../src/transfer/fetcher.ts';
import {DialScene} from '../support/dial-scene.ts';
import {moduleName} from '../support/sim-source.ts';

const there = '192.0.2.1:8730';
const seconds = 1e6;

/** A link whose own address becomes another one. What is on its way to the old one is lost. */
class Rebound implements DatagramLink {
	readonly #open: () => DatagramLink;
	#now: DatagramLink;
	#handler: LinkHandler | undefined;

	constructor(open: () => DatagramLink) {
		this.#open = open;
		this.#now = open();
	}

	rebind(): void {
		void this.#now.close();
		this.#now = this.#open();
		if (this.#handler !== undefined) this.#now.receive(this.#handler);
	}

	get local() {
		return this.#now.local;
	}
	get payloadMax() {
		return this.#now.payloadMax;
	}
	get sizes() {
		return this.#now.sizes;
	}
	get statistics() {
		return this.#now.statistics;
	}
	send(batch: Parameters<DatagramLink['send']>[0]): number {
		return this.#now.send(batch);
	}
	drained(then: () => void): void {
		this.#now.drained(then);
	}
	receive(handler: LinkHandler): void {
		this.#handler = handler;
		this.#now.receive(handler);
	}
	close(): Promise<void> {
		return this.#now.close();
	}
}

/** Pulls one file while the address changes every so many seconds; what came of it. */
async function pull(size: number, rate: number, everySeconds: number) {
	const scene = new DialScene([there], {size, rate});
	const {world} = scene;
	const source = scene.sources.get(there)!;
	const link = new Rebound(() => scene.openLink({peer: there}));
	const platform: Platform = {...scene.platform, openLink: async () => link};
	const dialling = Connection.dial(platform, {
		addresses: [there],
		signal: undefined,
		module: new TextEncoder().encode(moduleName),
		sequence: 0,
		identity: source.identity.public,
		contactTimeout: 15 * seconds,
	});
	let connection: Connection | undefined;
	void dialling.then(found => {
		connection = found;
	});
	await world.driveAsync({done: () => connection !== undefined, until: 100 * seconds});
	const startAt = world.now;
	let came = 0;
	let isDone = false;
	const failures: unknown[] = [];
	/** When what was wanted arrived first after each change, in microseconds since it. */
	const pauses: number[] = [];
	let movedAt = -1;
	const fetcher: Fetcher = new Fetcher({
		controller: new PathModel(),
		now: world.now,
		roundTrip: connection!.answered.roundTrip,
		handler: {
			block: (_request, _object, _offset, data) => {
				came += data.length;
				fetcher.taken(data.length);
				if (movedAt >= 0) pauses.push(world.now - movedAt);
				movedAt = -1;
			},
			refused: () => failures.push('refused'),
			done: () => {
				isDone = true;
			},
			head: () => undefined,
			closed: () => undefined,
		},
	});
	const request = {snapshot: 0, kind: 3, page: 0, position: 2, count: 1, offset: 0} as const;
	fetcher.fetch({...request, length: size});
	connection!.attach(fetcher, {early: () => undefined, failed: error => failures.push(error)});
	let moves = 0;
	const move = (): void => {
		if (isDone) return;
		moves++;
		link.rebind();
		movedAt = world.now;
		world.at(world.now + everySeconds * seconds, move);
	};
	world.at(world.now + everySeconds * seconds, move);
	await world.driveAsync({done: () => isDone || failures.length > 0, until: 300 * seconds});
	const time = (world.now - startAt) / seconds;
	return {came, isDone, failures, moves, pauses, time, sessions: source.told.length};
}

test('a new address and port every five seconds: one session carries it all', async t => {
	const run = await pull(10e6, 500_000, 5);
	t.deepEqual(run.failures, []);
	t.true(run.isDone);
	t.is(run.came, 10e6);
	t.true(run.moves >= 4, `${run.moves}`);
	t.is(run.sessions, 1);
	for (const pause of run.pauses) t.true(pause < 1.5 * seconds, `${pause} us without content`);
	// 22 s without changes; each costs its silence and a start from the initial window.
	t.true(run.time < 22 + run.moves * 1.5, `${run.time} s with ${run.moves} changes`);
});
