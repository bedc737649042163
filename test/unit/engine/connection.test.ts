import test from 'ava';
import type {Connection} from '../../../src/engine/connection.ts';
import {ShoalError} from '../../../src/error.ts';
import type {LinkHandler} from '../../../src/platform/datagram.ts';
import type {Payload} from '../../../src/session/payload.ts';
import {DialScene} from '../../support/dial-scene.ts';

test('a link that breaks between the answer and its session is told, once, to who attaches', async t => {
	const there = '192.0.2.1:8730';
	const scene = new DialScene([there]);
	const openLink = scene.openLink.bind(scene);
	let handler: LinkHandler | undefined;
	scene.openLink = options => {
		const link = openLink(options);
		const receive = link.receive.bind(link);
		link.receive = each => {
			handler = each;
			receive(each);
		};
		return link;
	};
	const connection = (await scene.dial([there])).outcome as Connection;
	const broken = new ShoalError('PATH_UNREACHABLE', 'the link broke');
	handler!.failed(broken);
	const told: ShoalError[] = [];
	const unused = {} as Partial<Payload> as Payload;
	connection.attach(unused, {early: () => undefined, failed: error => told.push(error)});
	t.deepEqual(told, [], 'not within the call');
	await Promise.resolve();
	handler!.failed(broken);
	t.deepEqual(told, [broken]);
	await connection.close();
});
