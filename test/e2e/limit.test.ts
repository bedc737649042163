/** What an operator allows, on real sockets: together, while running, and who is turned away. */
import {existsSync, writeFileSync} from 'node:fs';
import test from 'ava';
import {Prng} from '../support/prng.ts';
import {ended, start, startServe} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/** Resolves when a pull into this directory has begun to stage. */
async function begun(destination: string): Promise<void> {
	while (!existsSync(`${destination}/.shoal`)) await wait(50);
}

test('on SIGHUP a server takes other limits for sessions that go on', async t => {
	const space = new Workspace(t);
	space.write('tree/file', new Prng(5).bytes(6_000_000));
	await space.run('snapshot', space.at('tree'));
	const config = space.at('shoal.toml');
	const write = (limits: string) => writeFileSync(config, `${limits}\n[module.m]\npath = "tree"\n`);
	write('bwlimit-total = "100K"');
	const words = ['--config', config, '--listen', '127.0.0.1:0'];
	const server = await startServe(words, space.environment);
	t.teardown(() => server.stop());
	const pulls = ['a', 'b'].map(name =>
		ended(start(['pull', server.url, space.at(name), '--json'], space.environment)),
	);
	await Promise.all([begun(space.at('a')), begun(space.at('b'))]);
	write('bwlimit-total = "fast"');
	server.kill('SIGHUP');
	await wait(500);
	const done = Promise.all(pulls);
	t.is(await Promise.race([done, wait(0).then(() => 'running')]), 'running');
	const startMs = performance.now();
	write('bwlimit-total = "20M"');
	server.kill('SIGHUP');
	for (const {exit, errors} of await done) t.is(exit, 0, errors);
	// 12 MB at 100 KiB a second are two minutes.
	const elapsedMs = performance.now() - startMs;
	t.true(elapsedMs < 60_000, `${elapsedMs} ms`);
});

test('a pull follows the limit in a file', async t => {
	const space = new Workspace(t);
	space.write('tree/file', new Prng(6).bytes(3_000_000));
	const server = await space.serve('tree');
	const rate = space.write('rate', '100K');
	const words = ['pull', server.url, space.at('mirror'), '--bwlimit-from', rate, '--json'];
	const pull = ended(start(words, space.environment));
	await begun(space.at('mirror'));
	writeFileSync(rate, '0');
	const {exit, errors} = await pull;
	t.is(exit, 0, errors);
	t.regex(errors, /from now on: no limit/);
});

test('who finds a server full comes back when told, or ends with 10', async t => {
	const space = new Workspace(t);
	space.write('tree/file', new Prng(7).bytes(2_000_000));
	const server = await space.serve('tree', '--max-clients', '1');
	const pull = (name: string, ...words: readonly string[]) =>
		ended(start(['pull', server.url, space.at(name), '--json', ...words], space.environment));
	// Slow until others have been turned away, however long that takes here.
	const rate = space.write('rate', '10K');
	const first = pull('a', '--bwlimit-from', rate);
	await begun(space.at('a'));
	const turned = await pull('b', '--contimeout', '5');
	t.is(turned.exit, 10, turned.output);
	t.regex(turned.output, /SOURCE_BUSY/);
	t.regex(turned.output, /too many sessions/);
	const waiting = pull('c', '--contimeout', '120');
	writeFileSync(rate, '2M');
	const patient = await waiting;
	t.is(patient.exit, 0, patient.output);
	t.is((await first).exit, 0);
});
