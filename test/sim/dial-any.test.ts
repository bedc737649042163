/**
 * A source that may be reached in several ways, over UDP and inside of WebTransport: which is taken,
 * when, and why it is said to be. In virtual time, with the real handshake; links are simulated.
 */
import test from 'ava';
import type {Reached} from '../../src/engine/dial-any.ts';
import type {ShoalError} from '../../src/error.ts';
import {DialScene, refusing, roundTripMs, silent} from '../support/dial-scene.ts';

const there = '192.0.2.1:8730';
const also = '192.0.2.2:443';

test('a source that answers UDP is asked over nothing else', async t => {
	const scene = new DialScene([there, also]);
	const {outcome, ms} = await scene.dialAny([
		['udp', there],
		['h3', also],
		['h2', also],
	]);
	const {way, reason} = outcome as Reached;
	t.deepEqual([way.link, reason], ['udp', 'UDP answered']);
	t.true(ms <= roundTripMs + 10, `${ms} ms`);
	await scene.world.driveAsync({until: 5_000_000});
	t.deepEqual(scene.dialled, [[there, 0]]);
});

test('where UDP is silent, the others are raced after a second, and the first is taken', async t => {
	const scene = new DialScene([also]);
	const {outcome, ms} = await scene.dialAny([
		['udp', silent],
		['h3', silent],
		['h2', also],
	]);
	const {way, reason} = outcome as Reached;
	t.deepEqual([way.link, reason], ['h2', 'no answer over UDP within 1 s']);
	t.true(ms >= 1000 && ms <= 1000 + roundTripMs + 10, `${ms} ms`);
	t.deepEqual(scene.dialled, [
		[silent, 0],
		[silent, 1000],
		[also, 1000],
	]);
});

test('where UDP is refused, the others do not wait', async t => {
	const {outcome, ms} = await new DialScene([also]).dialAny([
		['udp', refusing],
		['h2', also],
	]);
	const {way, reason} = outcome as Reached;
	t.deepEqual([way.link, reason], ['h2', `nothing answers at ${refusing}: ECONNREFUSED`]);
	t.true(ms <= 2 * roundTripMs + 20, `${ms} ms`);
});

test('a source that says no over UDP is not asked again over the others', async t => {
	const scene = new DialScene([there, also], {module: {sessionsMax: 0}});
	const {outcome, ms} = await scene.dialAny(
		[
			['udp', there],
			['h2', also],
		],
		500,
	);
	t.is((outcome as ShoalError).code, 'SOURCE_BUSY');
	t.true(ms <= roundTripMs + 10, `${ms} ms`);
	t.deepEqual(scene.dialled, [[there, 0]]);
});

test('where nothing gets through, all that was tried is named', async t => {
	const {outcome, ms} = await new DialScene([]).dialAny(
		[
			['udp', silent],
			['h2', refusing],
		],
		3000,
	);
	const {code, message} = outcome as ShoalError;
	t.is(code, 'PATH_UNREACHABLE');
	t.is(message, `no answer from ${silent} in 3 s; nothing answers at ${refusing}: ECONNREFUSED`);
	t.true(ms <= 3010, `${ms} ms`);
});
