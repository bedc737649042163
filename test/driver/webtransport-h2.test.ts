/** What a session over HTTP/2 does when things go wrong; the package alone is at the other end. */
import {setTimeout as sleep} from 'node:timers/promises';
import test from 'ava';
import {dialWebTransport} from '../../src/driver/webtransport-dial.ts';
import type {WebTransportLink} from '../../src/driver/webtransport-link.ts';
import {
	guardPing,
	http2Of,
	loadWebTransport,
	type PackageSession,
} from '../../src/driver/webtransport-package.ts';
import type {ShoalError} from '../../src/error.ts';
import type {DatagramLink} from '../../src/platform/datagram.ts';
import {Door, freshCertificate, until} from '../support/webtransport-pair.ts';

type Teardown = {teardown(then: () => Promise<void>): void};

function failuresOf(link: DatagramLink): Error[] {
	const failures: Error[] = [];
	link.receive({datagrams: () => undefined, failed: error => failures.push(error)});
	return failures;
}

async function openDoor(t: Teardown): Promise<Door> {
	const door = await Door.open('h2');
	t.teardown(() => door.close());
	return door;
}

/** The package alone, without a link around it: what it does is what the test says. */
async function openRaw(t: Teardown): Promise<{here: WebTransportLink; raw: PackageSession}> {
	const {package: library} = await loadWebTransport();
	const {certificate: cert, privateKey: privKey, hash} = freshCertificate();
	const server = new library.Http2Server({
		...{host: '127.0.0.1', port: 0, secret: 'x', cert, privKey},
	});
	const sessions = server.sessionStream('/shoal').getReader();
	server.startServer();
	await server.ready;
	const here = (await dialWebTransport({
		mode: 'h2',
		peer: `127.0.0.1:${server.address()!.port}`,
		certificateHashes: [hash],
		signal: new AbortController().signal,
	})) as WebTransportLink;
	const {value: raw} = await sessions.read();
	raw!.closed.catch(() => undefined);
	const http2 = http2Of(raw!);
	if (http2 !== undefined) guardPing(http2);
	t.teardown(async () => {
		await here.close();
		http2?.destroy();
		server.stopServer();
	});
	return {here, raw: raw!};
}

/** Datagrams until the link takes no more, or so many. */
function flood(link: DatagramLink, to: string, size: number, most: number): number {
	const data = new Uint8Array(size);
	for (let count = 0; count < most; count++) if (link.send([{data, to}]) === 0) return count;
	return most;
}

test.serial('a peer that reads nothing gets no more than the window', async t => {
	const {here, raw} = await openRaw(t);
	t.truthy(raw);
	const count = flood(here, here.peer, 1200, 100_000);
	t.true(count > 64 && count * 1200 <= 128 << 10, `${count} datagrams`);
	await sleep(300);
	t.is(flood(here, here.peer, 1200, 100_000), 0, 'it stays full');
	t.is(here.outstanding, count * 1200);
});

test.serial('what is on its way stays bounded while all of it arrives', async t => {
	const door = await openDoor(t);
	const {here, there} = await door.dial();
	const inbox = {arrived: 0};
	there.receive({
		datagrams: batch => {
			inbox.arrived += batch.length;
		},
		failed: () => undefined,
	});
	const count = 6000;
	let [sent, most] = [0, 0];
	while (sent < count) {
		sent += flood(here, here.peer, 1200, count - sent);
		most = Math.max(most, here.outstanding);
		if (sent < count) await new Promise<void>(resolve => here.drained(resolve));
	}
	await until(() => inbox.arrived === count);
	t.is(inbox.arrived, count);
	t.true(most < count * 600, `${most} octets on their way at most`);
});

test.serial(
	'a datagram that is too large is a counted failure, and the next one arrives',
	async t => {
		const door = await openDoor(t);
		const {here, there} = await door.dial();
		const sizes: number[] = [];
		there.receive({
			datagrams: batch => sizes.push(...batch.map(({data}) => data.length)),
			failed: error => t.fail(`${error}`),
		});
		const to = here.peer;
		const large = {data: new Uint8Array(here.payloadMax + 1), to};
		t.is(here.send([large, {data: new Uint8Array(here.payloadMax), to}]), 2);
		await until(() => sizes.length > 0);
		t.deepEqual(sizes, [here.payloadMax]);
		t.is(here.statistics.sendFailures, 1);
		t.is(here.statistics.datagramsOut, 1);
	},
);

