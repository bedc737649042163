import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {findSimilar} from '../../../src/receiver/similar.ts';
import type {ChangeTable} from '../../../src/task/change-table.ts';
import {sharedPools} from '../../support/pool.ts';

const poolOf = sharedPools();

/** Of each new file of `sizes` by name, the names of the files of one directory that it is given. */
async function similarOf(
	t: ExecutionContext,
	files: readonly string[],
	wanted: readonly string[],
): Promise<string[][]> {
	const path = mkdtempSync(join(tmpdir(), 'shoal-'));
	for (const name of files) writeFileSync(join(path, name), 'content');
	const pool = poolOf(0);
	const {tree} = pool.context;
	const root = tree.openRoot(path);
	t.teardown(() => {
		tree.closeDir(root);
		rmSync(path, {recursive: true});
	});
	const table = {
		path: (row: number) => Buffer.from(wanted[row]!),
		columns: {size: wanted.map(() => 100_000), mtimeSec: wanted.map(() => 1)},
	} as unknown as ChangeTable;
	const rows = wanted.map((_, row) => row);
	const found = await findSimilar({pool, order: {}, roots: [root], table, rows});
	return rows.map(row =>
		(found.get(row) ?? []).map(basis => basename(Buffer.from(basis.path).toString())),
	);
}

test('of all names of a directory the nearest is taken; where many are new, of those next to it', async t => {
	const stem = 'x'.repeat(240);
	const number = (index: number): string => `${index}`.padStart(3, '0');
	const files = Array.from({length: 200}, (_, index) => `${stem}-${number(index)}`);
	const nearest = `w${stem.slice(1)}-950`;
	const wanted = Array.from({length: 100}, (_, index) => `${stem}-${number(900 + index)}`);
	t.deepEqual(await similarOf(t, [...files, nearest], ['new', `${stem}-950`]), [[], [nearest]]);

	const all = await similarOf(t, [...files, nearest], wanted);
	t.true(all.every(([name, ...more]) => more.length === 0 && name!.startsWith(`${stem}-1`)));
});
