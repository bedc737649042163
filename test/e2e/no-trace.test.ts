/**
 * Of the packages that carry datagrams inside of WebTransport, one prints stack traces while it is
 * imported: no command shows any. The suite runs once more where native addons may not be loaded.
 */
import test from 'ava';
import {Workspace} from '../support/workspace.ts';

const trace = /^\s+at .+[:(]\d+|node:internal|MODULE_NOT_FOUND/m;

test('no command prints a stack trace', async t => {
	t.regex('Error: x\n    at load (file:///a/b.js:12:3)', trace, 'it would be seen');
	const space = new Workspace(t);
	space.write('tree/a', 'content');
	const server = await space.serve('tree', '--webtransport', '0');
	const url = String(server.listening['webTransportUrl']);
	const commands = [
		['doctor', url],
		['snapshot', space.at('tree')],
		['pull', url, space.at('h2'), '--link', 'h2'],
		['pull', url, space.at('h3'), '--link', 'h3'],
		['ls', url, '--link', 'h2'],
		['diff', url, space.at('h2'), '--link', 'h2'],
		['serve', space.at('missing'), '--webtransport', '0'],
	];
	for (const words of commands) {
		const {exit, output, errors} = await space.runPlain(...words);
		t.notRegex(output + errors, trace, words.join(' '));
		t.true(exit !== null && exit < 70, `${words.join(' ')}: ${exit}`);
	}
});
