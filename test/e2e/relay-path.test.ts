/** Origin, relay and edge with bad paths between them; and what a relay does not do for that. */
import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync, realpathSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import platform from '#platform';
import type {PathSettings} from '../../bench/demo/impairment.ts';
import {Relay as BadPath} from '../../bench/demo/relay.ts';
import {askHead} from '../../src/engine/ask-head.ts';
import {parseSourceUrl} from '../../src/session/source-url.ts';
import {compareTrees} from '../support/compare-trees.ts';
import {Place, until} from '../support/place.ts';
import {Prng} from '../support/prng.ts';
import {RandomTree} from '../support/random-tree.ts';
import {type Serving, startServe} from '../support/shoal-process.ts';

/** 30 ms there and back and up to 8 ms more, 2 % lost in bursts, 2 % overtaken. */
const toReceiver: PathSettings = {
	rate: 6_000_000,
	delayMs: 15,
	jitterMs: 4,
	loss: 0.02,
	burst: 2,
	reorder: 0.02,
	reorderMs: 8,
	queueMs: 100,
};
const toSource: PathSettings = {...toReceiver, rate: toReceiver.rate / 10};

/** Where `url` is reached by a bad path. */
async function byBadPath(t: ExecutionContext, url: string, seed: number) {
	const sourcePort = Number(/:(\d+)/.exec(url)![1]);
	const path = await BadPath.open({sourcePort, toSource, toReceiver, seed});
	t.teardown(() => path.close());
	return {path, url: url.replace(/@.*$/, `@127.0.0.1:${path.port}`)};
}

const hasRsync = spawnSync('rsync', ['--version']).status === 0;

/** What rsync(1) would do to make of one the other. */
function rsyncFinds(from: string, to: string): string {
	const words = ['-aHnci', '--delete', '--exclude=/.shoal', '--', `${from}/`, `${to}/`];
	const {stdout, stderr} = spawnSync('rsync', words, {encoding: 'utf8'});
	return stdout + stderr;
}

const seed = 61;

test(`behind two bad paths an edge is what the origin is, whole and after an update [SHOAL_SEED=${seed}]`, async t => {
	const prng = new Prng(seed);
	const [origin, relay, edge] = [new Place(t), new Place(t), new Place(t)];
	const tree = new RandomTree(origin.tree, prng.fork());
	tree.grow(80);
	const large = prng.bytes(2_000_000);
	origin.space.write('tree/large', large);
	const first = await byBadPath(t, await origin.serve(), 1);
	t.is((await relay.pull(first.url)).exit, 0);
	const second = await byBadPath(t, await relay.serve(), 2);
	const holds = async () => {
		const {exit, errors} = await edge.pull(second.url);
		t.is(exit, 0, JSON.stringify(errors));
		t.deepEqual(compareTrees(origin.tree, edge.tree), []);
		if (hasRsync) t.is(rsyncFinds(origin.tree, edge.tree), '');
	};
	await holds();
	tree.grow(20);
	large.set(prng.bytes(1000), 1_000_000);
	origin.space.write('tree/large', large);
	const newest = await origin.publish();
	t.is((await relay.pull(first.url)).exit, 0);
	await relay.offers(newest);
	await holds();
	for (const {path} of [first, second]) {
		t.true(path.dropped.toReceiver > 0, 'the paths were bad');
	}
	// Sums are what a pull does not bring; all else of the relay's work is to read what is wanted.
	t.deepEqual(
		relay.jobs.filter(kind => !['datagrams', 'read', 'sum'].includes(kind)),
		[],
	);
	if (!hasRsync) t.log('rsync(1) is not here to compare them, too');
});

/** A tree of `count` files whose names nothing else has. */
function grow(place: Place, count: number): void {
	for (let index = 0; index < count; index++) {
		place.space.write(`tree/branch-${index >> 6}/leaf-${index}`, `content of ${index}`);
	}
}

/** A relay of what `origin` has, not running yet. */
async function relayOf(t: ExecutionContext, origin: Place): Promise<Place> {
	const relay = new Place(t);
	const {exit, errors} = await relay.pull(await origin.serve());
	t.is(exit, 0, JSON.stringify(errors));
	await origin.stop();
	return relay;
}

