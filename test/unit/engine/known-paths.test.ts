import {chmodSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import platform from '../../../native-free/index.ts';
import {KnownPaths} from '../../../src/engine/known-paths.ts';

const [there, here] = ['192.0.2.1:8730', '192.0.2.7:4000'];
const record = {rate: 12_500_000, roundTrip: 100_000};

function place(t: ExecutionContext): string {
	const path = mkdtempSync(join(tmpdir(), 'shoal-paths-'));
	t.teardown(() => rmSync(path, {recursive: true, force: true}));
	return join(path, 'config');
}

test('what one run keeps the next one recalls, until it was wrong', t => {
	const path = place(t);
	const remarks: string[] = [];
	const open = () => new KnownPaths(platform, path, text => remarks.push(text));
	t.is(open().recall(there, here), undefined);
	open().keep(there, here, record);
	t.like(open().recall(there, here), record);
	open().keep(there, here, 'refuted');
	t.is(open().recall(there, here), undefined);
	t.deepEqual(remarks, []);
});

test('where it cannot be kept a run goes on, and says so', t => {
	const path = place(t);
	const remarks: string[] = [];
	const paths = new KnownPaths(platform, path, text => remarks.push(text));
	paths.keep(there, here, record);
	chmodSync(path, 0o777);
	t.is(paths.recall(there, here), undefined);
	paths.keep(there, here, record);
	t.is(remarks.length, 2);
	t.regex(remarks[0]!, /not remembered.*others can write/);
});
