/** What a poll costs a source, by strace(1): no system call on its tree but in the state directory. */
import {spawn, spawnSync} from 'node:child_process';
import {existsSync, readFileSync, readlinkSync} from 'node:fs';
import test from 'ava';
import {poll} from '../support/poll.ts';
import {Prng} from '../support/prng.ts';
import {RandomTree} from '../support/random-tree.ts';
import {Workspace} from '../support/workspace.ts';

/** Attaching to a process of one's own may be forbidden: then there is nothing to see. */
const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

/** File-system calls of process `pid` while `during` runs: the paths, anchors resolved. */
async function traced(
	pid: number,
	output: string,
	during: () => Promise<void>,
): Promise<string[] | undefined> {
	const words = ['-f', '-e', 'trace=%file,getdents64', '-o', output, '-p', String(pid)];
	const strace = spawn('strace', words, {stdio: ['ignore', 'ignore', 'pipe']});
	const closed = new Promise<void>(resolve => strace.once('close', () => resolve()));
	const said = await new Promise<string>(resolve => {
		strace.stderr.once('data', data => resolve(String(data)));
	});
	if (!said.includes('attached')) return undefined;
	await during();
	strace.kill('SIGINT');
	await closed;
	const paths = readFileSync(output, 'latin1').matchAll(/^\d+ +\w+\((?:[^"\n]*?)"([^"\n]+)"/gm);
	return [...paths].map(([, path]) => resolveAnchor(pid, path!));
}

/** `/proc/PID/fd/N/name` as the path that it is, if N is still open. */
function resolveAnchor(pid: number, path: string): string {
	const [, fd, rest] = /^\/proc\/(?:self|\d+)\/fd\/(\d+)(.*)$/.exec(path) ?? [];
	const held = `/proc/${pid}/fd/${fd}`;
	return fd === undefined || !existsSync(held) ? path : `${readlinkSync(held)}${rest}`;
}

(canTrace ? test : test.skip)('polls touch nothing of the tree, and open no session', async t => {
	const space = new Workspace(t);
	new RandomTree(space.at('tree'), new Prng(11)).grow(100);
	const server = await space.serve('tree');
	const first = await space.run('pull', server.url, space.at('mirror'));
	t.is(first.exit, 0, first.errors);
	const paths = await traced(server.pid, space.at('trace'), async () => {
		for (let count = 0; count < 3; count++) {
			const last = await poll(() => space.run('pull', server.url, space.at('mirror')));
			t.like(last, {unchanged: true, roundTrips: 1, datagramsIn: 1, datagramsOut: 1});
		}
	});
	if (paths === undefined) {
		t.log('strace may not attach here');
		return;
	}
	const own = [`${space.at('tree')}/.shoal/`, `${space.at('config')}/shoal/`];
	t.deepEqual(
		paths.filter(path => !own.some(place => path.startsWith(place))),
		[],
	);
});

(canTrace ? test : test.skip)('a transfer is seen by the same trace', async t => {
	const space = new Workspace(t);
	space.write('tree/d/file', 'content');
	const server = await space.serve('tree');
	const paths = await traced(server.pid, space.at('trace'), async () => {
		await space.run('pull', server.url, space.at('mirror'));
	});
	if (paths !== undefined) t.true(paths.some(path => path.endsWith('/file')));
	else t.pass();
});
