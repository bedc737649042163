import {createSocket, type Socket} from 'node:dgram';
import {once} from 'node:events';
import test, {type ExecutionContext} from 'ava';
import {findSocket, SocketReader} from '../../../native-free/socket-reader.ts';

/** It is /proc that says which descriptor is a socket's. */
const linux = process.platform === 'linux' ? test : test.skip;

async function bound(t: ExecutionContext, host: string): Promise<Socket> {
	const socket = createSocket({type: host.includes(':') ? 'udp6' : 'udp4'});
	socket.bind(0, host);
	await once(socket, 'listening');
	t.teardown(() => close(socket));
	return socket;
}

/** A test may have closed it. */
function close(socket: Socket): Promise<void> {
	return new Promise(resolve => {
		try {
			socket.close(resolve);
		} catch {
			resolve();
		}
	});
}

/** One that sends, and one that is connected to it and that Node does not read from. */
async function pair(t: ExecutionContext, host = '127.0.0.1') {
	const [from, to] = [await bound(t, host), await bound(t, host)];
	to.connect(from.address().port, host);
	await once(to, 'connect');
	const six = host.includes(':');
	const file = findSocket(to.address().port, from.address().port, six);
	const send = async (sizes: readonly number[]): Promise<void> => {
		for (const [index, size] of sizes.entries()) {
			const data = new Uint8Array(size).fill(index + 1);
			await new Promise(resolve => from.send(data, to.address().port, host, resolve));
		}
	};
	return {from, to, file, six, send};
}

for (const host of ['127.0.0.1', '::1']) {
	linux(`a connected socket's descriptor is found, and no other's, at ${host}`, async t => {
		const [one, two] = [await pair(t, host), await pair(t, host)];
		t.true(Number.isInteger(one.file));
		t.not(one.file, two.file);
		const [port, other] = [one.to.address().port, two.from.address().port];
		t.is(findSocket(port, other, one.six), undefined, 'it is connected to another port');
		t.is(findSocket(one.from.address().port, 0, !one.six), undefined, 'of another family');
	});
}

/** Over loopback a datagram is there when its sending has ended, before Node's loop looks for it. */
linux('all that waits is read, in order, each on its own', async t => {
	const {file, send} = await pair(t);
	const reader = new SocketReader(file!);
	const sizes = [1, 1472, 65_507, 0, 500];
	await send(sizes);
	const arrived: Uint8Array[] = [];
	t.true(reader.read(data => arrived.push(data)));
	t.deepEqual(
		arrived.map(data => [data.length, data[0], data.at(-1)]),
		[
			[1, 1, 1],
			[1472, 2, 2],
			[65_507, 3, 3],
			[500, 5, 5],
		],
	);
	t.true(
		reader.read(() => t.fail()),
		'nothing waits any more',
	);
});

linux('datagrams of no octets make no read longer than others do', async t => {
	const {file, send} = await pair(t);
	const reader = new SocketReader(file!);
	await send([...new Array<number>(220).fill(0), 9]);
	t.true(reader.read(() => t.fail()));
	const arrived: Uint8Array[] = [];
	t.true(reader.read(data => arrived.push(data)));
	t.deepEqual(
		arrived.map(({length}) => length),
		[9],
	);
});

linux('memory that was given back is used again, and no other', async t => {
	const {file, send} = await pair(t);
	const reader = new SocketReader(file!);
	const readOne = async (): Promise<Uint8Array> => {
		await send([100]);
		const arrived: Uint8Array[] = [];
		t.true(reader.read(data => arrived.push(data)));
		t.is(arrived.length, 1);
		return arrived[0]!;
	};
	const first = await readOne();
	t.true(reader.release(first));
	const second = await readOne();
	t.is(second.buffer, first.buffer);
	const third = await readOne();
	t.not(third.buffer, second.buffer, 'the second is still looked at');
	t.false(reader.release(second), 'it is not its own any more');
	t.false(reader.release(new Uint8Array(100)), 'it never was');
	t.true(reader.release(third));
	t.is((await readOne()).buffer, third.buffer);
});

linux('a reader of whose memory nothing comes back is of no use', async t => {
	const {file, send} = await pair(t);
	const reader = new SocketReader(file!);
	const arrived: Uint8Array[] = [];
	for (let count = 1; ; count++) {
		await send([count]);
		if (!reader.read(data => arrived.push(data))) break;
		t.is(arrived.length, count);
		t.true(count < 100);
	}
	t.true(arrived.length > 1);
	t.true(
		arrived.every((data, index) => data.length === index + 1 && data.every(each => each === 1)),
	);
});

linux('what the kernel tells of the socket is thrown', async t => {
	const {from, to, file} = await pair(t);
	const {port} = from.address();
	await new Promise<void>(resolve => from.close(resolve));
	t.teardown(() => to.removeAllListeners('error'));
	to.on('error', () => undefined);
	await new Promise(resolve => to.send(new Uint8Array(1), resolve));
	const reader = new SocketReader(file!);
	const error = t.throws(() => reader.read(() => t.fail()));
	t.is((error as NodeJS.ErrnoException).code, 'ECONNREFUSED', `nobody is at ${port}`);
});
