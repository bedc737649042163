import {createSocket, type Socket} from 'node:dgram';
import test, {type ExecutionContext} from 'ava';
import type {PathSettings} from '../../../bench/demo/impairment.ts';
import {Relay} from '../../../bench/demo/relay.ts';

const clear: PathSettings = {
	rate: 1e9,
	delayMs: 20,
	jitterMs: 0,
	loss: 0,
	burst: 1,
	reorder: 0,
	reorderMs: 0,
	queueMs: 100,
};

async function open(t: ExecutionContext): Promise<Socket> {
	const socket = createSocket('udp4');
	await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
	t.teardown(() => socket.close());
	return socket;
}

test('carries both ways for several receivers, each with the delay', async t => {
	const source = await open(t);
	source.on('message', (data, from) => source.send(`re: ${data}`, from.port, from.address));
	const relay = await Relay.open({
		sourcePort: source.address().port,
		toSource: clear,
		toReceiver: clear,
		seed: 1,
	});
	t.teardown(() => relay.close());
	const answers = await Promise.all(
		['a', 'b'].map(async text => {
			const receiver = await open(t);
			const start = performance.now();
			receiver.send(text, relay.port, '127.0.0.1');
			const answer = await new Promise<string>(resolve => {
				receiver.on('message', data => resolve(String(data)));
			});
			t.true(performance.now() - start >= 39);
			return answer;
		}),
	);
	t.deepEqual(answers, ['re: a', 're: b']);
	t.deepEqual(relay.entered, {toSource: 2, toReceiver: 2});
});

test('loses what it is asked to lose', async t => {
	const source = await open(t);
	let came = 0;
	source.on('message', () => came++);
	const relay = await Relay.open({
		sourcePort: source.address().port,
		toSource: {...clear, delayMs: 1, loss: 0.5},
		toReceiver: clear,
		seed: 2,
	});
	t.teardown(() => relay.close());
	const receiver = await open(t);
	for (let index = 0; index < 200; index++) receiver.send('x', relay.port, '127.0.0.1');
	while (came + relay.dropped.toSource < 200) {
		await new Promise(resolve => setTimeout(resolve, 5));
	}
	t.true(came > 50 && came < 150);
});
