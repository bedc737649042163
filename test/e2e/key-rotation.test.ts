/** New keys for a source that serves: who knew the old one follows, and believes it no more. */
import {cpSync, readFileSync} from 'node:fs';
import test from 'ava';
import {poll} from '../support/poll.ts';
import {startServe} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

test('receivers follow a source to its new key, and refuse whoever has the old one', async t => {
	const source = new Workspace(t);
	source.write('tree/file', 'one');
	const server = await source.serve('tree');
	const receiver = new Workspace(t);
	const [mirror, byHost] = [receiver.at('mirror'), receiver.at('by host')];
	const bare = server.url.replace(/\/\/.*@/, '//');
	const pull = (url: string, to: string, ...words: string[]) =>
		receiver.run('pull', ...words, url, to);
	t.is((await pull(server.url, mirror)).exit, 0);
	t.is((await pull(bare, byHost)).exit, 0);
	cpSync(source.at('config'), source.at('stolen'), {recursive: true});

	const rotated = (await source.run('keygen', '--rotate')).lines.at(-1)!;
	t.true(server.url.includes(String(rotated['formerKey'])));
	const publicKey = String(rotated['publicKey']);
	t.not(publicKey, rotated['formerKey']);
	t.is((await source.run('keygen')).lines.at(-1)!['publicKey'], publicKey);

	// The server looks for a new key about once a second.
	let moved = await pull(server.url, mirror);
	for (let tries = 1; moved.errors === '' && tries < 100; tries++) {
		moved = await pull(server.url, mirror);
	}
	t.is(moved.exit, 0, moved.errors);
	t.true(moved.errors.includes(`has changed its key to ${publicKey}`), moved.errors);
	t.like(moved.lines.at(-1), {unchanged: true});
	const known = readFileSync(receiver.at('config/shoal/known_sources'), 'utf8');
	t.true(known.includes(publicKey));
	const again = await poll(async () => {
		const finished = await pull(server.url, mirror);
		t.is(finished.errors, '', 'it is said once');
		return finished;
	});
	t.like(again, {unchanged: true, roundTrips: 1});
	t.like((await pull(bare, byHost)).lines.at(-1), {exit: 0, unchanged: true});
	const stranger = new Workspace(t);
	t.is((await stranger.run('pull', server.url, stranger.at('mirror'))).exit, 0);

	const thief = {XDG_CONFIG_HOME: source.at('stolen')};
	const words = [source.at('tree'), '--listen', '127.0.0.1:0'];
	const impostor = await startServe(words, thief);
	t.teardown(() => impostor.stop());
	const refused = await pull(impostor.url, mirror);
	t.is(refused.exit, 5);
	t.regex(String(refused.errors), /another identity/);
	t.is((await stranger.run('pull', impostor.url, stranger.at('mirror'))).exit, 5);
});
