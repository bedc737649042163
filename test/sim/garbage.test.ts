import test from 'ava';
import type {Crypto} from '../../src/platform/crypto.ts';
import {
	encodeNotice,
	encodeVersionList,
	firstOctet,
	handshakeType,
	noticeCode,
	protocolVersion,
} from '../../src/session/handshake.ts';
import {Bed, type Peer} from '../support/bed.ts';
import {seededCrypto} from '../support/full-run.ts';
import {Garbage, garbageKinds} from '../support/garbage.ts';
import {Prng} from '../support/prng.ts';
import {seedsOr} from '../support/seeds.ts';

const second = 1_000_000;
const MiB = 1 << 20;

/** 10 Mbit/s, 50 ms there and back: a thousand full datagrams a second. */
const link = {rate: 1_250_000, delay: 25_000};

/** Datagrams of garbage in a millisecond, at either side: ten times what the path carries. */
const perMs = 10;

const strangers = Array.from({length: 100}, (_, index) => `stranger:${index}`);

type Ended = {
	readonly bed: Bed;
	readonly peer: Peer;
	/** Microseconds until everything had come. */
	readonly time: number;
	/** Garbage that came to either side; what the source answered to some of it counts as such. */
	readonly atSource: number;
	readonly atReceiver: number;
	readonly garbage: Garbage;
};

type Flood = {readonly source?: boolean; readonly receiver?: boolean};

/** An honest pull of everything, from its first datagram on under a flood of garbage. */
async function pull(seed: number, flood: Flood, real?: Crypto): Promise<Ended> {
	const prng = new Prng(seed);
	const bed = new Bed({seed, link, sizes: [MiB, 1000, 70_000], ...(real && {crypto: real})});
	const {world} = bed;
	const garbage = new Garbage(prng, bed.crypto);
	let over = false;
	let atSource = 0;
	let atReceiver = 0;
	const fetcher = bed.fetcher();
	const peer = bed.seat('receiver:1', fetcher);
	bed.tap = (data, to) => {
		garbage.learn(data);
		if (to === peer.address && isAnswerToGarbage(data)) atReceiver++;
	};
	for (const address of strangers) bed.stranger(address);
	const pour = (): void => {
		if (over) return;
		for (const data of peer.datagrams.splice(0)) garbage.learn(data);
		for (let count = 0; count < perMs; count++) {
			const isOwn = prng.chance(0.3);
			if (flood.source) {
				world.inject(isOwn ? 'receiver:1' : prng.pick(strangers), 'source', garbage.next());
				atSource++;
			}
			if (flood.receiver) {
				world.inject(isOwn ? 'source' : prng.pick(strangers), 'receiver:1', garbage.next());
				atReceiver++;
			}
		}
		world.at(world.now + 1000, pour);
	};
	const start = world.now;
	pour();
	await bed.pass(60 * second, () => fetcher.wantedBytes === 0);
	const time = world.now - start;
	// What was injected by now is handled, and nothing else comes.
	over = true;
	await bed.pass(second);
	return {bed, peer, time, atSource, atReceiver, garbage};
}

/** A version list or a notice: nobody here speaks another version or names another identity. */
function isAnswerToGarbage(data: Uint8Array): boolean {
	const isHandshake = data[0] === protocolVersion;
	return data[0] === firstOctet.versionList || (isHandshake && data[1] === handshakeType.notice);
}

const sum = (counts: Readonly<Record<string, number>>): number =>
	Object.values(counts).reduce((total, count) => total + count, 0);

