/**
 * A flood of hellos, all with a valid mac1, from addresses that nobody has: what it costs a source
 * whose sessions run, counted in microseconds of a core.
 */
import test from 'ava';
import {PathModel} from '../../src/congestion/model.ts';
import type {Crypto} from '../../src/platform/crypto.ts';
import {Initiator} from '../../src/session/initiator.ts';
import {Fetcher} from '../../src/transfer/fetcher.ts';
import {later, type Micros} from '../../src/unit.ts';
import {nullCrypto} from '../support/null-crypto.ts';
import {Prng} from '../support/prng.ts';
import {moduleName, SimSource} from '../support/sim-source.ts';
import {SimTree} from '../support/sim-tree.ts';
import {World} from '../support/world.ts';

/** What the calls cost in Node, in microseconds, as measured on one core. */
const cost = {dh: 75, dhGenerate: 70, sign: 40, verify: 100, hmac: 4, hash: 2, aead: 4} as const;

/** `crypto`, with what its calls would cost. */
function priced(crypto: Crypto): {crypto: Crypto; spent: () => number} {
	let spent = 0;
	const wrapped: Record<string, unknown> = {...crypto};
	for (const [name, price] of Object.entries(cost)) {
		const call = crypto[name as keyof typeof cost] as (...words: unknown[]) => unknown;
		wrapped[name] = (...words: unknown[]) => {
			spent += price;
			return call(...words);
		};
	}
	return {crypto: wrapped as Crypto, spent: () => spent};
}

class Scene {
	readonly world = new World({now: 1_000_000});
	readonly #plain = nullCrypto(new Prng(3));
	readonly #priced = priced(this.#plain);
	readonly source: SimSource;
	now: Micros = this.world.now;
	came = 0;

	constructor() {
		const tree = new SimTree([100_000], this.#plain.sha256, new Prng(1));
		const link = this.world.openLink('source');
		this.source = new SimSource({world: this.world, link, crypto: this.#priced.crypto, tree});
	}

	/** Microseconds of work at the source so far. */
	get spent(): number {
		return this.#priced.spent();
	}

	initiator(): Initiator {
		return new Initiator({
			crypto: this.#plain,
			now: this.now,
			wallMs: () => this.world.clock.wallMs(),
			peer: 'source',
			module: new TextEncoder().encode(moduleName),
			sequence: 0,
			identity: this.source.identity.public,
		});
	}

	/** Lets a receiver at `from` and the source say all that they have to say. */
	exchange(initiator: Initiator, from: string): void {
		const {now} = this;
		const {responder} = this.source;
		for (let sent = initiator.pollTransmit(now); sent; sent = initiator.pollTransmit(now)) {
			responder.handleDatagram(sent.data, from, now);
		}
		for (let sent = responder.pollTransmit(now); sent; sent = responder.pollTransmit(now)) {
			if (sent.to === from) initiator.handleDatagram(sent.data, 'source', now);
		}
	}

	/** A session in which something is wanted, and the receiver of it. */
	open(from: string): Initiator {
		const initiator = this.initiator();
		this.exchange(initiator, from);
		const handler = {
			block: (_request: unknown, _object: number, _offset: number, data: Uint8Array) => {
				this.came += data.length;
			},
			refused: () => undefined,
			done: () => undefined,
			head: () => undefined,
			closed: () => undefined,
		};
		const fetcher = new Fetcher({controller: new PathModel(), handler, now: this.now});
		initiator.attach(fetcher, this.now);
		const listSize = this.source.head.size;
		const list = {snapshot: 0, kind: 0, page: 0, position: 0, count: 1, offset: 0} as const;
		fetcher.fetch({...list, length: listSize});
		return initiator;
	}

	/** So many hellos within a second, each from another address; microseconds that they cost. */
	flood(count: number): number {
		const hello = this.initiator().pollTransmit(this.now)!.data;
		const before = this.spent;
		const start = this.now;
		for (let index = 0; index < count; index++) {
			this.now = later(start, (index * 1e6) / count);
			const from = `198.51.${index >> 8}.${index & 255}:1`;
			this.source.responder.handleDatagram(hello.slice(), from, this.now);
			// What it would answer leaves at once.
			while (this.source.responder.pollTransmit(this.now) !== undefined);
		}
		return this.spent - before;
	}
}

test('beside sessions a flood of hellos costs a fifth of a core at most', t => {
	const scene = new Scene();
	const receiver = scene.open('192.0.2.1:1');
	scene.exchange(receiver, '192.0.2.1:1');
	t.is(scene.source.responder.sessionCount, 1);
	// The first second uses up what was allowed in the seconds before it.
	scene.flood(25_000);
	const spent = scene.flood(25_000);
	t.log(`${spent} us of a second`);
	t.true(spent < 200_000, `${spent} us of a second`);
	t.true(scene.source.responder.dropped.full > 15_000, 'most is not even looked at');
	for (let turn = 0; turn < 4; turn++) {
		scene.exchange(receiver, '192.0.2.1:1');
		scene.source.source.turn();
		scene.now = later(scene.now, 20_000);
		receiver.handleTimeout(scene.now);
	}
	t.true(scene.came > 0, 'the session goes on');
});

test('without sessions two thousand polls in a second are answered at once', t => {
	const scene = new Scene();
	scene.flood(2000);
	t.is(scene.source.responder.counts.answered, 2000);
});

test('one who proves an address is answered in the middle of a flood', t => {
	const scene = new Scene();
	const running = scene.open('192.0.2.1:1');
	scene.exchange(running, '192.0.2.1:1');
	scene.flood(9000);
	const other = scene.initiator();
	// The first hello is answered with a token, the second one with the head.
	for (let turn = 0; turn < 3; turn++) scene.exchange(other, '192.0.2.2:1');
	t.is(other.pollEvent()?.type, 'answered');
});
