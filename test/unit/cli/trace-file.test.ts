import {readFileSync} from 'node:fs';
import test from 'ava';
import {TraceFile} from '../../../src/cli/trace-file.ts';
import {ShoalError} from '../../../src/error.ts';
import {Workspace} from '../../support/workspace.ts';

test('the file is whole JSON after each write', t => {
	const path = new Workspace(t).at('trace.json');
	const file = new TraceFile(path);
	const read = () => JSON.parse(readFileSync(path, 'utf8'));
	t.deepEqual(read(), []);
	file.append('{"a":"ä"}');
	t.deepEqual(read(), [{a: 'ä'}]);
	file.append('');
	file.append('{"b":1},\n{"c":2}');
	t.deepEqual(read(), [{a: 'ä'}, {b: 1}, {c: 2}]);
	file.close();
	t.deepEqual(read(), [{a: 'ä'}, {b: 1}, {c: 2}]);
});

test('a file that cannot be made is a usage error', t => {
	const error = t.throws(() => new TraceFile(new Workspace(t).at('a/b/c')));
	t.true(error instanceof ShoalError);
	t.is((error as ShoalError).code, 'OPTION_INVALID');
});
