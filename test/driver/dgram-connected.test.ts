/** What only a real socket can show: refusals, buffers, addresses in use, names. */
import {setTimeout} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import {openLink, resolve} from '../../native-free/datagram.ts';
import type {ShoalError} from '../../src/error.ts';
import type {Datagram, DatagramLink} from '../../src/platform/datagram.ts';
import type {OpenLink} from '../../src/platform/platform.ts';

async function open(t: ExecutionContext, options: Partial<OpenLink> = {}): Promise<DatagramLink> {
	const link = await openLink({host: '127.0.0.1', port: 0, ...options});
	t.teardown(() => link.close());
	return link;
}

async function until(isDone: () => boolean): Promise<void> {
	for (let turn = 0; turn < 5000 && !isDone(); turn++) await setTimeout(1);
}

/** A port that nothing listens on, for as long as nothing else takes it. */
async function unusedPort(t: ExecutionContext): Promise<number> {
	const link = await open(t);
	await link.close();
	return Number(link.local.split(':').at(-1));
}

for (const host of ['127.0.0.1', '::1']) {
	test(`a connected link to ${host} notices that nothing listens`, async t => {
		const port = await unusedPort(t);
		const peer = host === '::1' ? `[::1]:${port}` : `${host}:${port}`;
		const link = await open(t, {host: '', peer});
		const failures: Error[] = [];
		link.receive({datagrams: () => t.fail(), failed: error => failures.push(error)});
		link.send([{data: new Uint8Array(100), to: peer}]);
		await until(() => failures.length > 0);
		t.is((failures[0] as ShoalError).code, 'PATH_UNREACHABLE');
		t.is(failures[0]!.message, `nothing answers at ${peer}: ECONNREFUSED`);
		t.notThrows(() => link.send([{data: new Uint8Array(100), to: peer}]), 'it can still be used');
	});
}

test('a connected link hears its peer and nobody else', async t => {
	const [peer, stranger] = [await open(t), await open(t)];
	const link = await open(t, {peer: peer.local});
	const arrived: Datagram[] = [];
	link.receive({datagrams: batch => arrived.push(...batch), failed: error => t.fail(`${error}`)});
	stranger.send([{data: Uint8Array.of(1), to: link.local}]);
	peer.send([{data: Uint8Array.of(2), to: link.local}]);
	await until(() => arrived.length > 0);
	await setTimeout(20);
	t.deepEqual(
		arrived.map(({data, from}) => [...data, from]),
		[[2, peer.local]],
	);
});

/** Waves of so many that what comes in a turn is read in another way in the next. */
for (const isKept of [false, true]) {
	const how = isKept ? 'keeps' : 'releases';
	test(`much that comes at once comes whole and in order to who ${how} it`, async t => {
		const peer = await open(t);
		const link = await open(t, {peer: peer.local, bufferSize: 1 << 20});
		const arrived: Uint8Array[] = [];
		link.receive({
			datagrams(batch) {
				for (const {data, from} of batch) {
					t.is(from, peer.local);
					arrived.push(isKept ? data : new Uint8Array(data));
					if (!isKept) link.release?.(data);
				}
			},
			failed: error => t.fail(`${error}`),
		});
		const sent: Uint8Array[] = [];
		for (let wave = 0; wave < 30; wave++) {
			const batch = Array.from({length: 40}, (_, index) => {
				const data = new Uint8Array(300 + ((wave * 40 + index) % 200)).fill(wave * 40 + index);
				return {data, to: link.local};
			});
			sent.push(...batch.map(({data}) => data));
			peer.send(batch);
			await until(() => arrived.length >= sent.length);
		}
		t.is(arrived.length, sent.length);
		t.true(arrived.every((data, index) => Buffer.compare(data, sent[index]!) === 0));
		t.is(link.statistics.datagramsIn, sent.length);
		t.is(
			link.statistics.bytesIn,
			sent.reduce((sum, {length}) => sum + length, 0),
		);
	});
}

test('an unconnected link that nobody answers fails nothing', async t => {
	const port = await unusedPort(t);
	const link = await open(t);
	link.receive({datagrams: () => t.fail(), failed: error => t.fail(`${error}`)});
	for (let count = 0; count < 3; count++) {
		link.send([{data: new Uint8Array(10), to: `127.0.0.1:${port}`}]);
		await setTimeout(5);
	}
	t.is(link.statistics.datagramsOut, 3);
});

test('what arrives in one turn is one batch', async t => {
	const [from, to] = [await open(t), await open(t)];
	const sizes: number[] = [];
	to.receive({datagrams: batch => sizes.push(batch.length), failed: error => t.fail(`${error}`)});
	const transmit = {data: new Uint8Array(100), to: to.local};
	from.send(Array.from({length: 24}, () => transmit));
	await until(() => sizes.reduce((sum, size) => sum + size, 0) === 24);
	t.is(
		sizes.reduce((sum, size) => sum + size, 0),
		24,
	);
	t.true(sizes.length <= 4, `24 datagrams came in ${sizes.length} batches`);
});

test('a datagram too large for the system is a counted failure', async t => {
	const [from, to] = [await open(t), await open(t)];
	from.receive({datagrams: () => t.fail(), failed: error => t.fail(`${error}`)});
	from.send([{data: new Uint8Array(65_508), to: to.local}]);
	await until(() => from.statistics.sendFailures > 0);
	t.is(from.statistics.sendFailures, 1);
});

test('an address in use or not ours is LISTEN_FAILED', async t => {
	const taken = await open(t);
	const port = Number(taken.local.split(':').at(-1));
	await t.throwsAsync(openLink({host: '127.0.0.1', port}), {
		code: 'LISTEN_FAILED',
		message: `cannot listen on 127.0.0.1:${port}: EADDRINUSE`,
	});
	await t.throwsAsync(openLink({host: '192.0.2.1', port: 0}), {code: 'LISTEN_FAILED'});
	await t.throwsAsync(openLink({host: 'no-such-host.invalid', port: 0}), {code: 'LISTEN_FAILED'});
});

test('both families can listen on one port', async t => {
	const four = await open(t, {host: '0.0.0.0'});
	const port = Number(four.local.split(':').at(-1));
	const six = await open(t, {host: '::', port});
	t.is(six.local, `[::]:${port}`);
});

test('a buffer larger than the system gives is no error', async t => {
	for (const bufferSize of [200_000, 2 ** 31 - 1]) {
		const [from, to] = [await open(t), await open(t, {bufferSize})];
		const arrived: Datagram[] = [];
		to.receive({datagrams: batch => arrived.push(...batch), failed: error => t.fail(`${error}`)});
		from.send([{data: Uint8Array.of(1), to: to.local}]);
		await until(() => arrived.length > 0);
		t.is(arrived.length, 1);
	}
});

test('names resolve to addresses with their port, a literal to itself', async t => {
	t.deepEqual(await resolve('127.0.0.1', 8730), ['127.0.0.1:8730']);
	t.deepEqual(await resolve('::1', 1), ['[::1]:1']);
	const local = await resolve('localhost', 5);
	t.true(local.includes('127.0.0.1:5') || local.includes('[::1]:5'));
	await t.throwsAsync(resolve('no-such-host.invalid', 1), {code: 'PATH_UNREACHABLE'});
});
