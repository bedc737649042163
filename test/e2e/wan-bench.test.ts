/**
 * The bench of long paths: its link does what it is told, and as a process it runs and leaves
 * nothing, however it ends.
 */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {Host, lockMachine, whyNot} from '../../bench/wan/host.ts';
import {addresses, compile, Link, type LinkReport} from '../../bench/wan/link.ts';
import {percentile} from '../../bench/wan/statistics.ts';
import {plain, type World} from '../../bench/wan/world.ts';
import {tempDirectory} from '../support/temp-directory.ts';

const bench = fileURLToPath(new URL('../../bench/wan/index.js', import.meta.url));
const setting = '/proc/sys/net/core/rmem_max';
const waitMs = 40_000;
const port = 9;

const reason = whyNot();
const testHere = reason === undefined ? test.serial : test.serial.skip;
const named = (title: string): string => (reason === undefined ? title : `${title} (${reason})`);

/** Why a test cannot be alone on this machine now, as what it sets is everybody's. */
let busy: string | undefined;
let before = '';

test.before(async () => {
	if (reason !== undefined) return;
	const endMs = performance.now() + waitMs;
	let lock = await lockMachine('shoal-test-wan');
	while (lock === undefined && performance.now() < endMs) {
		await sleep(100);
		lock = await lockMachine('shoal-test-wan');
	}
	const host = lock && (await Host.take('wan', waitMs));
	host?.release();
	if (host === undefined) busy = 'left out: another bench is running on this machine';
	before = readFileSync(setting, 'utf8');
});

function isBusy(t: ExecutionContext): boolean {
	if (busy !== undefined) t.pass(busy);
	return busy !== undefined;
}

type Offered = {readonly report: LinkReport; readonly sent: number; readonly minUs: number};

/** What a link makes of full packets at this rate for a second. */
async function offer(host: Host, world: World, rate: number, seed = 1): Promise<Offered> {
	const link = await Link.open(host, world, 'cubic', seed);
	const probe = async (side: 'source' | 'receiver', ...words: (string | number)[]) => {
		const [file, all] = link.enter(side, [join(host.directory, 'probe'), ...words.map(String)]);
		const child = spawn(file, all, {stdio: ['ignore', 'pipe', 'inherit']});
		let text = '';
		child.stdout.on('data', part => {
			text += String(part);
		});
		await once(child, 'close');
		return JSON.parse(text) as Record<string, number>;
	};
	try {
		await link.report();
		const receiving = probe('receiver', 'receive', port, 1.5);
		const {sent} = await probe('source', 'send', addresses.receiver, port, rate, 1);
		const {minUs} = await receiving;
		// What is still on its way comes through meanwhile.
		await sleep(200);
		return {report: await link.report(), sent: sent!, minUs: minUs!};
	} finally {
		await link.close();
	}
}

/** Machine and programs for one test. */
async function takeHost(t: ExecutionContext): Promise<Host> {
	const host = await Host.take('wan', waitMs);
	if (host === undefined) throw new Error('another bench has begun on this machine');
	t.teardown(() => host.release());
	compile(host.directory);
	return host;
}

testHere(named('a bottleneck passes its rate, and its queue holds what it was told'), async t => {
	if (isBusy(t)) return;
	const world = {...plain, down: 6e6, roundTripMs: 100};
	const {report, sent, minUs} = await offer(await takeHost(t), world, 1000);
	const {down} = report;
	t.is(down.packetsIn, sent);
	t.is(down.octetsIn, 1500 * sent);
	t.is(down.packetsOut + down.overflowed, sent);
	t.is(down.lost + down.refused + down.overrun, 0);
	// 500 packets a second and 50 in the queue; less where the sender was held up, so that the link
	// stood idle, and more where it took longer. Half of the rate would be 300, twice all of them.
	t.true(down.packetsOut >= 350 && down.packetsOut < 800, `${down.packetsOut}`);
	t.true(down.queuedUs.max > 90_000 && down.queuedUs.max <= 100_000, `${down.queuedUs.max}`);
	t.true(percentile(down.queuedUs, 0.5) > 50_000);
	t.true(minUs >= 52_000, `${minUs}: half a round trip and a packet's own time`);
});

testHere(named('loss is what it was told, in bursts or not, and equal for a seed'), async t => {
	if (isBusy(t)) return;
	const host = await takeHost(t);
	// A sender that is held up and then in a hurry must not fill the queue.
	const lossy = {...plain, roundTripMs: 2, queue: 100, loss: 0.1};
	const first = await offer(host, lossy, 4000);
	const again = await offer(host, lossy, 4000);
	t.is(first.report.down.packetsOut, first.sent - first.report.down.lost);
	t.deepEqual([again.sent, again.report.down.lost], [first.sent, first.report.down.lost]);
	const part = first.report.down.lost / first.sent;
	t.true(Math.abs(part - 0.1) < 5 * Math.sqrt((0.1 * 0.9) / first.sent), `${part}`);
	const {report, sent} = await offer(host, {...lossy, burst: 10}, 4000, 2);
	// Forty bursts or so, whose lengths are geometric: far less even.
	const inBursts = report.down.lost / sent;
	t.true(inBursts > 0.04 && inBursts < 0.18, `${inBursts}`);
});

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
	const endMs = performance.now() + waitMs;
	while (!isSo()) {
		if (performance.now() > endMs) throw new Error(`not in time: ${what}`);
		await sleep(20);
	}
}

/** A run that has set up a link. */
async function startedRun(t: ExecutionContext, directory: string) {
	const {child, said} = start(t, directory, ['--load', 'one', '--program', 'shoal']);
	const exited = once(child, 'close');
	await until('a link', () => child.exitCode !== null || running(directory).length > 0);
	t.is(Number(readFileSync(setting, 'utf8')), 64 << 20, said());
	return {child, exited};
}

testHere(named('a run that is interrupted leaves nothing'), async t => {
	if (isBusy(t)) return;
	const directory = tempDirectory(t);
	const run = await startedRun(t, directory);
	run.child.kill('SIGTERM');
	t.deepEqual(await run.exited, [143, null]);
	await until('no link', () => running(directory).length === 0);
	t.deepEqual(readdirSync(directory), []);
	t.is(readFileSync(setting, 'utf8'), before);
});

testHere(named('a run that is killed leaves files, and the next takes them away'), async t => {
	if (isBusy(t)) return;
	const directory = tempDirectory(t);
	const run = await startedRun(t, directory);
	run.child.kill('SIGKILL');
	await run.exited;
	await until('no link', () => running(directory).length === 0);
	t.is(readdirSync(directory).length, 1);

	const {child, said} = start(t, directory, ['--smoke']);
	const [exit] = await once(child, 'close');
	t.is(exit, 0, said());
	const lines = said().trimEnd().split('\n');
	const runs = lines.map(line => JSON.parse(line) as Record<string, unknown>);
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
