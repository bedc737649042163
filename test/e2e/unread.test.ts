/** A source that may not read all of its tree, or not write in it: what it says, what receivers do. */
import {chmodSync, chownSync, existsSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {lacksPlainUser, plainUser} from '../support/plain-user.ts';
import {type Finished, run, startServe} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

const missing = lacksPlainUser();
const title = missing === undefined ? '' : ` (left out: ${missing})`;
const check = missing === undefined ? test : test.skip;

/** Gives a directory and all below it to who runs the program. */
function giveAway(path: string): void {
	if (plainUser === undefined) return;
	chownSync(path, plainUser, plainUser);
	for (const entry of readdirSync(path, {withFileTypes: true, recursive: true})) {
		chownSync(join(entry.parentPath, entry.name), plainUser, plainUser);
	}
}

/** Paths and codes of the problems that a result names, by path. */
function problems({lines}: Finished): string[][] {
	const {errors} = lines.at(-1) as {errors: {path: string; code: string}[]};
	return errors.map(({path, code}) => [path, code]).sort();
}

check(
	`what a source may not read stays as it was at receivers, who delete nothing${title}`,
	async t => {
		const space = new Workspace(t);
		const runs = (...words: string[]) => run(words, space.environment, plainUser);
		for (const name of ['gone', 'secret', 'closed/inside']) space.write(`tree/${name}`, name);
		giveAway(space.path);
		const place = [space.at('tree'), '--listen', '127.0.0.1:0'];
		const server = await startServe(place, space.environment, plainUser);
		t.teardown(() => server.stop());
		const pull = () => runs('pull', '--delete', server.url, space.at('mirror'));
		const first = await pull();
		t.is(first.exit, 0, first.errors);

		rmSync(space.at('tree/gone'));
		space.write('tree/fresh', 'fresh');
		space.write('tree/secret', 'changed since');
		rmSync(space.at('tree/closed/inside'));
		giveAway(space.at('tree'));
		chmodSync(space.at('tree/secret'), 0);
		chmodSync(space.at('tree/closed'), 0);
		t.teardown(() => chmodSync(space.at('tree/closed'), 0o700));
		const taken = await runs('snapshot', space.at('tree'));
		const unread = [
			['closed', 'FILE_UNREADABLE'],
			['secret', 'FILE_UNREADABLE'],
		];
		t.is(taken.exit, 23);
		t.deepEqual(problems(taken), unread);

		await server.offers(String(taken.lines.at(-1)!['snapshot']));
		const partial = await pull();
		t.is(partial.exit, 23);
		t.deepEqual(problems(partial), unread);
		t.like(partial.lines.at(-1), {deleted: 0});
		for (const name of ['gone', 'secret', 'closed/inside']) {
			t.is(readFileSync(space.at(`mirror/${name}`), 'utf8'), name);
		}
		t.is(readFileSync(space.at('mirror/fresh'), 'utf8'), 'fresh');

		chmodSync(space.at('tree/secret'), 0o600);
		chmodSync(space.at('tree/closed'), 0o700);
		const whole = await runs('snapshot', space.at('tree'));
		t.is(whole.exit, 0, whole.errors);
		await server.offers(String(whole.lines.at(-1)!['snapshot']));
		// The copy has the mode of the closed directory as well: this opens it, the next one goes in.
		await pull();
		const last = await pull();
		t.is(last.exit, 0, last.errors);
		t.is(readFileSync(space.at('mirror/secret'), 'utf8'), 'changed since');
		for (const name of ['gone', 'closed/inside']) t.false(existsSync(space.at(`mirror/${name}`)));
	},
);

check(`a tree that may not be written in is served with its state elsewhere${title}`, async t => {
	const space = new Workspace(t);
	const runs = (...words: string[]) => run(words, space.environment, plainUser);
	for (const name of ['one', 'two', 'd/three']) space.write(`tree/${name}`, name);
	giveAway(space.path);
	const closed = ['d', 'd/three', 'one', 'two', '.'].map(name => space.at(`tree/${name}`));
	for (const path of closed) chmodSync(path, 0o555);
	t.teardown(() => {
		for (const name of ['tree', 'tree/d', 'mirror', 'mirror/d']) {
			if (existsSync(space.at(name))) chmodSync(space.at(name), 0o755);
		}
	});
	const refused = await runs('snapshot', space.at('tree'));
	t.is(refused.exit, 11);
	t.regex(refused.errors, /permission denied.*--state/);
	const words = [space.at('tree'), '--state', space.at('state')];
	t.like((await runs('snapshot', ...words)).lines.at(-1), {exit: 0, filesHashed: 3});
	const place = [...words, '--listen', '127.0.0.1:0'];
	const server = await startServe(place, space.environment, plainUser);
	t.teardown(() => server.stop());
	const pulled = await runs('pull', server.url, space.at('mirror'));
	t.is(pulled.exit, 0, pulled.errors);
	t.is(readFileSync(space.at('mirror/d/three'), 'utf8'), 'd/three');
	t.deepEqual(readdirSync(space.at('tree')).sort(), ['d', 'one', 'two']);
});
