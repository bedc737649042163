/** A session that breaks, and what is asked for until the next one is there. */

import test, {type ExecutionContext} from 'ava';
import platform from '#platform';
import {PathModel} from '../../src/congestion/model.ts';
import {Remote} from '../../src/engine/remote.ts';
import {serve} from '../../src/engine/serve.ts';
import type {ShoalError} from '../../src/error.ts';
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
		new Promise<undefined>(resolve => setTimeout(() => resolve(undefined), 8000)),
	]);
	t.is(octets && new TextDecoder().decode(octets), 'meanwhile');
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
