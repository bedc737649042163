/** What src/platform/tree.ts promises, as one list of tests for every way to anchor a tree. */
import {
	chmodSync,
	existsSync,
	linkSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	renameSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {AssertionError} from '../../src/assert.ts';
import type {ErrorCode} from '../../src/error.ts';
import {ShoalError} from '../../src/error.ts';
import type {DirHandle, TreeIo} from '../../src/platform/tree.ts';
import {Prng} from './prng.ts';
import {tempDirectory} from './temp-directory.ts';

type World = {readonly tree: TreeIo; readonly root: DirHandle; readonly path: string};

export const octets = (text: string): Uint8Array => Buffer.from(text, 'latin1');

export function treeCompliance(name: string, open: () => TreeIo): void {
	const begin = (t: ExecutionContext): World => {
		const path = tempDirectory(t);
		const tree = open();
		const root = tree.openRoot(path);
		t.teardown(() => tree.closeDir(root));
		return {tree, root, path};
	};
	const check: Check = (title, body) => {
		test(`${name}: ${title}`, async t => {
			const world = begin(t);
			await body(t, world);
			t.true(openBelow(world.path) <= 1, 'only the root is still open');
		});
	};
	readingTests(check);
	writingTests(check);
	metadataTests(check);
	symlinkTests(check);
}

type Check = (
	title: string,
	body: (t: ExecutionContext, world: World) => void | Promise<void>,
) => void;

function readingTests(check: Check): void {
	check('names are octets: Latin-1, newline, escape, 255 of them', (t, {tree, root, path}) => {
		const names = ['caf\xe9', 'new\nline', '\x1b[31m', 'x'.repeat(255), ' ', '-rf', '\xff\xfe'];
		for (const each of names) tree.closeFile(tree.create(root, octets(each), 0o600));
		const listed = tree.list(root).map(each => Buffer.from(each).toString('latin1'));
		t.deepEqual(listed.sort(), [...names].sort());
		const onDisk = readdirSync(Buffer.from(path), 'latin1');
		t.deepEqual(onDisk.sort(), [...names].sort());
		for (const each of names) t.is(tree.stat(root, octets(each))?.size, 0);
		for (const each of names) t.true(tree.unlink(root, octets(each)));
	});

	check('a visit gives every name in order of octets with its stat', (t, world) => {
		const {tree, root, path} = world;
		for (const each of ['b', 'a!', 'a', '\xff', 'B', 'a0']) {
			writeFileSync(Buffer.concat([Buffer.from(`${path}/`), octets(each)]), octets(each));
		}
		mkdirSync(join(path, 'a.d'));
		const seen: string[] = [];
		tree.visit(root, (each, stat) => {
			t.false(stat instanceof Error);
			const {size, format} = stat as Exclude<typeof stat, Error>;
			const text = Buffer.from(each).toString('latin1');
			seen.push(text);
			t.is(format, text === 'a.d' ? 0o040000 : 0o100000);
			if (format === 0o100000) t.is(size, text.length);
		});
		t.deepEqual(seen, ['B', 'a', 'a!', 'a.d', 'a0', 'b', '\xff']);
	});

	check('the tree may be used while it is visited', (t, {tree, root, path}) => {
		mkdirSync(join(path, 'sub'));
		writeFileSync(join(path, 'sub', 'other name'), '');
		for (const each of ['l1', 'l2']) symlinkSync(`to ${each}`, join(path, each));
		const seen: string[] = [];
		tree.visit(root, each => {
			const text = String.fromCharCode(...each);
			const sub = tree.openDir(root, octets('sub'))!;
			tree.stat(sub, octets('other name'));
			tree.closeDir(sub);
			if (text === 'sub') return;
			seen.push(`${text} -> ${Buffer.from(tree.readLink(root, each)).toString()}`);
		});
		t.deepEqual(seen, ['l1 -> to l1', 'l2 -> to l2']);
	});

	check('stat is what lstat says, to the nanosecond', (t, {tree, root, path}) => {
		writeFileSync(join(path, 'file'), 'content');
		linkSync(join(path, 'file'), join(path, 'second'));
		chmodSync(join(path, 'file'), 0o4751);
		const is = lstatSync(join(path, 'file'), {bigint: true});
		const stat = tree.stat(root, octets('file'))!;
		t.is(stat.mode, 0o4751);
		t.is(stat.format, 0o100000);
		t.is(stat.size, 7);
		t.is(stat.linkCount, 2);
		t.is(stat.ino, is.ino);
		t.is(stat.dev, is.dev);
		t.is(BigInt(stat.mtimeSec) * 1_000_000_000n + BigInt(stat.mtimeNsec), is.mtimeNs);
		t.is(BigInt(stat.ctimeSec) * 1_000_000_000n + BigInt(stat.ctimeNsec), is.ctimeNs);
		t.is(stat.blocks, Number(is.blocks));
		t.is(stat.device, 0);
		t.is(tree.statDir(root).ino, lstatSync(path, {bigint: true}).ino);
	});

	check('what is absent or of another type is undefined', (t, {tree, root, path}) => {
		mkdirSync(join(path, 'directory'));
		writeFileSync(join(path, 'file'), '');
		symlinkSync('file', join(path, 'to-file'));
		symlinkSync('directory', join(path, 'to-directory'));
		for (const each of ['absent', 'directory', 'to-file', 'to-directory']) {
			t.is(tree.openRead(root, octets(each)), undefined, `${each} is no file to read`);
			t.is(tree.openWrite(root, octets(each)), undefined, `${each} is no file to write`);
		}
		for (const each of ['absent', 'file', 'to-file', 'to-directory']) {
			t.is(tree.openDir(root, octets(each)), undefined, `${each} is no directory`);
		}
		t.is(tree.stat(root, octets('absent')), undefined);
		t.false(tree.unlink(root, octets('absent')));
		t.false(tree.removeDir(root, octets('absent')));
	});

	check('reading stops at the end of the file', (t, {tree, root, path}) => {
		writeFileSync(join(path, 'file'), 'abcdef');
		const file = tree.openRead(root, octets('file'))!;
		const into = new Uint8Array(4);
		t.is(tree.read(file, into, 4), 2);
		t.is(Buffer.from(into.subarray(0, 2)).toString(), 'ef');
		t.is(tree.read(file, into, 99), 0);
		t.is(tree.read(file, new Uint8Array(0), 0), 0);
		tree.closeFile(file);
	});

	check('a root that is missing or no directory', (t, {tree, path}) => {
		writeFileSync(join(path, 'file'), '');
		for (const each of ['absent', 'file']) {
			t.is(
				codeOf(() => tree.openRoot(join(path, each))),
				'TREE_MISSING',
			);
		}
		symlinkSync('.', join(path, 'link'));
		const through = tree.openRoot(Buffer.from(join(path, 'link')));
		t.is(tree.statDir(through).ino, lstatSync(path, {bigint: true}).ino);
		tree.closeDir(through);
	});
}

function writingTests(check: Check): void {
	check('a file is created once, written anywhere, cut and read again', (t, world) => {
		const {tree, root, path} = world;
		const file = tree.create(root, octets('file'), 0o640);
		tree.write(file, octets('world'), 6);
		tree.write(file, octets('hello '), 0);
		tree.write(file, octets('!!'), 11);
		tree.truncate(file, 11);
		tree.sync(file);
		t.is(tree.statFile(file).size, 11);
		tree.closeFile(file);
		t.is(readFileSync(join(path, 'file'), 'latin1'), 'hello world');
		const error = errorOf(() => tree.create(root, octets('file'), 0o640));
		t.is(error.code, 'FILE_UNWRITABLE');
		t.is((error.cause as NodeJS.ErrnoException).code, 'EEXIST');
		t.is(error.message, `cannot create ${path}/file: file already exists`);
		const again = tree.openWrite(root, octets('file'))!;
		tree.write(again, octets('J'), 0);
		tree.closeFile(again);
		t.is(readFileSync(join(path, 'file'), 'latin1'), 'Jello world');
	});

	check('directories, links and renames', (t, {tree, root, path}) => {
		tree.makeDir(root, octets('a'), 0o755);
		tree.makeDir(root, octets('b'), 0o700);
		const [a, b] = [tree.openDir(root, octets('a'))!, tree.openDir(root, octets('b'))!];
		tree.closeFile(tree.create(a, octets('one'), 0o600));
		tree.makeLink(a, octets('one'), b, octets('two'));
		tree.makeSymlink(a, octets('symlink'), octets('../b/\xff'));
		t.deepEqual(tree.readLink(a, octets('symlink')), octets('../b/\xff'));
		t.is(tree.stat(b, octets('two'))?.linkCount, 2);
		tree.rename(a, octets('one'), b, octets('three'));
		tree.sync(b);
		t.deepEqual(readdirSync(join(path, 'b')).sort(), ['three', 'two']);
		t.is(
			codeOf(() => tree.removeDir(root, octets('b'))),
			'FILE_UNWRITABLE',
		);
		t.is(
			codeOf(() => tree.makeDir(root, octets('a'), 0o755)),
			'FILE_UNWRITABLE',
		);
		t.is(
			codeOf(() => tree.unlink(root, octets('a'))),
			'FILE_UNWRITABLE',
		);
		for (const each of ['two', 'three']) t.true(tree.unlink(b, octets(each)));
		tree.closeDir(a);
		tree.closeDir(b);
		t.true(tree.removeDir(root, octets('b')));
		t.deepEqual(readdirSync(path), ['a']);
		t.true(tree.freeSpace(root) > 0);
	});

	check('an error says what happened to what, escaped', (t, {tree, root, path}) => {
		const error = errorOf(() => tree.makeDir(root, octets(`\x1b[2J${'n'.repeat(300)}`), 0o755));
		t.is(error.code, 'NAME_UNSUPPORTED');
		t.true(error.message.startsWith(`cannot make directory ${path}/\\#033[2Jnnn`));
		t.true(error.message.endsWith(': name too long'));
		t.is((error.cause as NodeJS.ErrnoException).code, 'ENAMETOOLONG');
		t.is(
			codeOf(() => tree.readLink(root, octets('absent'))),
			'FILE_UNREADABLE',
		);
	});

	check('only single names are taken: anything else is a bug', (t, {tree, root}) => {
		for (const each of ['', '.', '..', 'a/b', '/etc', 'a\0b', '../x']) {
			const name = octets(each);
			const acts = [
				() => tree.stat(root, name),
				() => tree.openRead(root, name),
				() => tree.unlink(root, name),
				() => tree.rename(root, octets('fine'), root, name),
			];
			for (const act of acts) t.throws(act, {instanceOf: AssertionError});
		}
		for (const each of ['...', '..a', '.a']) t.notThrows(() => tree.stat(root, octets(each)));
	});
}

function metadataTests(check: Check): void {
	check('mode and time of a file, a directory and the root itself', (t, world) => {
		const {tree, root, path} = world;
		tree.closeFile(tree.create(root, octets('file'), 0o600));
		tree.makeDir(root, octets('directory'), 0o700);
		for (const each of ['file', 'directory']) {
			tree.setMode(root, octets(each), 0o1751);
			tree.setTimes(root, octets(each), 1_234_567_890, 123_456_789);
			const stat = tree.stat(root, octets(each))!;
			t.is(stat.mode, 0o1751);
			t.is(stat.mtimeSec, 1_234_567_890);
			t.true(Math.abs(stat.mtimeNsec - 123_456_789) < 2000);
		}
		tree.setDirMode(root, 0o711);
		tree.setDirTimes(root, 1_000_000_000, 0);
		t.is(lstatSync(path).mode & 0o7777, 0o711);
		t.is(lstatSync(path).mtimeMs, 1e12);
	});

	check('a time comes out as it was set, from 1901 to 2106 [SHOAL_SEED=21]', (t, {tree, root}) => {
		const prng = new Prng(21);
		const name = octets('file');
		const set = (sec: number, nsec: number): [number, number] => {
			tree.setTimes(root, name, sec, nsec);
			const {mtimeSec, mtimeNsec} = tree.stat(root, name)!;
			return [mtimeSec, mtimeNsec];
		};
		tree.closeFile(tree.create(root, name, 0o600));
		for (const sec of [-(2 ** 31), -1, 0, 1, 2 ** 31, 2 ** 32 - 1])
			t.deepEqual(set(sec, 0), [sec, 0]);
		for (let round = 0; round < 400; round++) {
			const sec = prng.below(3 * 2 ** 31) - 2 ** 31;
			const grain = prng.pick([1, 1000, 1e6]);
			const nsec = prng.below(1e9 / grain) * grain;
			const [readSec, readNsec] = set(sec, nsec);
			const off = (readSec - sec) * 1e9 + readNsec - nsec;
			const most = grain === 1 ? 999 : 477;
			t.true(Math.abs(off) <= most, `${sec} s ${nsec} ns is off by ${off} ns`);
			t.deepEqual(set(readSec, readNsec), [readSec, readNsec], `${sec} s ${nsec} ns drifts`);
		}
	});

	check('a file that nobody may read still gets its mode', (t, {tree, root, path}) => {
		writeFileSync(join(path, 'file'), '', {mode: 0o000});
		tree.setMode(root, octets('file'), 0o640);
		t.is(lstatSync(join(path, 'file')).mode & 0o7777, 0o640);
	});

	check('owner and time of a symlink are its own', (t, {tree, root, path}) => {
		writeFileSync(join(path, 'target'), '');
		symlinkSync('target', join(path, 'link'));
		const before = statSync(join(path, 'target'));
		tree.setTimes(root, octets('link'), 1_000_000_000, 0);
		t.is(lstatSync(join(path, 'link')).mtimeMs, 1e12);
		t.is(statSync(join(path, 'target')).mtimeMs, before.mtimeMs);
		if (process.geteuid?.() !== 0) return;
		tree.setOwner(root, octets('link'), 1234, 4321);
		const {uid, gid} = lstatSync(join(path, 'link'));
		t.deepEqual([uid, gid], [1234, 4321]);
		t.is(statSync(join(path, 'target')).uid, before.uid);
	});
}

function symlinkTests(check: Check): void {
	check('nothing goes through a symlink', (t, {tree, root, path}) => {
		const outside = tempDirectory(t);
		writeFileSync(join(outside, 'file'), 'untouched', {mode: 0o644});
		const before = lstatSync(join(outside, 'file'), {bigint: true});
		symlinkSync(join(outside, 'file'), join(path, 'link'));
		t.is(tree.openWrite(root, octets('link')), undefined);
		t.is(
			codeOf(() => tree.create(root, octets('link'), 0o600)),
			'FILE_UNWRITABLE',
		);
		t.is(
			codeOf(() => tree.setMode(root, octets('link'), 0o777)),
			'FILE_UNWRITABLE',
		);
		tree.setTimes(root, octets('link'), 1, 0);
		tree.makeLink(root, octets('link'), root, octets('hard'));
		t.true(lstatSync(join(path, 'hard')).isSymbolicLink());
		tree.unlink(root, octets('link'));
		const after = lstatSync(join(outside, 'file'), {bigint: true});
		t.deepEqual([after.mode, after.mtimeNs, after.nlink], [before.mode, before.mtimeNs, 1n]);
		t.is(readFileSync(join(outside, 'file'), 'latin1'), 'untouched');
	});

	check('a clone is the whole file under a new name, or is not there', (t, {tree, root, path}) => {
		writeFileSync(join(path, 'file'), 'content', {mode: 0o640});
		for (const name of ['taken', 'aim']) writeFileSync(join(path, name), 'other');
		symlinkSync('aim', join(path, 'link'));
		symlinkSync('absent', join(path, 'dangling'));
		const file = tree.openRead(root, octets('file'))!;
		const isThere = tree.clone(file, root, octets('clone'));
		for (const name of ['taken', 'link', 'dangling']) {
			t.false(tree.clone(file, root, octets(name)), name);
		}
		tree.closeFile(file);
		if (isThere) t.is(readFileSync(join(path, 'clone'), 'latin1'), 'content');
		const names = ['aim', 'dangling', 'file', 'link', 'taken', ...(isThere ? ['clone'] : [])];
		t.deepEqual(readdirSync(path).sort(), names.sort());
		for (const name of ['taken', 'aim']) t.is(readFileSync(join(path, name), 'latin1'), 'other');
	});

	check('a directory swapped for a symlink meanwhile: nothing outside is touched', (t, world) => {
		const {tree, root, path} = world;
		const outside = tempDirectory(t);
		writeFileSync(join(outside, 'victim'), 'untouched', {mode: 0o600});
		tree.makeDir(root, octets('dir'), 0o755);
		const dir = tree.openDir(root, octets('dir'))!;
		tree.closeFile(tree.create(dir, octets('victim'), 0o600));
		renameSync(join(path, 'dir'), join(path, 'moved'));
		symlinkSync(outside, join(path, 'dir'));
		const before = lstatSync(join(outside, 'victim'), {bigint: true});
		const acts: (() => void)[] = [
			() => tree.closeFile(tree.create(dir, octets('created'), 0o600)),
			() => tree.makeDir(dir, octets('subdirectory'), 0o755),
			() => tree.makeSymlink(dir, octets('symlink'), octets('x')),
			() => tree.makeLink(dir, octets('victim'), dir, octets('hard')),
			() => tree.setMode(dir, octets('victim'), 0o777),
			() => tree.setTimes(dir, octets('victim'), 1, 0),
			() => tree.setDirMode(dir, 0o750),
			() => tree.setDirTimes(dir, 1, 0),
			() => {
				const file = tree.openWrite(dir, octets('victim'));
				if (file === undefined) return;
				tree.write(file, octets('touched'), 0);
				tree.closeFile(file);
			},
			() => tree.rename(dir, octets('victim'), dir, octets('renamed')),
			() => tree.unlink(dir, octets('renamed')),
		];
		const failures = acts.map(act => refusal(act)).filter(code => code !== undefined);
		tree.closeDir(dir);
		t.deepEqual(readdirSync(outside), ['victim']);
		t.is(readFileSync(join(outside, 'victim'), 'latin1'), 'untouched');
		const after = lstatSync(join(outside, 'victim'), {bigint: true});
		t.deepEqual([after.mode, after.ctimeNs], [before.mode, before.ctimeNs]);
		const moved = readdirSync(join(path, 'moved')).sort();
		if (failures.length === 0) t.deepEqual(moved, ['created', 'hard', 'subdirectory', 'symlink']);
		else t.deepEqual(moved, ['victim'], 'either all is done in the held directory, or nothing');
	});

	check('devices and sockets are seen and not opened', async (t, {tree, root, path}) => {
		const server = createServer();
		await new Promise<void>(resolve => server.listen(join(path, 'socket'), resolve));
		t.is(tree.stat(root, octets('socket'))?.format, 0o140000);
		t.is(tree.openRead(root, octets('socket')), undefined);
		await new Promise(resolve => server.close(resolve));
		t.false(existsSync(join(path, 'socket')));
	});
}

export function codeOf(act: () => unknown): ErrorCode {
	return errorOf(act).code;
}

export function errorOf(act: () => unknown): ShoalError {
	try {
		act();
	} catch (error) {
		if (error instanceof ShoalError) return error;
		throw error;
	}
	throw new Error('nothing was thrown');
}

function refusal(act: () => void): ErrorCode | undefined {
	try {
		act();
		return undefined;
	} catch (error) {
		if (error instanceof ShoalError) return error.code;
		throw error;
	}
}

/** Descriptors of this process that hold something at or below `path`; 0 if none can tell. */
function openBelow(path: string): number {
	if (!existsSync('/proc/self/fd')) return 0;
	const held = readdirSync('/proc/self/fd').map(fd => {
		try {
			return readlinkSync(`/proc/self/fd/${fd}`);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
			return '';
		}
	});
	return held.filter(each => each.startsWith(path)).length;
}
