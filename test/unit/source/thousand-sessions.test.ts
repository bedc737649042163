/** What a session costs a source in memory, and that it gives it back: a thousand in one process. */
import {setImmediate} from 'node:timers/promises';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import test from 'ava';
import {crypto as realCrypto} from '../../../native-free/crypto.ts';
import {PathModel} from '../../../src/congestion/model.ts';
import {Initiator} from '../../../src/session/initiator.ts';
import {Fetcher} from '../../../src/transfer/fetcher.ts';
import {millis} from '../../../src/unit.ts';
import {Prng} from '../../support/prng.ts';
import {moduleName, SimSource} from '../../support/sim-source.ts';
import {SimTree} from '../../support/sim-tree.ts';
import {World} from '../../support/world.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const count = 1000;
/** Octets: 17,500 were measured. */
const sizeMax = 24_000;

const nobody = {
	block: () => undefined,
	refused: () => undefined,
	done: () => undefined,
	head: () => undefined,
	closed: () => undefined,
};

/** Octets in use by this thread; what native handles hold is let go of between two turns. */
async function used(): Promise<number> {
	for (let turn = 0; turn < 3; turn++) {
		collect();
		await setImmediate();
	}
	const {heapUsed, arrayBuffers} = process.memoryUsage();
	return heapUsed + arrayBuffers;
}

test('a thousand sessions take 24 KB each at most, and leave nothing behind', async t => {
	const world = new World({now: 1_000_000});
	const tree = new SimTree([1000], realCrypto.sha256, new Prng(1));
	const link = world.openLink('source');
	const source = new SimSource({world, link, crypto: realCrypto, tree});
	const {responder} = source;
	let {now} = world;
	/** Opens a session as a receiver would; what is the receiver's is forgotten. */
	const open = (index: number): void => {
		// Slower than what is answered without a proof of the address.
		now = millis(now / 1000 + 5);
		const from = `10.0.${index >> 8}.${index & 255}:5000`;
		const initiator = new Initiator({
			crypto: realCrypto,
			now,
			wallMs: () => world.clock.wallMs(),
			peer: 'source',
			module: new TextEncoder().encode(moduleName),
			sequence: 0,
			identity: source.identity.public,
		});
		const exchange = (): void => {
			for (let sent = initiator.pollTransmit(now); sent; sent = initiator.pollTransmit(now)) {
				responder.handleDatagram(sent.data, from, now);
			}
			for (let sent = responder.pollTransmit(now); sent; sent = responder.pollTransmit(now)) {
				if (sent.to === from) initiator.handleDatagram(sent.data, 'source', now);
			}
		};
		exchange();
		initiator.attach(new Fetcher({controller: new PathModel(), handler: nobody, now}), now);
		exchange();
		exchange();
	};
	for (let index = 0; index < 20; index++) open(index);
	const before = await used();
	for (let index = 0; index < count; index++) open(1000 + index);
	t.is(responder.sessionCount, count + 20);
	const each = ((await used()) - before) / count;
	t.log(`${Math.round(each)} octets a session`);
	t.true(each > 1000 && each <= sizeMax, `${each} octets a session`);
	responder.closeAll();
	for (let time = now; time < now + millis(10_000); time = millis(time / 1000 + 500)) {
		responder.handleTimeout(time);
		while (responder.pollTransmit(time) !== undefined);
	}
	t.is(responder.sessionCount, 0);
	t.is(source.module.sessionCount, 0);
	source.told.length = 0;
	const left = ((await used()) - before) / count;
	t.true(left < 2000, `${left} octets of each are left`);
});
