import test from 'ava';
import {micros, never} from '../../src/unit.ts';
import {nullCrypto} from '../support/null-crypto.ts';
import {Prng} from '../support/prng.ts';
import {seedsOr} from '../support/seeds.ts';
import {
	type BadPath,
	drainEvents,
	message,
	Network,
	TestPayload,
	TestSource,
} from '../support/session-pair.ts';

const second = 1_000_000;

/** Round trips from a millisecond to 1.5 s, up to 30 % loss, 5 % repeats and changed octets. */
function drawPath(prng: Prng): BadPath {
	const delay = 500 * 1500 ** prng.float();
	return {
		delay,
		jitter: prng.chance(0.5) ? 2 * delay * prng.float() : 0,
		loss: 0.3 * prng.float(),
		repeat: 0.05 * prng.float(),
		corrupt: 0.05 * prng.float(),
	};
}

for (const seed of seedsOr(1, 2, 3, 4, 5, 6, 7, 8)) {
	test(`over bad paths handshakes end, sessions are made once, polls leave nothing [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		let answered = 0;
		let delivered = 0;
		const runs = 150;
		for (let run = 0; run < runs; run++) {
			const network = new Network(new Prng(prng.next()), drawPath(prng));
			const source = new TestSource(nullCrypto(new Prng(prng.next())));
			source.says = {early: prng.chance(0.5) ? [prng.bytes(prng.below(6000))] : []};
			const responder = source.responder(network.now);
			network.add('source:1', responder);
			const key = prng.chance(0.3) ? {key: source.crypto.dhGenerate().secret} : {};
			const pin = prng.chance(0.2) ? {identity: undefined} : {};
			const known = prng.chance(0.5) ? {delegation: source.host.delegation} : {};
			const initiator = source.initiator(network.now, {...key, ...pin, ...known});
			network.add('receiver:1', initiator);
			const start = network.now;
			network.runFor(31 * second, () => source.sessions.length > 0 || isOver(initiator));
			const events = drainEvents(initiator);
			t.is(responder.sessionCount, 0, 'a poll keeps nothing');
			const [first] = events.filter(event => event.type !== 'early');
			if (first?.type === 'failed') {
				t.true(network.now - start >= 29 * second, 'only time ends it');
				t.is(first.error.code, 'PATH_SILENT');
				continue;
			}
			t.is(first?.type, 'answered');
			answered++;
			const payload = new TestPayload(false);
			for (let count = 0; count < 20; count++) payload.queue.push(message(50, count));
			initiator.attach(payload, network.now);
			network.runFor(20 * second);
			t.true(responder.counts.sessions <= 1, 'a ticket makes one session');
			const got = source.payloads[0]?.received ?? [];
			t.true(got.length <= 20, 'nothing is opened twice');
			if (got.length > 0) delivered++;
		}
		t.true(answered >= 0.97 * runs, `${answered} of ${runs} were answered`);
		t.true(delivered >= 0.95 * runs, `${delivered} of ${runs} had a session`);
	});
}

function isOver(initiator: {pollTimeout(): number}): boolean {
	return initiator.pollTimeout() === never;
}

test('a run is a function of its seed', t => {
	const trace = (seed: number): string => {
		const prng = new Prng(seed);
		const network = new Network(prng, {
			delay: 20_000,
			jitter: 20_000,
			loss: 0.2,
			repeat: 0.05,
			corrupt: 0.05,
		});
		const source = new TestSource(nullCrypto(new Prng(seed + 1)));
		network.add('source:1', source.responder(network.now));
		const initiator = source.initiator(network.now);
		network.add('receiver:1', initiator);
		const lines: string[] = [];
		network.onSend = (data, from) => {
			lines.push(`${network.now} ${from} ${Buffer.from(data).toString('hex')}`);
			return true;
		};
		network.runFor(5 * second);
		initiator.attach(new TestPayload(false), network.now);
		network.runFor(20 * second);
		return lines.join('\n');
	};
	t.is(trace(5), trace(5));
	t.not(trace(5), trace(6));
});

test('a hostile receiver that moves and replays gets no more than its path was proved for', t => {
	const network = new Network(new Prng(1));
	const source = new TestSource(nullCrypto(new Prng(2)));
	const responder = source.responder(network.now);
	network.add('source:1', responder);
	const initiator = source.initiator(network.now);
	network.add('receiver:1', initiator);
	network.runFor(second);
	drainEvents(initiator);
	const payload = new TestPayload(false);
	initiator.attach(payload, network.now);
	network.runFor(second);
	// The source has much to send, whatever the payload's own bounds are.
	const other = source.payloads[0]!;
	const sent = new Map<string, number>();
	const received = new Map<string, number>();
	const add = (to: Map<string, number>, name: string, size: number): void => {
		to.set(name, (to.get(name) ?? 0) + size);
	};
	network.onSend = (data, from, to) => {
		if (from === 'source:1') add(sent, to, data.length);
		else add(received, from, data.length);
		return true;
	};
	// It names an address of a victim in each of its packets, and repeats them from there.
	for (let count = 0; count < 200; count++) {
		other.queue.push(message(1100, 1));
		payload.queue.push(message(40, count));
		const from = `victim:${count % 7}`;
		const {data} = initiator.pollTransmit(network.now) ?? {data: new Uint8Array(0)};
		network.send(data, from, 'source:1');
		network.send(new Uint8Array(data), from, 'source:1');
		network.runFor(50_000);
	}
	t.is(source.sessions[0]!.peer, 'receiver:1');
	t.true(sent.size >= 7);
	for (const [address, size] of sent) {
		if (address !== 'receiver:1') t.true(size <= 3 * received.get(address)!, address);
	}
	t.is(responder.sessionCount, 1);
});

test('a flood of everything costs bounded answers, and an honest receiver gets through', t => {
	const network = new Network(new Prng(1), {
		delay: 20_000,
		jitter: 0,
		loss: 0,
		repeat: 0,
		corrupt: 0,
	});
	const source = new TestSource(nullCrypto(new Prng(2)));
	const responder = source.responder(network.now);
	network.add('source:1', responder);
	const prng = new Prng(3);
	const hello = source.initiator(micros(0)).pollTransmit(micros(0))!.data;
	const unpinned = source.initiator(micros(0), {identity: undefined}).pollTransmit(micros(0))!.data;
	const stranger = source.initiator(micros(0), {identity: prng.bytes(32)});
	const strange = stranger.pollTransmit(micros(0))!.data;
	const future = new Uint8Array(hello);
	future[0] = 0x33;
	let back = 0;
	let forth = 0;
	const initiator = source.initiator(network.now);
	network.add('receiver:1', initiator);
	network.onSend = (data, from, to) => {
		if (to.startsWith('flood')) back += data.length;
		if (from.startsWith('flood')) forth += data.length;
		return true;
	};
	const payload = new TestPayload(false);
	let attached = false;
	// Ten thousand datagrams a second, for three seconds.
	for (let step = 0; step < 300; step++) {
		for (let count = 0; count < 100; count++) {
			const data = prng.pick([hello, unpinned, strange, future, prng.bytes(1200)]);
			network.send(data, `flood:${prng.below(50)}`, 'source:1');
		}
		network.runFor(10_000);
		if (!attached && drainEvents(initiator).some(event => event.type === 'answered')) {
			attached = true;
			initiator.attach(payload, network.now);
		}
		if (step % 10 === 0) {
			payload.queue.push(message(30, 1));
			initiator.session?.wake();
		}
	}
	t.true(attached);
	t.true(source.payloads[0]!.received.length >= 25);
	t.true(source.asks.length <= 2000 * 4 + 1);
	t.true(back < forth, 'less goes back than came');
	t.is(responder.sessionCount, 1);
});
