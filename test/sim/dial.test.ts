/**
 * A host with several addresses, some of which lead nowhere: which one answers, how soon, and what
 * is said where none does. In virtual time, with the real handshake.
 */
import test from 'ava';
import {Connection} from '../../src/engine/connection.ts';
import {dialOrder} from '../../src/engine/dial-order.ts';
import type {ShoalError} from '../../src/error.ts';
import {DialScene, refusing, roundTripMs, silent} from '../support/dial-scene.ts';

test('an IPv6 that leads nowhere costs a head start of 250 ms', async t => {
	const there = '192.0.2.1:8730';
	const scene = new DialScene([there]);
	const {outcome, ms} = await scene.dial([silent, there]);
	t.is((outcome as Connection).address, there);
	t.true(ms >= 250 && ms <= 250 + roundTripMs + 10, `${ms} ms`);
});

test('an address that refuses costs no more than its answer', async t => {
	const there = '[2001:db8::2]:8730';
	const scene = new DialScene([there]);
	const {outcome, ms} = await scene.dial([refusing, there]);
	t.is((outcome as Connection).address, there);
	t.true(ms <= 2 * roundTripMs + 10, `${ms} ms`);
});

test('an address that answers at once is the only one that is dialled', async t => {
	const there = '[2001:db8::2]:8730';
	const scene = new DialScene([there]);
	const {ms} = await scene.dial([there, silent, refusing]);
	t.true(ms <= roundTripMs + 10, `${ms} ms`);
	t.deepEqual(scene.dialled, [[there, 0]]);
});

test('addresses begin one head start after another', async t => {
	const addresses = [1, 2, 3, 4].map(host => `[2001:db8::${host}]:8730`);
	const scene = new DialScene([]);
	const {outcome, ms} = await scene.dial(addresses, 2000);
	t.deepEqual(
		scene.dialled,
		addresses.map((address, index) => [address, index * 250]),
	);
	t.is((outcome as ShoalError).code, 'PATH_SILENT');
	t.true(ms >= 2000 && ms <= 2010, `${ms} ms: the time limit is that of all together`);
	const {message} = outcome as ShoalError;
	for (const address of addresses) t.true(message.includes(address), message);
});

test('a refused port is said to be one, beside those that are silent', async t => {
	const {outcome, ms} = await new DialScene([]).dial([silent, refusing], 3000);
	const {code, exit, message} = outcome as ShoalError;
	t.deepEqual([code, exit], ['PATH_UNREACHABLE', 10]);
	t.is(message, `no answer from ${silent} in 3 s; nothing answers at ${refusing}: ECONNREFUSED`);
	t.true(ms <= 3010, `${ms} ms`);
});

test('a refused port alone is told at once', async t => {
	const {outcome, ms} = await new DialScene([]).dial([refusing]);
	t.is((outcome as ShoalError).code, 'PATH_UNREACHABLE');
	t.true(ms <= roundTripMs + 5, `${ms} ms`);
});

test('families take turns, in the order of the system; a family may be asked for', t => {
	const [a, b, c] = ['[2001:db8::1]:1', '[2001:db8::2]:1', '[2001:db8::3]:1'];
	const [x, y] = ['192.0.2.1:1', '192.0.2.2:1'];
	t.deepEqual(dialOrder('h', [a, b, c, x, y]), [a, x, b, y, c]);
	t.deepEqual(dialOrder('h', [x, y, a]), [x, a, y]);
	t.deepEqual(dialOrder('h', [a, x, b], 4), [x]);
	t.deepEqual(dialOrder('h', [x, a, y, b], 6), [a, b]);
	t.throws(() => dialOrder('h', [x], 6), {
		code: 'PATH_UNREACHABLE',
		message: 'h has no IPv6 address',
	});
	const many = Array.from({length: 100}, (_, index) => `192.0.2.${index}:1`);
	t.is(dialOrder('h', many).length, 8, 'a resolver does not decide how many are sent hellos');
});

test('a source that is full says when to come back, and is asked again then', async t => {
	const there = '192.0.2.1:8730';
	const scene = new DialScene([there], {module: {sessionsMax: 0}});
	const source = scene.sources.get(there)!;
	const refused = await scene.dial([there], 500, true);
	const {code, exit, retryMs} = refused.outcome as ShoalError;
	t.deepEqual([code, exit], ['SOURCE_BUSY', 10]);
	t.true(retryMs >= 1000, `${retryMs}`);
	t.true(refused.ms <= roundTripMs + 10, 'what does not fit the time limit is not waited for');
	scene.world.at(scene.world.now + 5_000_000, () => source.module.setLimits({}, scene.world.now));
	const waited = await scene.dial([there], 60_000, true);
	t.true(waited.outcome instanceof Connection);
	t.true(waited.ms >= 5000 && waited.ms < 30_000, `${waited.ms} ms`);
	t.is(source.told.length, 0, 'nobody who was turned away had a session');
});
