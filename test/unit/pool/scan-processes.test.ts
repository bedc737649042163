/** That a scan in processes of their own finds what one in threads finds, whatever becomes of them. */
import {execFile} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import test from 'ava';
import platform from '#platform';
import {processesOn} from '../../../native-free/process-thread.ts';
import type {Platform} from '../../../src/platform/platform.ts';
import type {Thread, ThreadHandler} from '../../../src/platform/thread.ts';
import {processesMax, ScanProcesses} from '../../../src/pool/scan-processes.ts';
import {scanTree} from '../../../src/pool/scan-tree.ts';
import type {ScanTable} from '../../../src/task/scan-table.ts';
import {at, growTree} from '../../support/grow-tree.ts';
import {sharedPools} from '../../support/pool.ts';
import {Prng} from '../../support/prng.ts';
import {tempDirectory} from '../../support/temp-directory.ts';

const poolOf = sharedPools();
const isHere = process.platform === 'linux';
const linuxTest = isHere ? test : test.skip;

type Started = {readonly thread: Thread; readonly ended: Promise<void>};

/** Processes of which is known what becomes of them. */
function watched(act: (started: Started, count: number) => void = () => undefined) {
	const started: Started[] = [];
	const on: Platform['processesOn'] = async root => {
		const processes = processesOn(root)!;
		const start = (handler: ThreadHandler): Thread => {
			let end = (): void => undefined;
			const ended = new Promise<void>(resolve => {
				end = resolve;
			});
			const thread = processes.threads.start({
				message: value => handler.message(value),
				exited: error => {
					end();
					handler.exited(error);
				},
			});
			started.push({thread, ended});
			act(started.at(-1)!, started.length);
			return thread;
		};
		return {...processes, threads: {...processes.threads, start}};
	};
	return {on, started};
}

const octetsOf = ({columns}: ScanTable): string[] =>
	Object.values(columns).map(({buffer, byteOffset, byteLength}) =>
		Buffer.from(buffer, byteOffset, byteLength).toString('latin1'),
	);

linuxTest('processes find what threads find, and end with the scan [SHOAL_SEED=21]', async t => {
	const root = tempDirectory(t);
	growTree(root, new Prng(21), 3000);
	mkdirSync(at(root, 'f\xe9ll'));
	writeFileSync(at(root, 'f\xe9ll/n\xefme'), '');
	const {on, started} = watched();
	const expected = await scanTree(poolOf(2), root);
	const found = await scanTree(poolOf(2), root, {
		processes: await ScanProcesses.start(poolOf(2), on, root),
	});
	t.deepEqual(octetsOf(found), octetsOf(expected));
	t.deepEqual(found.problems, expected.problems);
	t.is(started.length, 2);
	await Promise.all(started.map(({ended}) => ended));
});

linuxTest('a process that dies is replaced [SHOAL_SEED=22]', async t => {
	const root = tempDirectory(t);
	growTree(root, new Prng(22), 3000);
	const {on, started} = watched(({thread}, count) => {
		if (count === 1) void thread.stop();
	});
	const found = await scanTree(poolOf(2), root, {
		processes: await ScanProcesses.start(poolOf(2), on, root),
	});
	t.deepEqual(octetsOf(found), octetsOf(await scanTree(poolOf(2), root)));
	t.true(started.length > 1);
});

linuxTest('where no process lasts, threads scan [SHOAL_SEED=23]', async t => {
	const root = tempDirectory(t);
	growTree(root, new Prng(23), 300);
	const {on, started} = watched(({thread}) => void thread.stop());
	const found = await scanTree(poolOf(2), root, {
		processes: await ScanProcesses.start(poolOf(2), on, root),
	});
	t.deepEqual(octetsOf(found), octetsOf(await scanTree(poolOf(2), root)));
	t.true(started.length > 0);
});

