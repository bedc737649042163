/** Hosts that speak for an identity whose secret they do not have. */
import test from 'ava';
import {crypto as realCrypto} from '../../../native-free/crypto.ts';
import {handshakeType} from '../../../src/session/handshake.ts';
import type {Initiator, InitiatorEvent} from '../../../src/session/initiator.ts';
import type {Host} from '../../../src/session/responder.ts';
import {delegationRole, signDelegation, signRotation} from '../../../src/session/statement.ts';
import {Prng} from '../../support/prng.ts';
import {type Dial, drainEvents, Network, TestSource, wallMs} from '../../support/session-pair.ts';

const second = 1_000_000;

type World = {readonly network: Network; readonly source: TestSource};

function setup(): World {
	return {network: new Network(new Prng(2)), source: new TestSource(realCrypto)};
}

/** Dialled, and given its time. */
function dialled({network, source}: World, options: Dial = {}): Initiator {
	const initiator = source.initiator(network.now, options);
	network.add('receiver:1', initiator);
	network.runFor(60 * second);
	return initiator;
}

/** The one event that has happened. */
function only<T extends InitiatorEvent['type']>(
	initiator: Initiator,
	type: T,
): Extract<InitiatorEvent, {type: T}> {
	const [event, ...more] = drainEvents(initiator);
	if (event?.type !== type || more.length > 0) throw new Error(`${type}, not ${event?.type}`);
	return event as Extract<InitiatorEvent, {type: T}>;
}

/** Patterns of the hellos that are sent from now on. */
function watchHellos(network: Network): string[] {
	const patterns: string[] = [];
	network.onSend = data => {
		if (data[0] === 1 && data[1] === handshakeType.hello) {
			patterns.push(['NX', 'NK', 'IK'][data[3]! - 1]!);
		}
		return true;
	};
	return patterns;
}

/** A host with a key of its own and nothing of the origin's but what that has signed. */
function relayOf(source: TestSource, rotations: readonly Uint8Array[] = []): Host {
	const {crypto} = source;
	const [own, hostKey] = [crypto.signGenerate(), crypto.dhGenerate()];
	const delegation = signDelegation(crypto, own.secret, {
		identity: own.public,
		host: hostKey.public,
		role: delegationRole.relay,
		notAfterMs: wallMs + 1_000_000,
		modules: [],
	});
	return {identity: source.identity.public, hostKey, delegation, rotations};
}

test('a relay is believed for the statement of the origin, and for nothing else', t => {
	const world = setup();
	const {network, source} = world;
	const hosts = [relayOf(source)];
	network.add('source:1', source.responder(network.now, {hosts}));
	const first = only(dialled(world), 'answered');
	t.deepEqual(first.identity, source.identity.public);
	const patterns = watchHellos(network);
	only(dialled(world, {delegation: new Uint8Array(first.delegation)}), 'answered');
	t.deepEqual(patterns, ['NK'], 'its delegation is kept like any other');
	const other = new TestSource(realCrypto);
	const forged = source.statement();
	forged[100]! ^= 1;
	for (const statement of [other.statement(), forged]) {
		source.says = {statement};
		const {error} = only(dialled(world), 'failed');
		t.is(error.code, 'PEER_AUTH_FAILED');
		t.regex(error.message, /relay of another source/);
	}
});

test('behind a relay, an origin with a new key is followed by who knows the old one', t => {
	const world = setup();
	const {network, source} = world;
	const host = relayOf(source);
	network.add('source:1', source.responder(network.now, {hosts: [host]}));
	const delegation = new Uint8Array(only(dialled(world), 'answered').delegation);
	const old = source.identity;
	const successor = new TestSource(realCrypto);
	const to = successor.identity.public;
	const rotations = [signRotation(realCrypto, old, successor.identity, 1)];
	source.says = {statement: successor.statement()};
	const hosts = [{...host, identity: to, rotations}];
	network.add('source:1', source.responder(network.now, {hosts}));
	const patterns = watchHellos(network);
	const event = only(dialled(world, {delegation}), 'answered');
	t.deepEqual(event.identity, to);
	t.deepEqual(event.rotations, rotations);
	t.deepEqual(patterns, ['NK', 'NX'], 'the proof is asked for anew');
	network.add('source:1', source.responder(network.now, {hosts: [{...hosts[0]!, rotations: []}]}));
	t.is(only(dialled(world), 'failed').error.code, 'PEER_AUTH_FAILED');
});

test('a host that has not proved to be of the pinned identity is not shown who asks', t => {
	const world = setup();
	const {network, source} = world;
	const host = relayOf(source);
	network.add('source:1', source.responder(network.now, {hosts: [host]}));
	const {secret: key} = realCrypto.dhGenerate();
	const delegation = new Uint8Array(only(dialled(world, {key}), 'answered').delegation);
	const patterns = watchHellos(network);
	only(dialled(world, {key, delegation}), 'answered');
	t.deepEqual(patterns, ['NK'], 'nor is a relay that has shown a statement before');
	source.refuse = () => ({code: 2, retryMs: 0, text: 'who are you'});
	t.is(only(dialled(world, {key}), 'refused').code, 2);
	t.deepEqual(patterns, ['NK', 'NX']);
	// Of itself anybody can be a source: without a pin it decides nothing.
	network.add('source:1', source.responder(network.now));
	t.is(only(dialled(world, {key, identity: undefined}), 'refused').code, 2);
	t.false(patterns.includes('IK'));
	t.true(source.asks.every(({clientKey}) => clientKey === undefined));
	only(dialled(world, {key}), 'refused');
	t.true(patterns.includes('IK'), 'its own host is');
});
