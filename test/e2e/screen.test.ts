/** What a person sees: `pull` in a real terminal, over a path that loses and delays. */
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {Relay} from '../../bench/demo/relay.ts';
import {Prng} from '../support/prng.ts';
import {formOf, hasTmux, Tmux} from '../support/tmux.ts';
import {Workspace} from '../support/workspace.ts';

const inTmux = hasTmux ? test.serial : test.skip;
const program = fileURLToPath(new URL('../../../bin/shoal.js', import.meta.url));

/** Slow enough to be looked at: some three seconds for the tree. */
const way = {
	rate: 1e6,
	delayMs: 20,
	jitterMs: 2,
	loss: 0.01,
	burst: 2,
	reorder: 0,
	reorderMs: 0,
	queueMs: 100,
};

async function scene(t: ExecutionContext, size = 3e6): Promise<{space: Workspace; url: string}> {
	const space = new Workspace(t);
	const prng = new Prng(1);
	for (const name of ['one', 'two']) space.write(`tree/${name}`, prng.bytes(size / 2));
	const server = await space.serve('tree');
	const sourcePort = Number(/:(\d+)$/.exec(server.url)![1]);
	const relay = await Relay.open({sourcePort, toSource: way, toReceiver: way, seed: 1});
	t.teardown(() => relay.close());
	return {space, url: server.url.replace(/:\d+$/, `:${relay.port}`)};
}

function pullIn(
	t: ExecutionContext,
	columns: number,
	{space, url}: {space: Workspace; url: string},
	environment: NodeJS.ProcessEnv = {},
	...words: string[]
): Tmux {
	const all = [process.execPath, program, 'pull', ...words, url, space.at('mirror')];
	return new Tmux(t, columns, all, {...space.environment, ...environment});
}

/** The lines that are redrawn, which come last. */
const liveForm = (lines: readonly string[]): string[] =>
	formOf(lines.slice(lines.findIndex(line => line.startsWith('fetching'))));

/** Of a line that is drawn once there is something to say of the path. */
const told = /limited by/;

inTmux('a pull on 100 columns: what goes where, two lines that move, totals', async t => {
	const tmux = pullIn(t, 100, await scene(t));
	const live = await tmux.until(told);
	t.deepEqual(formOf(live.slice(0, 2)), [
		'snapshot ID, AGE, N entries, N B',
		'+N new ~N changed -N gone, N B to fetch, N GB free',
	]);
	t.regex(liveForm(live)[0]!, /^fetching {2}\[bar\] {2}N B of N B {2}N %( {2}N s left)?$/);
	t.regex(
		liveForm(live)[1]!,
		/^N B\/s( {2}(N B\/s on average|mean N B\/s))? {2}(round trip )?N ms {2}N lost, N repaired {2}limited by X$/,
	);
	t.is(live.length, 4);
	t.true(tmux.hasCursor);
	const end = await tmux.until(/^exit/);
	t.deepEqual(formOf(end), [
		'snapshot ID, AGE, N entries, N B',
		'+N new ~N changed -N gone, N B to fetch, N GB free',
		'sent N bytes  received N bytes  N bytes/sec',
		'total size is N  speedup is N',
		'exit N',
	]);
	t.is(end.at(-1), 'exit 0');
});

inTmux(
	'narrow terminals, also while it runs: lines fit, and nothing of the old ones stays',
	async t => {
		const tmux = pullIn(t, 80, await scene(t, 5e6));
		await tmux.until(told);
		for (const columns of [40, 20, 60, 33]) {
			tmux.resize(columns);
			const isFetching = (line: string): boolean => line.startsWith('fetching');
			// Until it is drawn again, what was drawn for the width before is there.
			await sleep(500);
			await tmux.until(lines => {
				const above = lines.findLastIndex(line => line.includes(' free'));
				const isOnce = lines.filter(isFetching).length === 1;
				const fits = lines.every(line => line.length <= columns);
				return isOnce && fits && above + 1 === lines.findIndex(isFetching);
			});
		}
		const end = await tmux.until(/^exit/);
		t.false(end.some(line => line.startsWith('fetching')));
	},
);

inTmux('interrupted: the screen is clean, and says how to go on', async t => {
	const tmux = pullIn(t, 80, await scene(t));
	await tmux.until(told);
	t.true(tmux.coloured().includes('\u001b[36m['), 'a coloured bar');
	tmux.press('C-c');
	const end = await tmux.until(/^exit/);
	t.deepEqual(formOf(end.slice(2)), [
		'shoal: stopping; once more stops at once',
		'shoal: INTERRUPTED: stopped by SIGINT. Run it again: what has arrived is kept.',
		'sent N bytes  received N bytes  N bytes/sec',
		'total size is N  speedup is N',
		'exit N',
	]);
	t.is(end.at(-1), 'exit 20');
	t.true(tmux.hasCursor);
});

inTmux('NO_COLOR has no colours, TERM=dumb nothing that moves, -q nothing at all', async t => {
	const world = await scene(t, 1e6);
	const plain = pullIn(t, 80, world, {NO_COLOR: '1'});
	await plain.until(told);
	t.false(plain.coloured().includes('\u001b['));
	await plain.until(/^exit/);
	const other = await scene(t, 5e5);
	const dumb = pullIn(t, 80, other, {TERM: 'dumb'});
	const seen = await dumb.until(/^exit|fetching/);
	t.is(seen.at(-1), 'exit 0', seen.join('\n'));
	const quiet = pullIn(t, 80, other, {}, '-q', '--check');
	t.deepEqual(await quiet.until(/^exit/), ['exit 0']);
});
