/** kill -9 of either side in the middle of a pull over loopback. */
import {spawn} from 'node:child_process';
import {existsSync, readdirSync, statSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {Prng} from '../support/prng.ts';
import type {Serving} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

const program = fileURLToPath(new URL('../../../bin/shoal.js', import.meta.url));
const mebibyte = 1024 * 1024;

/** Octets of a pull that may take as long as it likes: `--bwlimit` keeps it in its middle. */
const large = 6 * mebibyte;

function makeTree(space: Workspace): void {
	const prng = new Prng(9);
	space.write('tree/large', prng.bytes(large));
	for (let index = 0; index < 50; index++) space.write(`tree/small/${index}`, prng.bytes(900));
}

/** The same address again: a restarted source is where it was. */
function placeOf(server: Serving): string {
	return /@(.*)$/.exec(server.url)![1]!;
}

/** Octets in DEST's staging directory. */
function stagedOctets(mirror: string): number {
	const stage = `${mirror}/.shoal/stage`;
	if (!existsSync(stage)) return 0;
	return readdirSync(stage, {recursive: true, encoding: 'utf8'})
		.map(name => statSync(`${stage}/${name}`, {throwIfNoEntry: false}))
		.reduce((sum, stat) => sum + (stat?.isFile() ? stat.blocks * 512 : 0), 0);
}

async function until(condition: () => boolean, what: string): Promise<void> {
	const endMs = performance.now() + 60_000;
	while (!condition()) {
		if (performance.now() > endMs) throw new Error(`never came: ${what}`);
		await new Promise(resolve => setTimeout(resolve, 20));
	}
}

/** Starts a pull that is slow enough to be met in its middle, and waits until it is there. */
async function pullToTheMiddle(t: ExecutionContext, space: Workspace, url: string) {
	const words = ['pull', url, space.at('mirror'), '--json', '--bwlimit', '1M'];
	const child = spawn(process.execPath, [program, ...words], {
		env: {...process.env, ...space.environment},
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	t.teardown(() => child.kill('SIGKILL'));
	let output = '';
	let errors = '';
	child.stdout.setEncoding('utf8').on('data', text => {
		output += text;
	});
	child.stderr.setEncoding('utf8').on('data', text => {
		errors += text;
	});
	const closed = new Promise<number | null>(resolve => child.once('close', resolve));
	await until(() => stagedOctets(space.at('mirror')) > mebibyte, 'a staged mebibyte');
	return {
		child,
		ended: async () => {
			const exit = await closed;
			const last = output.trimEnd().split('\n').at(-1) ?? '';
			const result = last === '' ? {} : (JSON.parse(last) as Record<string, unknown>);
			return {exit, errors, result};
		},
	};
}

test('a pull that is killed leaves DEST as it was, and the next one asks for the rest', async t => {
	const space = new Workspace(t);
	makeTree(space);
	const server = await space.serve('tree');
	const killed = await pullToTheMiddle(t, space, server.url);
	killed.child.kill('SIGKILL');
	await killed.ended();
	t.deepEqual(readdirSync(space.at('mirror')), ['.shoal'], 'nothing is published');

	const next = await space.run('pull', server.url, space.at('mirror'));
	t.is(next.exit, 0, next.errors);
	t.deepEqual(compareTrees(space.at('tree'), space.at('mirror')), []);
	const {bytesLiteral} = next.lines.at(-1) as {bytesLiteral: number};
	t.true(bytesLiteral < large - mebibyte / 2, `${bytesLiteral} of ${large} were asked for again`);
});

test('a source that is killed and started again is dialled again, and the pull goes on', async t => {
	const space = new Workspace(t);
	makeTree(space);
	const first = await space.serve('tree');
	const pull = await pullToTheMiddle(t, space, first.url);
	first.kill('SIGKILL');
	await space.serve('tree', '--listen', placeOf(first));
	const {exit, errors, result} = await pull.ended();
	t.is(exit, 0, errors);
	t.regex(errors, /dialling again/);
	t.deepEqual(compareTrees(space.at('tree'), space.at('mirror')), []);
	t.true(Number(result['wireBytesIn']) < 2 * large, 'what had come was not fetched again');
});

test('a source that is killed for good ends the pull with one error; what came is kept', async t => {
	const space = new Workspace(t);
	makeTree(space);
	const first = await space.serve('tree');
	const pull = await pullToTheMiddle(t, space, first.url);
	first.kill('SIGKILL');
	const {exit, errors, result} = await pull.ended();
	t.true(exit === 10 || exit === 30 || exit === 35, `exit ${exit}`);
	t.is(errors.split('\n').filter(line => /^shoal: [A-Z_]+:/.test(line)).length, 1, errors);
	t.like(result, {ok: false, exit, errorCount: 1});
	t.deepEqual(readdirSync(space.at('mirror')), ['.shoal']);

	const second = await space.serve('tree', '--listen', placeOf(first));
	const next = await space.run('pull', second.url, space.at('mirror'));
	t.is(next.exit, 0, next.errors);
	t.deepEqual(compareTrees(space.at('tree'), space.at('mirror')), []);
	const {bytesLiteral} = next.lines.at(-1) as {bytesLiteral: number};
	t.true(bytesLiteral < large - mebibyte / 2);
});
