/** The bench of long paths as a process: it runs, and leaves nothing, however it ends. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {whyNot} from '../../bench/wan/host.ts';
import {tempDirectory} from '../support/temp-directory.ts';

const bench = fileURLToPath(new URL('../../bench/wan/index.js', import.meta.url));
const setting = '/proc/sys/net/core/rmem_max';
const goneMsMax = 10_000;

const reason = whyNot();
const testHere = reason === undefined ? test.serial : test.serial.skip;
const named = (title: string): string => (reason === undefined ? title : `${title} (${reason})`);

function start(t: ExecutionContext, directory: string, words: readonly string[]) {
	const child = spawn(process.execPath, [bench, ...words], {
		env: {...process.env, TMPDIR: directory},
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	t.teardown(() => child.kill('SIGKILL'));
	const said: string[] = [];
	child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
	return {child, said: () => said.join('')};
}

/** Processes whose program stands below a directory: the link, and what is about to enter it. */
function running(directory: string): string[] {
	return readdirSync('/proc').filter(name => {
		if (!/^\d+$/.test(name)) return false;
		try {
			return readlinkSync(`/proc/${name}/exe`).startsWith(directory);
		} catch (error) {
			if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code!))
				return false;
			throw error;
		}
	});
}

async function until(what: string, isSo: () => boolean): Promise<void> {
	const endMs = performance.now() + goneMsMax;
	while (!isSo()) {
		if (performance.now() > endMs) throw new Error(`not in time: ${what}`);
		await sleep(20);
	}
}

/** A run that has set up a link; undefined if another bench holds the machine. */
async function startedRun(t: ExecutionContext, directory: string) {
	const {child, said} = start(t, directory, ['--load', 'one', '--program', 'shoal']);
	const exited = once(child, 'close');
	await until('a link', () => child.exitCode !== null || running(directory).length > 0);
	if (said().includes('another one')) {
		t.pass(said());
		return undefined;
	}
	t.is(Number(readFileSync(setting, 'utf8')), 64 << 20, said());
	return {child, exited};
}

testHere(named('a run that is interrupted leaves nothing'), async t => {
	const directory = tempDirectory(t);
	const before = readFileSync(setting, 'utf8');
	const run = await startedRun(t, directory);
	if (run === undefined) return;
	run.child.kill('SIGTERM');
	t.deepEqual(await run.exited, [143, null]);
	await until('no link', () => running(directory).length === 0);
	t.deepEqual(readdirSync(directory), []);
	t.is(readFileSync(setting, 'utf8'), before);
});

testHere(named('a run that is killed leaves files, and the next takes them away'), async t => {
	const directory = tempDirectory(t);
	const before = readFileSync(setting, 'utf8');
	const run = await startedRun(t, directory);
	if (run === undefined) return;
	run.child.kill('SIGKILL');
	await run.exited;
	await until('no link', () => running(directory).length === 0);
	t.is(readdirSync(directory).length, 1);

	const {child, said} = start(t, directory, ['--smoke']);
	const [exit] = await once(child, 'close');
	t.is(exit, 0, said());
	const runs = said()
		.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line) as Record<string, unknown>);
	if (runs[0]?.['skipped'] !== undefined) return;
	// Every program that is here has carried a tree over a short path.
	t.true(runs.some(({program}) => program === 'shoal'));
	for (const run of runs) t.like(run, {name: 'wan', isFinished: true, arrivedSize: 1 << 20});
	t.deepEqual(readdirSync(directory), []);
	t.is(readFileSync(setting, 'utf8'), before);
});

test('a machine that cannot run it is told why, and a smoke run goes on', async t => {
	const directory = tempDirectory(t);
	const path = join(directory, 'nothing');
	const child = spawn(process.execPath, [bench, '--smoke'], {
		env: {...process.env, TMPDIR: directory, PATH: path},
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	let said = '';
	child.stdout.setEncoding('utf8').on('data', (text: string) => {
		said += text;
	});
	const [exit] = await once(child, 'close');
	t.is(exit, 0);
	t.regex(said, /^\{"name":"wan","skipped":"it needs .*"\}\n$/);
});