/** Starts a process that serves the tree of `place`. */
async function serveAlone(
	t: ExecutionContext,
	{space, tree}: Place,
	words: readonly string[] = [],
	through: readonly string[] = [],
): Promise<Serving> {
	const all = [tree, '--listen', '127.0.0.1:0', ...words];
	const server = await startServe(all, space.environment, undefined, through);
	t.teardown(() => server.stop());
	return server;
}

/** Asks as who met it never and as who has its newest snapshot. */
async function pollTwice({url}: Serving): Promise<void> {
	const source = parseSourceUrl(url);
	const ask = async (sequence: number): Promise<number> => {
		const {answered} = await askHead(platform, source, {
			identity: source.identity,
			delegation: undefined,
			sequence,
			contactTimeoutSeconds: 60,
			signal: new AbortController().signal,
		});
		return answered.head.sequence;
	};
	await ask(await ask(0));
}

/** A tracer that is the child of what it traces stops when that does: `-D`. */
const tracer = ['strace', '-D', '-f', '-y', '--seccomp-bpf', '-e', 'trace=%file,getdents64'];
const canTrace = spawnSync('strace', [...tracer.slice(1), '-o', '/dev/null', 'true']).status === 0;

(canTrace ? test : test.skip)(
	'a relay that starts and is polled names no file of its tree to the system, until one is wanted',
	async t => {
		const origin = new Place(t);
		grow(origin, 300);
		const relay = await relayOf(t, origin);
		const output = relay.space.at('calls');
		const server = await serveAlone(t, relay, [], [...tracer, '-o', output]);
		/** Calls that name a file or a directory of the tree, or list one. */
		const callsOnTree = (): string[] => {
			const root = realpathSync(relay.tree);
			return readFileSync(output, 'latin1')
				.split('\n')
				.filter(call => /(branch|leaf)-\d/.test(call) || call.includes(`getdents64(`))
				.filter(call => !call.includes('getdents64(') || call.includes(`<${root}>`));
		};
		await pollTwice(server);
		t.true(readFileSync(output, 'latin1').includes('origin'), 'the trace has what it looked at');
		t.deepEqual(callsOnTree(), []);
		// The same trace sees what there is to see.
		t.is((await new Place(t).pull(server.url)).exit, 0);
		await until(t, async () => callsOnTree().length >= 300);
		await server.stop();
	},
);

const hasStat = existsSync('/proc/self/stat');

/** Clock ticks of all processors that a process has had. */
function ticksOf({pid}: Serving): number {
	const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return Number(fields[11]) + Number(fields[12]);
}

(hasStat ? test : test.skip)(
	'a relay starts and is polled without a job, and twenty times the files cost it little',
	async t => {
		const origins = [new Place(t), new Place(t)] as const;
		grow(origins[0], 300);
		grow(origins[1], 6000);
		const scanning = await serveAlone(t, origins[1]);
		await pollTwice(scanning);
		const ticksOfScan = ticksOf(scanning);
		await scanning.stop();
		const ticks: number[] = [];
		for (const origin of origins) {
			const relay = await relayOf(t, origin);
			const trace = relay.space.at('trace.json');
			const server = await serveAlone(t, relay, ['--trace', trace]);
			await pollTwice(server);
			ticks.push(ticksOf(server));
			await server.stop();
			const events = JSON.parse(readFileSync(trace, 'utf8')) as {cat?: string; name: string}[];
			const jobs = events.filter(({cat}) => cat === 'job').map(({name}) => name);
			t.deepEqual(
				jobs.filter(name => name !== 'datagrams'),
				[],
			);
		}
		const [few, many] = ticks as [number, number];
		t.log(`${few} and ${many} ticks for 300 and 6,000 files, ${ticksOfScan} for a scan of 6,000`);
		// Most of each is to start a process at all.
		t.true(many - few < (ticksOfScan - few) / 2, 'the files cost it less than half of a scan');
	},
);
