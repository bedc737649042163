/** Strangers at the port of WebTransport: whatever they send, who comes after them is served. */
import {once} from 'node:events';
import {connect as connectTls} from 'node:tls';
import test from 'ava';
import {Prng} from '../support/prng.ts';
import {seedsOr} from '../support/seeds.ts';
import {askSession, Door, until} from '../support/webtransport-pair.ts';

/** Types of capsules that the package reads, and some that nobody knows. */
const types = [
	[0x00],
	[0x68, 0x43],
	[0x78, 0xae],
	...Array.from({length: 13}, (_, index) => [0x99, 0x0b, 0x4d, 0x38 + index]),
	[0x3f],
	[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
];

function capsule(prng: Prng): Uint8Array {
	const body = prng.bytes(prng.below(40));
	const said = prng.chance(0.8) ? body.length : prng.below(64);
	return Uint8Array.from([...prng.pick(types), said, ...body]);
}

/** A session whose receiver sends capsules as they come into its head. */
async function babble(door: Door, prng: Prng): Promise<void> {
	const {client, stream} = await askSession(door);
	await Promise.race([once(stream, 'response'), once(stream, 'close')]);
	for (let count = 0; count < 30 && !stream.destroyed; count++) {
		stream.write(prng.chance(0.2) ? prng.bytes(1 + prng.below(100)) : capsule(prng));
		await new Promise(resolve => setImmediate(resolve));
	}
	client.destroy();
}

for (const seed of seedsOr(3, 4, 6)) {
	test.serial(`capsules of any kind harm nobody else [SHOAL_SEED=${seed}]`, async t => {
		const prng = new Prng(seed);
		const door = await Door.open('h2');
		t.teardown(() => door.close());
		for (let count = 0; count < 12; count++) await babble(door, prng);
		const {here, there} = await door.dial();
		const sizes: number[] = [];
		there.receive({
			datagrams: batch => sizes.push(...batch.map(({data}) => data.length)),
			failed: () => undefined,
		});
		here.send([{data: new Uint8Array(77), to: here.peer}]);
		await until(() => sizes.length > 0);
		t.deepEqual(sizes, [77]);
		await here.close();
	});
}

test.serial('a WebSocket over HTTP/1 is turned away', async t => {
	const door = await Door.open('h2');
	t.teardown(() => door.close());
	const socket = connectTls({
		...{host: '127.0.0.1', port: door.listener.port},
		...{rejectUnauthorized: false, ALPNProtocols: ['http/1.1']},
	});
	socket.on('error', () => undefined);
	await once(socket, 'secureConnect');
	socket.write(
		'GET /shoal HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
			'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
			'Sec-WebSocket-Protocol: webtransport_kDraft1\r\n\r\n',
	);
	let answer = 0;
	socket.on('data', data => {
		answer += data.length;
	});
	await once(socket, 'close');
	t.is(answer, 0);
	t.is(door.accepted.length, 0);
});