for (const seed of seedsOr(1, 2, 3)) {
	test(`garbage at full rate slows nobody, makes nothing, and is counted [SHOAL_SEED=${seed}]`, async t => {
		const alone = await pull(seed, {});
		t.is(alone.bed.source.droppedCount, 0);
		t.is(sum(alone.peer.initiator.dropped), 0);
		for (const flood of [{source: true}, {receiver: true}, {source: true, receiver: true}]) {
			const {bed, peer, time, atSource, atReceiver, garbage} = await pull(seed, flood);
			t.true(time <= 1.1 * alone.time, `${time} us, alone ${alone.time}`);
			t.is(peer.end, undefined);
			const {responder, told} = bed.source;
			t.is(responder.sessionCount, 1);
			t.is(responder.counts.sessions, 1);
			t.is(responder.counts.answered, 1);
			t.is(told.length, 1);
			t.is(bed.source.droppedCount, atSource);
			t.is(sum(peer.initiator.dropped), atReceiver);
			t.true(atSource + atReceiver > 8000);
			for (const kind of garbageKinds) t.true(garbage.counts[kind] > 1000, kind);
		}
	});
}

test('under real ciphers garbage fares no better', async t => {
	const real = () => seededCrypto(new Prng(4));
	const alone = await pull(4, {}, real());
	const flooded = await pull(4, {source: true, receiver: true}, real());
	t.true(flooded.time <= 1.1 * alone.time, `${flooded.time} us, alone ${alone.time}`);
	t.is(flooded.bed.source.droppedCount, flooded.atSource);
	t.is(sum(flooded.peer.initiator.dropped), flooded.atReceiver);
	t.is(flooded.bed.source.responder.counts.sessions, 1);
});

test('little goes back to those who send garbage', async t => {
	const {bed, atSource, garbage} = await pull(5, {source: true});
	const back = bed.sent.filter(({to}) => to !== 'receiver:1');
	t.true(back.length > 0, 'hellos that cannot be read are told so, now and then');
	t.true(back.every(({length}) => length <= 64));
	t.true(back.length < 0.05 * atSource, `${back.length} answers`);
	t.true(garbage.counts.mac > 1000);
});

test('who sees the hello can lie about the source, but not keep its answer away', async t => {
	const bed = new Bed({link, sizes: [100_000]});
	const {world} = bed;
	const fetcher = bed.fetcher();
	const peer = bed.seat('receiver:1', fetcher);
	const hello = peer.datagrams[0]!;
	const connection = new DataView(hello.buffer, hello.byteOffset).getUint32(5);
	for (let at = 0; at < 40; at++) {
		world.at(world.now + at * 1000, () => {
			for (const lie of [
				encodeNotice(connection, noticeCode.otherIdentity),
				encodeNotice(connection, noticeCode.unreadable),
				encodeVersionList(hello, [7, 9]),
				encodeVersionList(hello, [1]),
			]) {
				world.inject('source', 'receiver:1', lie);
			}
		});
	}
	await bed.pass(10 * second, () => fetcher.wantedBytes === 0);
	t.is(fetcher.wantedBytes, 0);
	t.is(peer.end, undefined);
});

test('a flood of true hellos does not slow a session that is there', async t => {
	const alone = await pull(6, {});
	const bed = new Bed({seed: 6, link, sizes: [MiB, 1000, 70_000]});
	const {world} = bed;
	for (const address of strangers) bed.stranger(address);
	const fetcher = bed.fetcher();
	const peer = bed.seat('receiver:1', fetcher);
	const start = world.now;
	const hello = peer.datagrams[0]!;
	let at = 0;
	const pour = (): void => {
		for (let count = 0; count < perMs; count++) {
			world.inject(strangers[at++ % strangers.length]!, 'source', hello.slice());
		}
		world.at(world.now + 1000, pour);
	};
	world.at(world.now + 100_000, pour);
	await bed.pass(60 * second, () => fetcher.wantedBytes === 0);
	t.true(world.now - start <= 1.1 * alone.time);
	const {responder} = bed.source;
	t.true(at > 5000);
	t.is(responder.sessionCount, 1);
	t.true(responder.counts.answered < 0.5 * at, 'above a rate addresses are to be proved first');
	t.is(responder.counts.answered + bed.source.droppedCount, at + 1);
});
