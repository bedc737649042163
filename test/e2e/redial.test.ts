/** A session that breaks, and what is asked for until the next one is there. */

import test, {type ExecutionContext} from 'ava';
import platform from '#platform';
import {PathModel} from '../../src/congestion/model.ts';
import {Remote} from '../../src/engine/remote.ts';
import {serve} from '../../src/engine/serve.ts';
import type {ShoalError} from '../../src/error.ts';
import type {LinkName} from '../../src/link-name.ts';
import type {DatagramLink} from '../../src/platform/datagram.ts';
import {parseSourceUrl} from '../../src/session/source-url.ts';
import type {FetchRequest} from '../../src/transfer/request.ts';
import {objectKind} from '../../src/wire/frame.ts';
import {openTask} from '../support/task.ts';
import {Workspace} from '../support/workspace.ts';

async function start(space: Workspace, listen: string) {
	return await serve({
		configDirectory: space.at('config'),
		threads: 0,
		listen: [listen],
		modules: [{name: '', directory: space.at('tree'), scan: true}],
	});
}

/** The content of entry `position` of a list of one page. */
const contentOf = (position: number, length: number): FetchRequest => ({
	snapshot: 0,
	kind: objectKind.content,
	page: 0,
	position,
	count: 1,
	offset: 0,
	length,
});

/** A receiver of the source at `text`, and what it does when that goes away. */
async function dial(t: ExecutionContext, text: string) {
	const url = parseSourceUrl(text);
	let whenNoticed = (): void => undefined;
	const noticed = new Promise<void>(resolve => {
		whenNoticed = resolve;
	});
	const failures: ShoalError[] = [];
	let linkCount = 0;
	const openLink: typeof platform.openLink = options => {
		linkCount++;
		return platform.openLink(options);
	};
	const remote = await Remote.dial({
		platform: {...platform, openLink},
		task: openTask({kind: 'pull'}),
		dial: {
			addresses: [`127.0.0.1:${url.port}`],
			identity: url.identity!,
			module: new Uint8Array(0),
			sequence: 0,
			contactTimeout: 10e6,
			idleTimeout: 10e6,
		},
		makeController: () => new PathModel(),
		backlogMax: 1 << 20,
		failed: error => failures.push(error),
		remark: () => whenNoticed(),
	});
	t.teardown(() => remote.close());
	return {remote, noticed, failures, port: url.port, linkCount: () => linkCount};
}

test('what is asked for while the source is dialled again is asked of the next session', async t => {
	const space = new Workspace(t);
	space.write('tree/a', 'before');
	space.write('tree/b', 'meanwhile');
	const first = await start(space, '127.0.0.1:0');
	const {remote, noticed, failures, port} = await dial(t, first.urls[0]!);
	const before = await remote.fetchObject(contentOf(1, 6));
	t.is(new TextDecoder().decode(before), 'before');

	await first.close();
	await noticed;
	t.true(remote.hungry, 'nothing was outstanding: the next request dials');
	const asked = remote.fetchObject(contentOf(2, 9));
	const second = await start(space, `127.0.0.1:${port}`);
	t.teardown(() => second.close());
	const octets = await Promise.race([
		asked,
		new Promise<undefined>(resolve => setTimeout(() => resolve(undefined), 60_000)),
	]);
	t.is(octets && new TextDecoder().decode(octets), 'meanwhile');
	t.deepEqual(failures, []);
});

/** A link on which nothing leaves any more once it `isCut`. */
function cuttable(link: DatagramLink, isCut: () => boolean): DatagramLink {
	return {
		local: link.local,
		payloadMax: link.payloadMax,
		sizes: link.sizes,
		statistics: link.statistics,
		send: batch => (isCut() ? batch.length : link.send(batch)),
		drained: then => link.drained(then),
		receive: handler => link.receive(handler),
		close: () => link.close(),
	};
}

test('where a path begins to drop datagrams, the other ways are raced again, and the first that answers goes on', async t => {
	const space = new Workspace(t);
	space.write('tree/a', 'before');
	space.write('tree/b', 'meanwhile');
	const server = await start(space, '127.0.0.1:0');
	t.teardown(() => server.close());
	const url = parseSourceUrl(server.urls[0]!);
	let isCut = false;
	const dial = {
		addresses: [`127.0.0.1:${url.port}`],
		identity: url.identity!,
		module: new Uint8Array(0),
		sequence: 0,
		contactTimeout: 20e6,
		idleTimeout: 1e6,
	};
	const open = (peer: string) => platform.openLink({host: '0.0.0.0', port: 0, peer});
	const overUdp = async (peer: string) => cuttable(await open(peer), () => isCut);
	const links: [LinkName, string][] = [];
	const failures: ShoalError[] = [];
	// Whatever its name, the other way is one on which datagrams pass.
	let isKnown = false;
	const remote = await Remote.dial({
		platform,
		task: openTask({kind: 'pull'}),
		dial: {...dial, openLink: overUdp},
		fallbacks: () => (isKnown ? [{link: 'h2', dial: {...dial, openLink: open}}] : []),
		linked: (link, reason) => links.push([link, reason]),
		makeController: () => new PathModel(),
		backlogMax: 1 << 20,
		failed: error => failures.push(error),
		remark: () => undefined,
	});
	t.teardown(() => remote.close());
	await remote.fetchObject(contentOf(1, 6));
	// What the source has said meanwhile of other ways counts.
	isKnown = true;
	isCut = true;
	const octets = await remote.fetchObject(contentOf(2, 9));
	t.is(new TextDecoder().decode(octets), 'meanwhile');
	t.deepEqual(links, [
		['udp', 'UDP answered'],
		['h2', 'no answer over UDP within 1 s'],
	]);
	t.deepEqual(failures, []);
});

test('who is closed while dialling again does not go on dialling', async t => {
	const space = new Workspace(t);
	space.write('tree/a', 'content');
	const server = await start(space, '127.0.0.1:0');
	const {remote, noticed, failures, linkCount} = await dial(t, server.urls[0]!);
	await remote.fetchObject(contentOf(1, 7));
	await server.close();
	await noticed;
	void remote.fetchObject(contentOf(1, 7));
	// The first dial has been refused, and the next one is waited for.
	await new Promise(resolve => setTimeout(resolve, 120));
	await remote.close();
	const before = linkCount();
	await new Promise(resolve => setTimeout(resolve, 800));
	t.is(linkCount(), before);
	t.deepEqual(failures, []);
});