test.serial('an end that closes is told to the other, once', async t => {
	const door = await openDoor(t);
	const {here, there} = await door.dial();
	const failures = failuresOf(there);
	await here.close();
	await until(() => failures.length > 0);
	t.is((failures[0] as ShoalError).code, 'PATH_UNREACHABLE');
	t.regex(failures[0]!.message, /^the WebTransport session with 127\.0\.0\.1:\d+ has ended/);
	t.is(there.send([{data: new Uint8Array(10), to: there.peer}]), 1);
	t.is(there.statistics.sendFailures, 1);
	await sleep(50);
	t.is(failures.length, 1);
});

test.serial('the code and the words of whoever closes arrive', async t => {
	const {here, raw} = await openRaw(t);
	const failures = failuresOf(here);
	raw.close({closeCode: 4, reason: 'too many\u0007'});
	await until(() => failures.length > 0);
	t.regex(failures[0]!.message, /has ended \(code 4\): "too many\\u0007"$/);
});

test.serial('a port that nothing listens on refuses, in the words of the system', async t => {
	const door = await openDoor(t);
	door.listener.close();
	await sleep(50);
	await t.throwsAsync(door.dial(), {code: 'PATH_UNREACHABLE', message: /ECONNREFUSED/});
});

test.serial('another certificate than the one known is refused', async t => {
	const door = await openDoor(t);
	await t.throwsAsync(door.dial([new Uint8Array(32)]), {
		code: 'PATH_UNREACHABLE',
		message: /it has another certificate than was said/,
	});
	await t.throwsAsync(door.dial([]), {
		code: 'PATH_UNREACHABLE',
		message: /SELF_SIGNED_CERT|DEPTH_ZERO/,
	});
	t.is(door.accepted.length, 0);
});

test.serial('a certificate is renewed while sessions go on', async t => {
	const door = await openDoor(t);
	const {here: before, there} = await door.dial();
	t.true(door.renew());
	const {here: after} = await door.dial();
	let arrived = 0;
	there.receive({
		datagrams: batch => (arrived += batch.length),
		failed: error => t.fail(`${error}`),
	});
	before.send([{data: new Uint8Array(100), to: before.peer}]);
	await until(() => arrived === 1);
	t.is(arrived, 1);
	await after.close();
	await before.close();
});

test.serial('a server that comes back at its port is reached again', async t => {
	const first = await openDoor(t);
	const {here} = await first.dial();
	const failures = failuresOf(here);
	const {port} = first.listener;
	await first.close();
	await until(() => failures.length > 0);
	t.is(failures.length, 1);
	await here.close();
	const second = await Door.open('h2', '127.0.0.1', port);
	t.teardown(() => second.close());
	const {here: again, there} = await second.dial();
	t.is(there.peer, again.local);
	await again.close();
});

test.serial('a dial that is given up ends at once', async t => {
	const door = await openDoor(t);
	const stop = new AbortController();
	const dialled = door.dial(undefined, stop.signal);
	stop.abort();
	await t.throwsAsync(dialled, {code: 'INTERRUPTED'});
});

test.serial(
	'a connection that is destroyed is pinged no more, though the package goes on',
	async t => {
		const {here, raw} = await openRaw(t);
		const http2 = http2Of(raw)!;
		http2.destroy();
		t.throws(() => Object.getPrototypeOf(http2).ping.call(http2, () => undefined), {
			code: 'ERR_HTTP2_INVALID_SESSION',
		});
		t.false(http2.ping(() => undefined));
		await here.close();
	},
);

test.serial('both ends of HTTP/2 let the other send far more than 65,535 octets ahead', async t => {
	const {raw} = await openRaw(t);
	const http2 = http2Of(raw)!;
	await until(() => (http2.state.remoteWindowSize ?? 0) > 65_535);
	t.is(http2.remoteSettings.initialWindowSize, 32 << 20);
	t.true(http2.state.remoteWindowSize! > 16 << 20, `${http2.state.remoteWindowSize}`);
});
