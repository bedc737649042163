import test from 'ava';
import {crypto} from '../../../native-free/crypto.ts';
import {nullCrypto} from '../../support/null-crypto.ts';
import {Prng} from '../../support/prng.ts';
import {
	drainEvents,
	message,
	Network,
	TestPayload,
	TestSource,
} from '../../support/session-pair.ts';

for (const [name, primitives] of [
	['null', nullCrypto(new Prng(1))],
	['real', crypto],
] as const) {
	test(`a poll and a session with ${name} crypto`, t => {
		const network = new Network(new Prng(2));
		const source = new TestSource(primitives);
		const responder = source.responder(network.now);
		network.add('source:1', responder);
		const initiator = source.initiator(network.now);
		network.add('receiver:1', initiator);
		network.runFor(1_000_000);
		const events = drainEvents(initiator);
		t.is(events.length, 1);
		const event = events[0]!;
		if (event.type !== 'answered') {
			t.fail(JSON.stringify(event));
			return;
		}
		t.is(event.roundTrip, 20_000);
		t.is(responder.sessionCount, 0);
		const payload = new TestPayload(1000, false);
		payload.queue.push(message(900, 1));
		initiator.attach(payload, network.now);
		network.runFor(100_000);
		t.is(responder.sessionCount, 1);
		t.is(source.payloads[0]!.received.length, 1);
		source.payloads[0]!.queue.push(message(1000, 2));
		payload.queue.push(message(500, 3));
		initiator.session!.wake();
		network.runFor(100_000);
		t.is(payload.received.length, 1);
		initiator.close(0, 'bye');
		network.runFor(100_000);
		t.is(responder.sessionCount, 0);
		t.deepEqual(source.payloads[0]!.closedWith, {code: 0, text: 'bye'});
		t.deepEqual(
			Object.values(responder.dropped).filter(count => count > 0),
			[],
		);
	});
}
