/** A receiver over HTTP/2 that does not read: what waits for it at the source has a bound. */
import {once} from 'node:events';
import type {ClientHttp2Stream} from 'node:http2';
import test from 'ava';
import type {WebTransportLink} from '../../src/driver/webtransport-link.ts';
import {askSession, Door, until} from '../support/webtransport-pair.ts';

/** Octets: the window before anything was echoed, the heads of its datagrams, and the echoes. */
const windowMin = 128 << 10;
const queuedMax = windowMin + 6000 + (16 << 10);

/** Octets of datagrams that it lets the source send ahead, at HTTP/2. */
const ahead = 65_535;

/** A session whose receiver can do anything; it reads only when it is told to. */
async function openSlow(t: {teardown(then: () => Promise<void> | void): void}) {
	const door = await Door.open('h2');
	t.teardown(() => door.close());
	const {client, stream} = await askSession(door, {initialWindowSize: ahead});
	t.teardown(() => client.destroy());
	await once(stream, 'response');
	await until(() => door.accepted.length > 0);
	return {stream, source: door.accepted[0]!};
}

function fill(source: WebTransportLink): number {
	const datagram = {data: new Uint8Array(1200), to: source.peer};
	let count = 0;
	while (source.send([datagram]) === 1) count++;
	return count;
}

/** A datagram capsule with a frame of the link: its type, and a count. */
function mark(total: number): Buffer {
	const capsule = Buffer.alloc(11);
	capsule.set([0, 9, 0xf0]);
	capsule.writeBigUInt64BE(BigInt(total), 3);
	return capsule;
}

async function sendAndWait(stream: ClientHttp2Stream, source: WebTransportLink, sent: Buffer) {
	let isRead = false;
	source.receive({
		datagrams: () => {
			isRead = true;
		},
		failed: () => undefined,
	});
	stream.write(sent);
	stream.write(Buffer.of(0, 1, 7));
	await until(() => isRead);
}

test.serial(
	'what waits for a receiver that reads nothing is bounded, whatever it asks',
	async t => {
		const {stream, source} = await openSlow(t);
		const count = fill(source);
		t.true(count > 64 && count * 1200 <= windowMin, `${count} datagrams`);
		const marks = Buffer.concat(Array.from({length: 20_000}, (_, index) => mark(index + 1)));
		t.true(marks.length > queuedMax, 'echoes to all of them would not fit');
		await sendAndWait(stream, source, marks);
		t.true(source.queued > 0);
		t.true(source.queued <= queuedMax, `${source.queued} octets`);
		t.is(fill(source), 0);
	},
);

test.serial('a receiver that reads again has all of it, and is echoed again', async t => {
	const {stream, source} = await openSlow(t);
	fill(source);
	await sendAndWait(stream, source, mark(5));
	let read = Buffer.alloc(0);
	stream.on('data', (data: Buffer) => {
		read = Buffer.concat([read, data]);
	});
	const echo = mark(5);
	echo[2] = 0xf1;
	await until(() => source.queued === 0 && read.includes(echo));
	t.true(read.length > source.outstanding, 'all that was sent, and what goes with it');
	t.true(read.includes(echo));
});
