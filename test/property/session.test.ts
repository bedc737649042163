import test from 'ava';
import {parseAnswer} from '../../src/session/answer.ts';
import {decodeHello, decodeReply, decodeVersionList} from '../../src/session/handshake.ts';
import {openDelegation, openHead, openRotation} from '../../src/session/statement.ts';
import {TicketBox} from '../../src/session/ticket.ts';
import {micros} from '../../src/unit.ts';
import {nullCrypto} from '../support/null-crypto.ts';
import {Prng} from '../support/prng.ts';
import {seedsOr} from '../support/seeds.ts';
import {drainEvents, message, Network, TestPayload, TestSource} from '../support/session-pair.ts';

/** Octets that a hostile peer might send: noise, or something true with a few octets changed. */
function spoil(prng: Prng, samples: readonly Uint8Array[]): Uint8Array {
	if (samples.length === 0 || prng.chance(0.2)) {
		const noise = prng.bytes(prng.below(1500));
		if (noise.length > 2 && prng.chance(0.8)) {
			noise[0] = prng.pick([0, 1, 0x80, 0x81, 0xc0, 0xc1, 0xe0]);
			noise[1] = prng.below(6);
		}
		return noise;
	}
	let data = new Uint8Array(prng.pick(samples));
	if (prng.chance(0.2)) data = data.slice(0, prng.below(data.length + 1));
	for (let count = prng.below(4); count > 0 && data.length > 0; count--) {
		const at = prng.chance(0.5) ? prng.below(Math.min(40, data.length)) : prng.below(data.length);
		data[at] = prng.chance(0.5) ? prng.below(256) : prng.pick([0, 1, 0x3f, 0x40, 0x80, 0xc0, 0xff]);
	}
	return data;
}

for (const seed of seedsOr(1, 2, 3, 4)) {
	test(`no datagram, whatever is in it, raises anything or ends a session [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const network = new Network(new Prng(seed + 100));
		const source = new TestSource(nullCrypto(new Prng(seed + 200)));
		source.says = {early: [prng.bytes(4000)]};
		const responder = source.responder(network.now);
		network.add('source:1', responder);
		const samples: Uint8Array[] = [];
		network.onSend = data => {
			if (samples.length < 200) samples.push(new Uint8Array(data));
			return true;
		};
		const established = source.initiator(network.now);
		network.add('receiver:0', established);
		network.runFor(100_000);
		drainEvents(established);
		const payload = new TestPayload(false);
		established.attach(payload, network.now);
		network.runFor(100_000);
		for (let round = 0; round < 60; round++) {
			const address = `receiver:${round % 5 === 0 ? 0 : 1}`;
			const fresh = source.initiator(
				network.now,
				round % 2 === 0
					? {}
					: {
							delegation: source.host.delegation,
						},
			);
			if (address === 'receiver:1') network.add(address, fresh);
			for (let count = 0; count < 50; count++) {
				const from = prng.pick(['source:1', 'receiver:0', 'receiver:1', 'forger:1']);
				const to = prng.pick(['source:1', 'receiver:0', address]);
				network.send(spoil(prng, samples), from, to);
			}
			network.runFor(200_000);
			drainEvents(fresh);
		}
		t.is(payload.closedWith, undefined);
		payload.queue.push(message(100, 3));
		established.session!.wake();
		network.runFor(1_000_000);
		t.deepEqual(source.payloads[0]!.received.at(-1), message(100, 3));
		t.is(responder.sessionCount, 1);
		t.true(Object.values(responder.dropped).reduce((sum, count) => sum + count) > 300);
	});

	test(`what a peer seals is opened, refused or closes the session, never more [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		let closed = 0;
		for (let round = 0; round < 150; round++) {
			const network = new Network(new Prng(round));
			const source = new TestSource(nullCrypto(new Prng(seed)));
			const responder = source.responder(network.now);
			network.add('source:1', responder);
			const initiator = source.initiator(network.now);
			network.add('receiver:1', initiator);
			network.runFor(100_000);
			drainEvents(initiator);
			const payload = new TestPayload(false);
			initiator.attach(payload, network.now);
			for (let count = 0; count < 10; count++) {
				const frames = prng.bytes(prng.below(60));
				if (frames.length > 0) frames[0] = prng.below(8);
				payload.queue.push(frames);
			}
			network.runFor(1_000_000);
			if (source.payloads[0]?.closedWith !== undefined) closed++;
			t.true(responder.sessionCount <= 1);
		}
		t.true(closed > 20 && closed < 150, `${closed} were closed`);
	});

	test(`every decoder answers noise with nothing or with sense [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const crypto = nullCrypto(new Prng(seed));
		const source = new TestSource(crypto);
		const box = new TicketBox(crypto);
		const now = micros(1_000_000);
		const hello = source.initiator(now).pollTransmit(now)!.data;
		const samples = [hello, source.statement(), source.host.delegation];
		let decoded = 0;
		for (let count = 0; count < 5000; count++) {
			const data = spoil(prng, samples);
			if (data.length >= 18 && decodeHello(data) !== undefined) decoded++;
			decodeReply(data);
			decodeVersionList(data);
			parseAnswer(data);
			box.find(data, now);
			t.is(box.open(data, now), undefined);
			for (const open of [openHead, openDelegation, openRotation]) open(crypto, data);
		}
		t.true(decoded > 0);
	});
}
