/** `snapshot --changed`: the list is the one that a look at everything makes, at a smaller price. */
import {spawn, spawnSync} from 'node:child_process';
import {
	chmodSync,
	linkSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {text} from 'node:stream/consumers';
import {setTimeout as sleep} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import {takeSnapshot} from '../../src/index.ts';
import {Prng} from '../support/prng.ts';
import {RandomTree} from '../support/random-tree.ts';
import {seedsOr} from '../support/seeds.ts';
import {program} from '../support/shoal-process.ts';
import {seeTree, touched} from '../support/touched-paths.ts';
import {Workspace} from '../support/workspace.ts';

const octets = (path: string): Uint8Array => Uint8Array.from(Buffer.from(path, 'latin1'));

/** Takes snapshots in this process: of what is named, and of all, with a state of its own. */
function taker(space: Workspace) {
	const common = {directory: space.at('tree'), configDirectory: space.at('config'), threads: 0};
	return {
		all: () => takeSnapshot({...common, state: space.at('all')}),
		part: (changed?: readonly string[]) =>
			takeSnapshot({
				...common,
				state: space.at('part'),
				...(changed === undefined ? {} : {changed: changed.map(octets)}),
			}),
	};
}

for (const seed of seedsOr(31, 32, 33)) {
	test(`what an updater names makes the same list as a look at all [SHOAL_SEED=${seed}]`, async t => {
		const space = new Workspace(t);
		const prng = new Prng(seed);
		const tree = new RandomTree(space.at('tree'), prng);
		tree.grow(60);
		const take = taker(space);
		await take.part();
		for (let round = 0; round < 12; round++) {
			const before = seeTree(space.at('tree'));
			tree.change(1 + prng.below(8));
			const changed = touched(before, seeTree(space.at('tree')), prng);
			const part = await take.part(changed);
			const all = await take.all();
			t.is(part.snapshot, all.snapshot, `round ${round}: ${JSON.stringify(changed)}`);
			t.is(part.bytesTotal, all.bytesTotal);
		}
	});
}

async function agree(t: ExecutionContext, space: Workspace, ...changed: string[]): Promise<void> {
	const take = taker(space);
	const [part, all] = [await take.part(changed), await take.all()];
	t.is(part.snapshot, all.snapshot, JSON.stringify(changed));
}

test('names of one file, directories that come and go, and files in their place', async t => {
	const space = new Workspace(t);
	space.write('tree/a/one', 'one');
	space.write('tree/a/b/two', 'two');
	space.write('tree/a!', 'between');
	await taker(space).part();
	const at = (path: string) => space.at(`tree/${path}`);
	linkSync(at('a/one'), at('a/b/link'));
	await agree(t, space, 'a/b/link');
	chmodSync(at('a/one'), 0o600);
	await agree(t, space, 'a/b/link');
	rmSync(at('a/one'));
	await agree(t, space, 'a/one');
	space.write('tree/new/deep/file', 'x');
	space.write('tree/new/beside', 'not named');
	await agree(t, space, 'new/deep/file');
	rmSync(at('a'), {recursive: true});
	await agree(t, space, 'a/b/two');
	writeFileSync(at('a'), 'a file now');
	await agree(t, space, 'a');
	rmSync(at('a'));
	mkdirSync(at('a'));
	renameSync(at('new'), at('a/new'));
	await agree(t, space, 'new', 'a');
	utimesSync(space.at('tree'), 1, 1);
	await agree(t, space, '');
});

test('what is not named stays as it was until everything is looked at', async t => {
	const space = new Workspace(t);
	space.write('tree/d/named', 'one');
	space.write('tree/d/other', 'one');
	const take = taker(space);
	const first = await take.part();
	space.write('tree/d/other', 'changed behind the back');
	t.is((await take.part(['d/named'])).snapshot, first.snapshot);
	t.is((await take.part([])).changed, false);
	const whole = await take.part();
	t.true(whole.changed);
	t.is(whole.snapshot, (await take.all()).snapshot);
});

test('paths come by lines or NULs, escaped or absolute; what is not below is refused', async t => {
	const space = new Workspace(t);
	space.write('tree/line\nbreak', 'x');
	space.write('tree/#name', 'x');
	await space.run('snapshot', space.at('tree'));
	const snapshot = (input: string, ...words: string[]) => {
		const all = ['snapshot', space.at('tree'), '--changed', '-', '--json', ...words];
		const options = {input, env: {...process.env, ...space.environment}};
		const {status, stdout, stderr} = spawnSync(process.execPath, [program, ...all], options);
		const last = String(stdout).trimEnd().split('\n').at(-1)!;
		return {status, files: JSON.parse(last).files as number, errors: String(stderr)};
	};
	t.like(snapshot('line\\#012break\r\n#name\n'), {status: 0, files: 2});
	t.like(snapshot('line\nbreak\0#name\0', '-0'), {status: 0, files: 2});
	t.like(snapshot(`${space.at('tree')}/./line\\#012break//\n`), {status: 0, files: 1});
	t.like(snapshot('.shoal/head\n'), {status: 0, files: 0});
	for (const root of ['.', space.at('tree')]) {
		const {status, errors} = snapshot(`${root}\n`, '-v');
		t.is(status, 0);
		t.notRegex(errors, /there is no list/, 'all of the tree was asked for');
	}
	for (const bad of ['/etc/passwd\n', '../up\n', `${space.at('tree')}2/x\n`]) {
		const {status, errors} = snapshot(bad);
		t.is(status, 1, bad);
		t.regex(errors, /--changed/);
	}
});

test('paths may come late, and in parts', async t => {
	const space = new Workspace(t);
	for (const name of ['one', 'two']) space.write(`tree/${name}`, 'x');
	await space.run('snapshot', space.at('tree'));
	const words = ['snapshot', space.at('tree'), '--changed', '-', '--json'];
	const env = {...process.env, ...space.environment};
	const child = spawn(process.execPath, [program, ...words], {env});
	const said = text(child.stdout);
	await sleep(1500);
	child.stdin.write('one\ntw');
	await sleep(300);
	child.stdin.end('o\n');
	const last = (await said).trimEnd().split('\n').at(-1)!;
	t.like(JSON.parse(last), {ok: true, files: 2});
});

const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

(canTrace ? test : test.skip)('nothing else of the tree is touched, by strace(1)', async t => {
	const space = new Workspace(t);
	for (let file = 0; file < 300; file++) space.write(`tree/d${file % 30}/f${file}`, `${file}`);
	await space.run('snapshot', space.at('tree'), '--state', space.at('state'));
	space.write('tree/d7/f7', 'changed');
	const list = space.write('list', 'd7/f7\nd8/gone\n');
	const words = ['snapshot', space.at('tree'), '--state', space.at('state'), '--changed', list];
	const trace = ['-f', '-e', 'trace=%file,getdents64', '-o', space.at('trace')];
	const env = {...process.env, ...space.environment};
	const {status} = spawnSync('strace', [...trace, process.execPath, program, ...words], {env});
	t.is(status, 0);
	const calls = readFileSync(space.at('trace'), 'latin1');
	const names = [...calls.matchAll(/\/proc\/\d+\/fd\/\d+\/([^"]*)"/g)].map(([, name]) => name!);
	t.true(names.includes('f7') && names.includes('gone'), 'what is named is looked at');
	t.deepEqual([...new Set(names.filter(name => /^[df]\d+$/.test(name)))].sort(), [
		'd7',
		'd8',
		'f7',
	]);
});
