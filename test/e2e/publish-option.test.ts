import {
	chmodSync,
	existsSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {ShoalError} from '../../src/error.ts';
import {changeDetail} from '../../src/receiver/update.ts';
import {compareTrees} from '../support/compare-trees.ts';
import {defaults, openUpdate, pullTree} from '../support/pull-tree.ts';
import {Scene} from '../support/scene.ts';

const encoder = new TextEncoder();

test('without --delete, what is only in DEST stays, but for what a file replaces', async t => {
	const scene = new Scene(t, 41);
	const {to} = scene;
	scene.write('a', 'a');
	scene.write('was directory', 'a file now');
	scene.write('was hollow', 'a file now');
	scene.write('was file/x', 'in a directory now');
	mkdirSync(join(to, 'was directory'), {recursive: true});
	mkdirSync(join(to, 'was hollow'));
	writeFileSync(join(to, 'was directory', 'kept'), 'kept');
	writeFileSync(join(to, 'was file'), 'a file');
	writeFileSync(join(to, 'own'), 'own');
	const {result, plan} = await scene.pull({options: {delete: false}});
	t.is(plan?.counts.deleted, 0);
	t.is(result?.exit, 23);
	t.deepEqual(
		result?.problems.map(({path}) => Buffer.from(path).toString()),
		['was directory'],
	);
	t.is(readFileSync(join(to, 'was directory', 'kept'), 'utf8'), 'kept');
	t.is(readFileSync(join(to, 'was hollow'), 'utf8'), 'a file now');
	t.is(readFileSync(join(to, 'was file/x'), 'utf8'), 'in a directory now');
	t.is(readFileSync(join(to, 'own'), 'utf8'), 'own');
	t.is((await scene.pull()).result?.exit, 0);
	t.deepEqual(compareTrees(scene.from, to), []);
});

test('too many deletions publish nothing: half of more than a hundred, or --max-delete', async t => {
	const scene = new Scene(t, 42);
	const {to, from} = scene;
	for (let file = 0; file < 120; file++) scene.write(`${file}`, `${file}`);
	await scene.pull();
	for (let file = 0; file < 60; file++) rmSync(join(from, `${file}`));
	scene.write('new', 'new');
	const refused = async (deleteMax: number | undefined): Promise<void> => {
		const error = await t.throwsAsync(scene.pull({options: {deleteMax}}), {
			instanceOf: ShoalError,
		});
		t.is(error?.code, 'DELETE_REFUSED');
		t.false(existsSync(join(to, 'new')));
		t.is(readdirSync(to).length, 121);
	};
	await refused(59);
	rmSync(join(from, '60'));
	await refused(undefined);
	const {result} = await scene.pull({options: {deleteMax: 61}});
	t.is(result?.deleted, 61);
	t.deepEqual(compareTrees(from, to), []);
	// Up to a hundred entries, all may go.
	for (let file = 61; file < 120; file++) rmSync(join(from, `${file}`));
	t.is((await scene.pull()).result?.deleted, 59);
});

test('pulls with records in different places see what the others have done', async t => {
	const scene = new Scene(t, 46);
	const {from, to, base} = scene;
	mkdirSync(join(base, 'state'));
	const elsewhere = {open: {state: join(base, 'state')}};
	scene.write('kept', 'kept');
	t.is((await scene.pull()).result?.exit, 0);
	t.true((await scene.pull()).unchanged);

	scene.write('passing', 'passing');
	t.is((await scene.pull(elsewhere)).result?.exit, 0);
	t.true(existsSync(join(to, 'passing')));
	t.true((await scene.pull(elsewhere)).unchanged);

	rmSync(join(from, 'passing'));
	const here = await scene.pull();
	t.is(here.result?.deleted, 1, 'only the other record knew of it');
	t.deepEqual(compareTrees(from, to), []);

	scene.write('passing', 'passing');
	await scene.pull();
	rmSync(join(from, 'passing'));
	t.false((await scene.pull(elsewhere)).unchanged);
	t.deepEqual(compareTrees(from, to), []);
});

test('a dry run writes nothing and says what would be', async t => {
	const scene = new Scene(t, 43);
	const {pool, from, to} = scene;
	scene.write('a', 'a');
	scene.write('b/c', 'c');
	const plan = async (): Promise<[string, string][]> => {
		const update = await openUpdate(pool, to, {dryRun: true});
		const planned = await update.plan((await scene.source()).list, defaults);
		const told: [string, string][] = [];
		planned.forEachChange((kind, path) => told.push([kind, Buffer.from(path).toString()]));
		await update.close();
		return told;
	};
	t.deepEqual(await plan(), [
		['new', ''],
		['new', 'a'],
		['new', 'b'],
		['new', 'b/c'],
	]);
	t.false(existsSync(to));
	await scene.pull();
	rmSync(join(to, '.shoal'), {recursive: true});
	writeFileSync(join(to, 'own'), '');
	rmSync(join(from, 'b/c'));
	const times = [statSync(to).mtimeMs, statSync(to).ctimeMs];
	t.deepEqual((await plan()).slice(-2), [
		['deleted', 'b/c'],
		['deleted', 'own'],
	]);
	t.deepEqual([statSync(to).mtimeMs, statSync(to).ctimeMs], times);
	t.deepEqual(readdirSync(to).sort(), ['a', 'b', 'own']);
});

test('what is not preserved is as for any new file, and stays where there is one', async t => {
	const scene = new Scene(t, 44);
	const {from, to} = scene;
	for (const name of ['new', 'old', 'directory/x', 'same']) scene.write(name, name);
	for (const name of ['new', 'old', 'same']) {
		chmodSync(join(from, name), 0o4777);
		utimesSync(join(from, name), 1, 1_000_000_000);
	}
	chmodSync(join(from, 'directory'), 0o700);
	mkdirSync(to);
	writeFileSync(join(to, 'old'), 'other');
	chmodSync(join(to, 'old'), 0o640);
	writeFileSync(join(to, 'same'), 'same');
	chmodSync(join(to, 'same'), 0o604);
	const options = {permissions: false, times: false, owner: false, group: false};
	const {result, fed} = await scene.pull({options});
	t.is(result?.exit, 0);
	const umask = 0o22;
	const mode = (name: string): number => lstatSync(join(to, name)).mode & 0o7777;
	t.is(mode('new'), 0o777 & ~umask);
	t.is(mode('directory'), 0o700);
	t.is(mode('old'), 0o640);
	t.is(mode('same'), 0o604);
	t.is(readFileSync(join(to, 'old'), 'utf8'), 'old');
	t.true(Math.abs(statSync(join(to, 'old')).mtimeMs - Date.now()) < 60_000);
	t.is(fed.octets, 'new'.length + 'old'.length + 'directory/x'.length, '`same` is hashed');
});

test('size, time, checksum: what is compared is what the options say', async t => {
	const scene = new Scene(t, 45);
	const {from, to} = scene;
	const spoil = (name: string, content: string): void => {
		writeFileSync(join(to, name), content);
		utimesSync(join(to, name), 1, 1_000_000_000);
	};
	for (const name of ['a', 'b']) {
		scene.write(name, `content of ${name}`);
		utimesSync(join(from, name), 1, 1_000_000_000);
	}
	await scene.pull();
	rmSync(join(to, '.shoal'), {recursive: true});
	spoil('a', 'spoilt of a!');
	const quick = await scene.pull();
	t.is(quick.plan?.counts.changed, 0, 'same size and time');
	const sum = await scene.pull({options: {checksum: true}});
	t.is(sum.plan?.counts.changed, 1);
	t.is(sum.fed.octets, 'content of a'.length);
	t.deepEqual(compareTrees(from, to), []);
	// The record knows what was written: a file that was touched since is looked into.
	spoil('b', 'spoilt of b!');
	t.true((await scene.pull()).unchanged, 'DEST is not looked at');
	const checked = await scene.pull({options: {check: true}});
	t.is(checked.plan?.counts.changed, 1);
	t.deepEqual(compareTrees(from, to), []);
	utimesSync(join(to, 'b'), 5, 6);
	const sized = await scene.pull({options: {sizeOnly: true, times: false}});
	t.is(sized.plan?.counts.changed, 0);
	const retimed = await scene.pull({options: {check: true}});
	t.is(retimed.plan?.counts.metadata, 1);
	t.is(retimed.fed.octets, 0);
	t.deepEqual(compareTrees(from, to), []);
});

test('a change is told with what differs', async t => {
	const scene = new Scene(t, 46);
	const {to} = scene;
	for (const name of ['content', 'mode', 'time']) scene.write(name, name);
	symlinkSync('here', join(scene.from, 'link'));
	await scene.pull();
	writeFileSync(join(to, 'content'), 'longer than that');
	chmodSync(join(to, 'mode'), 0o600);
	utimesSync(join(to, 'time'), 1, 1);
	rmSync(join(to, 'link'));
	symlinkSync('there', join(to, 'link'));
	const {plan} = await scene.pull({options: {check: true}});
	const told = new Map<string, number>();
	plan?.forEachChange((_, path, __, details) => told.set(Buffer.from(path).toString(), details));
	const {content, size, time, mode, target} = changeDetail;
	t.is(told.get('content'), content | size | time);
	t.is(told.get('mode'), mode);
	t.is(told.get('time'), time);
	t.is(told.get('link')! & ~time, target | content);
});

test('a path of the snapshot can be pulled by itself, a directory or a file', async t => {
	const scene = new Scene(t, 47);
	const {pool, from, base} = scene;
	for (const name of ['sub/a', 'sub/b/c', 'sub-way', 'sub!', 'other']) scene.write(name, name);
	const source = await scene.source();
	const imageOf = (path: string) => ({
		image: {identity: new Uint8Array(32), module: new Uint8Array(0), subPath: encoder.encode(path)},
	});
	const to = join(base, 'part');
	const pull = () => pullTree({pool, source, destination: to, open: imageOf('sub')});
	t.is((await pull()).result?.exit, 0);
	t.deepEqual(compareTrees(join(from, 'sub'), to), []);
	t.true((await pull()).unchanged);
	writeFileSync(join(from, 'sub/b/c'), 'other than before');
	rmSync(join(from, 'sub/a'));
	const next = await scene.source();
	const open = imageOf('sub');
	const {plan} = await pullTree({pool, source: next, destination: to, open});
	t.false(plan?.examined);
	t.deepEqual(compareTrees(join(from, 'sub'), to), []);

	const file = imageOf('sub-way');
	const [into, onto] = [join(base, 'into'), join(base, 'onto')];
	mkdirSync(into);
	for (const destination of [into, onto, onto]) {
		t.is((await pullTree({pool, source, destination, open: file})).result?.exit, 0);
	}
	t.is(readFileSync(join(into, 'sub-way'), 'utf8'), 'sub-way');
	t.is(readFileSync(onto, 'utf8'), 'sub-way');
	t.deepEqual(readdirSync(into), ['sub-way']);
	t.false(existsSync(join(base, '.shoal')), 'nothing is left around a single file');

	const none = pullTree({pool, source, destination: to, open: imageOf('nowhere')});
	t.is((await t.throwsAsync(none, {instanceOf: ShoalError}))?.code, 'PATH_MISSING');
});

test('DEST must be a directory; only its last component is made', async t => {
	const scene = new Scene(t, 48);
	const {base, to} = scene;
	scene.write('a', 'a');
	const deep = join(base, 'x', 'y');
	const codeOf = async (destination: string): Promise<string | undefined> =>
		(await t.throwsAsync(scene.pull({destination}), {instanceOf: ShoalError}))?.code;
	t.is(await codeOf(deep), 'DESTINATION_INVALID');
	t.false(existsSync(join(base, 'x')));
	writeFileSync(join(base, 'file'), '');
	t.is(await codeOf(join(base, 'file')), 'DESTINATION_INVALID');
	t.is(await codeOf(''), 'DESTINATION_INVALID');
	t.is((await scene.pull({destination: deep, open: {makePath: true}})).result?.exit, 0);
	t.deepEqual(compareTrees(scene.from, deep), []);
	t.is((await scene.pull({destination: `${to}///`})).result?.exit, 0);
	t.deepEqual(compareTrees(scene.from, to), []);
});

test('a directory that is gone goes with all that was put into it meanwhile', async t => {
	const scene = new Scene(t, 49);
	const {from, to} = scene;
	for (const name of ['stays/a', 'goes/a', 'goes/deep/b', 'other']) scene.write(name, name);
	await scene.pull();
	for (const name of ['goes/deep/own', 'goes/own directory/c/d', 'stays/own']) {
		mkdirSync(join(to, name, '..'), {recursive: true});
		writeFileSync(join(to, name), 'own');
	}
	rmSync(join(from, 'goes'), {recursive: true});
	const kept = await scene.pull({options: {delete: false}});
	t.is(kept.result?.exit, 0);
	t.true(existsSync(join(to, 'goes/own directory/c/d')));
	const gone = await scene.pull();
	t.is(gone.result?.exit, 0);
	t.false(existsSync(join(to, 'goes')));
	t.false(existsSync(join(to, 'stays/own')), 'other options: all of DEST is looked at');
	writeFileSync(join(to, 'stays/own'), 'own');
	mkdirSync(join(to, 'stays/own directory/c'), {recursive: true});
	rmSync(join(from, 'stays'), {recursive: true});
	const diffed = await scene.pull();
	t.false(diffed.plan?.examined);
	t.is(diffed.plan?.counts.deleted, 5);
	t.is(diffed.result?.exit, 0, JSON.stringify(diffed.result?.problems));
	t.deepEqual(compareTrees(from, to), []);
});