/** Before the others, since it takes from all of this file what processes are started by. */
(isHere ? test.serial : test.skip)(
	'where none can be started, threads scan [SHOAL_SEED=24]',
	async t => {
		const root = tempDirectory(t);
		growTree(root, new Prng(24), 300);
		const {execPath} = process;
		process.execPath = join(root, 'missing');
		const {on} = watched();
		const found = await scanTree(poolOf(2), root, {
			processes: await ScanProcesses.start(poolOf(2), on, root),
		});
		process.execPath = execPath;
		t.deepEqual(octetsOf(found), octetsOf(await scanTree(poolOf(2), root)));
	},
);

linuxTest('where the system refuses to start any, threads scan [SHOAL_SEED=26]', async t => {
	const root = tempDirectory(t);
	growTree(root, new Prng(26), 300);
	const noSuchFd = 2 ** 20;
	const processes = await ScanProcesses.start(
		poolOf(2),
		async () => processesOn({fd: noSuchFd}),
		root,
	);
	const found = await scanTree(poolOf(2), root, {processes});
	t.deepEqual(octetsOf(found), octetsOf(await scanTree(poolOf(2), root)));
});

linuxTest(
	'a process is told nothing that Node was told for the program that starts it',
	async t => {
		const {execArgv} = process;
		process.execArgv = ['--input-type=module', '--no-addons'];
		const answer = new Promise((message, exited) => {
			const thread = processesOn({fd: 0})!.threads.start({message, exited});
			t.teardown(() => thread.stop());
			thread.post({kind: 'order', job: 1, task: 'none', input: {}}, []);
		});
		process.execArgv = execArgv;
		t.like(await answer, {job: 1});
	},
);

linuxTest('a process for which no descriptor is left ends like any other', async t => {
	const entry = new URL('../../../native-free/process-thread.js', import.meta.url);
	const program = `
		import {closeSync, openSync} from 'node:fs';
		import {processesOn} from ${JSON.stringify(entry)};
		const {threads} = processesOn({fd: 0});
		const held = [];
		const take = () => held.push(openSync('/dev/null'));
		try {
			for (;;) take();
		} catch {
			const message = () => undefined;
			const thread = threads.start({message, exited: error => console.log(error.message)});
			thread.post({}, []);
			held.map(closeSync);
		}
	`;
	const [shell, node] = ['ulimit -n 64 && exec "$@"', process.execPath];
	const options = ['-c', shell, 'sh', node, '--input-type=module', '-e', program];
	t.regex((await promisify(execFile)('/bin/sh', options)).stdout, /EMFILE/);
});

linuxTest('a process that does not come to do jobs in time is ended', async t => {
	const end = new Promise<Error | undefined>(exited => {
		const {threads} = processesOn({fd: 0}, 1)!;
		const thread = threads.start({message: () => undefined, exited});
		t.teardown(() => thread.stop());
	});
	t.regex((await end)!.message, /SIGKILL/);
});

linuxTest('an abort ends a scan in processes, and them [SHOAL_SEED=25]', async t => {
	const root = tempDirectory(t);
	growTree(root, new Prng(25), 3000);
	const abort = new AbortController();
	const {on, started} = watched();
	const reason = new Error('enough');
	const scan = scanTree(poolOf(2), root, {
		processes: await ScanProcesses.start(poolOf(2), on, root),
		signal: abort.signal,
		onProgress: () => abort.abort(reason),
	});
	t.is(await t.throwsAsync(scan), reason);
	await Promise.all(started.map(({ended}) => ended));
});

test('of many cores, no more have a process than there is memory for', async t => {
	let count = 0;
	const start = (): Thread => {
		count++;
		return {post: () => undefined, stop: async () => undefined};
	};
	const on: Platform['processesOn'] = async root => {
		return {root, threads: {...platform.threads, sharesMemory: false, start}};
	};
	const processes = await ScanProcesses.start(poolOf(processesMax + 1), on, tempDirectory(t));
	t.is(count, processesMax);
	await processes!.close();
});

test('on the calling thread alone, no process is started', async t => {
	const root = tempDirectory(t);
	const {on, started} = watched();
	t.is(await ScanProcesses.start(poolOf(0), on, root), undefined);
	t.is(started.length, 0);
});
