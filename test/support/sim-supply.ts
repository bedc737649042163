/** A source of several in a simulated world, as a pull uses it: a real transfer over its own path. */
import {PathModel} from '../../src/congestion/model.ts';
import {Contributor} from '../../src/engine/contributor.ts';
import type {ContentHandler, Supply} from '../../src/engine/supply.ts';
import {Fetcher} from '../../src/transfer/fetcher.ts';
import type {FetchRequest} from '../../src/transfer/request.ts';
import {Sender} from '../../src/transfer/sender.ts';
import {SimLink} from './link.ts';
import {PlainSession} from './plain-session.ts';
import type {Prng} from './prng.ts';
import type {SimStore} from './sim-store.ts';
import {readAll} from './transfer-run.ts';
import type {World} from './world.ts';

export type SimSupplyOptions = {
	readonly name: string;
	readonly world: World;
	readonly store: SimStore;
	readonly prng: Prng;
	/** Octets a second of its path, and microseconds one way. */
	readonly rate: number;
	readonly delay: number;
};

export function simContributor(options: SimSupplyOptions): Contributor {
	const {name, world, store, prng, rate, delay} = options;
	const [source, receiver] = [`${name}-source`, `${name}-receiver`];
	const queue = Math.max(30_000, rate / 20);
	world.route(source, receiver, new SimLink({rate, delay, queue}, prng.fork()));
	world.route(receiver, source, new SimLink({rate, delay, queue}, prng.fork()));
	const here = new PlainSession(source, prng.fork());
	const there = new PlainSession(receiver, prng.fork());
	const sender = new Sender({session: there, source: store, now: world.now});
	let contents: ContentHandler | undefined;
	const outstanding = new Set<FetchRequest>();
	const fetcher = new Fetcher({
		controller: new PathModel(),
		now: world.now,
		roundTrip: 2 * delay,
		handler: {
			block: (...block) => contents?.block(...block),
			refused: (...refused) => contents?.refused(...refused),
			done: request => {
				outstanding.delete(request);
				contents?.done(request);
			},
			head: () => undefined,
			closed: () => undefined,
		},
	});
	here.payload = fetcher;
	there.payload = sender;
	there.onTurn = () => readAll(sender, store);
	world.add(receiver, here);
	world.add(source, there);
	let isPolled = false;
	/** As a pump does: after what happens now. */
	const poll = (): void => {
		if (isPolled) return;
		isPolled = true;
		world.at(world.now, () => {
			isPolled = false;
			world.poll(receiver);
		});
	};
	const supply: Partial<Supply> = {
		get hungry() {
			return fetcher.hungry;
		},
		get outstandingCount() {
			return outstanding.size;
		},
		get statistics() {
			return {roundTrip: fetcher.roundTrip} as Supply['statistics'];
		},
		deliver: to => {
			contents = to;
		},
		fetch: request => {
			outstanding.add(request);
			fetcher.fetch(request);
			poll();
		},
		taken: octets => {
			fetcher.taken(octets);
			poll();
		},
		close: async () => undefined,
	};
	return new Contributor(name, supply as Supply, world.now);
}
