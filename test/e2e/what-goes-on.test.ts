/** What a run shows of itself while it runs: the list on SIGUSR1, and the trace. */
import {existsSync, readFileSync} from 'node:fs';
import test from 'ava';
import type {Event, Server} from '../../src/index.ts';
import {list, pull, pullDefaults, Scheduler, serve, takeSnapshot} from '../../src/index.ts';
import {parseSourceUrl} from '../../src/session/source-url.ts';
import {compareTrees} from '../support/compare-trees.ts';
import {Prng} from '../support/prng.ts';
import {ended, start, startServe, stopAll} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

test.after.always(stopAll);

type TraceEvent = {ph: string; name: string; cat?: string; tid: number; ts: number; dur: number} & {
	args: Record<string, unknown>;
};

const readTrace = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as TraceEvent[];

test('SIGUSR1 prints the list on both sides; a trace is whole after an interruption', async t => {
	const space = new Workspace(t);
	space.write('tree/large', new Prng(3).bytes(4_000_000));
	const words = [space.at('tree'), '--listen', '127.0.0.1:0', '--trace', space.at('serve.json')];
	const server = await startServe(words, space.environment);
	const pulling = start(
		['pull', server.url, space.at('mirror'), '--bwlimit', '500K', '--trace', space.at('pull.json')],
		space.environment,
	);
	let errors = '';
	pulling.stderr!.setEncoding('utf8').on('data', text => {
		errors += text;
	});
	const end = ended(pulling);
	// Before the program listens the signal is the inspector's.
	const fetches = / fetch +\w+ +[\d.]+ [kM]B of 4\.00 MB/;
	for (let tries = 0; !fetches.test(errors) && tries < 600; tries++) {
		await new Promise(resolve => setTimeout(resolve, 100));
		if (existsSync(space.at('mirror/.shoal'))) pulling.kill('SIGUSR1');
	}
	server.kill('SIGUSR1');
	pulling.kill('SIGINT');
	t.is((await end).exit, 20);
	t.regex(errors, /^shoal: \d+ tasks\nid +task +state/m);
	t.regex(errors, /\n\d+ +pull +\w+ .*\n(.*\n)*\d+ {5}fetch +\w+ +[\d.]+ [kM]B of 4\.00 MB/);
	t.regex(errors, /lane threads: \d of \d+ run/);
	t.notRegex(errors, /Debugger/);
	await server.stop();
	const pulled = readTrace(space.at('pull.json'));
	const last = pulled.filter(({ph, name}) => ph === 'e' && name === 'pull').at(-1);
	t.is(last?.args['state'], 'aborted');
	const served = readTrace(space.at('serve.json')).filter(({cat}) => cat === 'task');
	t.deepEqual([...new Set(served.map(({name}) => name))].sort(), [
		'hash',
		'list',
		'scan',
		'send',
		'serve',
		'snapshot',
	]);
});

test('one scheduler shows several runs; each run tells of its own tasks', async t => {
	const space = new Workspace(t);
	space.write('tree/a', 'content');
	const scheduler = new Scheduler();
	const common = {configDirectory: space.at('config'), scheduler, threads: 0};
	const told: string[] = [];
	const on = (event: Event): void => {
		if (event.event === 'task') told.push(`${event.change} ${event.task.kind}`);
	};
	const module = {name: '', directory: space.at('tree'), scan: true};
	const server: Server = await serve({...common, modules: [module], listen: ['127.0.0.1:0']});
	t.deepEqual(
		scheduler.tasks.map(({kind}) => kind),
		['serve'],
	);
	const source = parseSourceUrl(server.urls[0]!);
	const seen = new Set<string>();
	const leave = scheduler.watch({opened: ({kind}) => seen.add(kind)});
	const result = await pull({...pullDefaults, ...common, source, destination: space.at('m'), on});
	leave();
	t.true(result.ok);
	t.true(seen.has('send'), 'what the other run does is on the list too');
	t.false(told.includes('opened send'));
	for (const kind of ['pull', 'connect', 'list', 'plan', 'fetch', 'stage', 'publish']) {
		t.true(told.includes(`opened ${kind}`) && told.includes(`ended ${kind}`), kind);
	}
	t.is(told[0], 'opened pull');
	t.is(told.at(-1), 'ended pull');
	await list({...common, from: source, format: 'long', write: () => undefined, ...trust});
	await server.close();
	t.deepEqual(scheduler.tasks, []);
	t.deepEqual(scheduler.lanes, []);
});

const trust = {trustOnFirstUse: false, allowRollback: false};

test('a task aborted by its number ends its run, as an interruption', async t => {
	const space = new Workspace(t);
	space.write('tree/a', 'content');
	const scheduler = new Scheduler();
	scheduler.watch({opened: ({kind, id}) => kind === 'scan' && scheduler.abort(id)});
	const configDirectory = space.at('config');
	const error = await t.throwsAsync(
		takeSnapshot({directory: space.at('tree'), configDirectory, scheduler, threads: 0}),
	);
	t.is((error as {code?: string}).code, 'INTERRUPTED');
	t.deepEqual(scheduler.tasks, []);
});

test('any number of threads makes the same; as many as there are work at once', async t => {
	const space = new Workspace(t);
	const prng = new Prng(17);
	for (let index = 0; index < 400; index++) {
		space.write(`tree/${index % 7}/${index}`, prng.bytes(prng.below(3000)));
	}
	for (const name of ['x', 'y']) space.write(`tree/${name}`, prng.bytes(24_000_000));
	const configDirectory = space.at('config');
	const lists: Buffer[] = [];
	for (const threads of [0, 1, 2, 8]) {
		const scheduler = new Scheduler();
		let spans: Span[] = [];
		scheduler.watch({job: span => span.kind.startsWith('hash') && spans.push(span)});
		const common = {configDirectory, scheduler, threads};
		let state = '';
		// One thread may have done it all before the other has started, if cores are few.
		for (let turn = 0; turn < 8; turn++) {
			spans = [];
			state = space.at(`state-${threads}-${turn}`);
			const output = space.at(`list-${threads}-${turn}`);
			await takeSnapshot({...common, directory: space.at('tree'), state, output});
			lists.push(readFileSync(output));
			t.deepEqual(lists.at(-1), lists[0], `${threads} threads`);
			if (threads < 2 || overlap(spans)) break;
		}
		t.true(new Set(spans.map(({thread}) => thread)).size <= Math.max(1, threads));
		if (threads > 1) t.true(overlap(spans), `${threads} threads: jobs overlap`);
		const module = {name: '', directory: space.at('tree'), state, scan: false};
		const server = await serve({...common, modules: [module], listen: ['127.0.0.1:0']});
		const source = parseSourceUrl(server.urls[0]!);
		const destination = space.at(`mirror-${threads}`);
		const result = await pull({...pullDefaults, ...common, source, destination});
		await server.close();
		t.true(result.ok);
		t.deepEqual(compareTrees(space.at('tree'), destination), []);
	}
});

type Span = {readonly thread: number; readonly beganAt: number; readonly endedAt: number};

/** Whether two threads had a job at one time. */
function overlap(spans: readonly Span[]): boolean {
	return spans.some(one =>
		spans.some(
			other =>
				other.thread !== one.thread && other.beganAt < one.endedAt && one.beganAt < other.endedAt,
		),
	);
}
