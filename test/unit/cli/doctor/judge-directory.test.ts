import test from 'ava';
import type {Finding} from '../../../../src/cli/doctor/finding.ts';
import {
	judgeConfig,
	judgeDirectory,
	judgeState,
	shellWord,
} from '../../../../src/cli/doctor/judge-directory.ts';
import type {DirectoryFacts, FileFacts, FileSystemFacts} from '../../../../src/platform/machine.ts';

const user = {uid: 1000, isRoot: false};
const folder: FileFacts = {name: 'x', kind: 'directory', mode: 0o700, uid: 1000};
const key: FileFacts = {name: 'identity.key', kind: 'file', mode: 0o600, uid: 1000};
const known: FileFacts = {name: 'known_sources', kind: 'file', mode: 0o644, uid: 1000};

const verdicts = (found: readonly Finding[]) => found.map(({verdict}) => verdict);

test('keys that are nobody else’s are right, and so are none', t => {
	const good = judgeConfig('/etc/shoal', {folder, files: [key, known]}, user);
	t.deepEqual(verdicts(good), ['ok']);
	t.regex(good[0]!.found, /1 key\b/);
	t.deepEqual(verdicts(judgeConfig('/etc/shoal', {folder: undefined, files: []}, user)), ['ok']);
	const roots = {...folder, uid: 0, mode: 0o755};
	t.deepEqual(verdicts(judgeConfig('/etc/shoal', {folder: roots, files: []}, user)), ['ok']);
});

test('sees what others can read, write or own, and says how to mend it', t => {
	const cases: [Partial<FileFacts>, Partial<FileFacts>, Partial<FileFacts>, RegExp][] = [
		[{mode: 0o770}, {}, {}, /^chmod go-w -- \/etc\/shoal$/],
		[{uid: 7}, {}, {}, /^chown 1000 -- \/etc\/shoal$/],
		[{kind: 'file'}, {}, {}, /^mv -- \/etc\/shoal /],
		[{}, {mode: 0o640}, {}, /^chmod go-rwx -- \/etc\/shoal\/identity.key$/],
		[{}, {mode: 0o602}, {}, /^chmod go-rwx -- /],
		[{}, {uid: 7}, {}, /^chown 1000 -- \/etc\/shoal\/identity.key$/],
		[{}, {kind: 'symlink'}, {}, /^rm -- \/etc\/shoal\/identity.key$/],
		[{}, {}, {mode: 0o666}, /^chmod go-w -- \/etc\/shoal\/known_sources$/],
	];
	for (const [ofFolder, ofKey, ofKnown, mend] of cases) {
		const files = [
			{...key, ...ofKey},
			{...known, ...ofKnown},
			{...known, name: 'shoal.toml', mode: 0o666},
		];
		const found = judgeConfig('/etc/shoal', {folder: {...folder, ...ofFolder}, files}, user);
		t.deepEqual(verdicts(found), ['fail'], String(mend));
		t.regex(found[0]!.mend[0]!, mend);
	}
});

test('a state directory that others can write in fails', t => {
	t.deepEqual(verdicts(judgeState('/s', {folder, files: []}, user)), ['ok']);
	t.deepEqual(verdicts(judgeState('/s', {folder: undefined, files: []}, user)), ['ok']);
	const open = {...folder, mode: 0o770};
	t.deepEqual(judgeState('/s', {folder: open, files: []}, user)[0]!.mend, ['chmod go-w -- /s']);
	const file: FileFacts = {...folder, kind: 'file'};
	t.deepEqual(verdicts(judgeState('/s', {folder: file, files: []}, user)), ['fail']);
});

const can: FileSystemFacts = {
	hardLinks: true,
	symlinks: true,
	reflinks: true,
	renameReplaces: true,
	caseSensitive: true,
	fineTimes: true,
	anyNames: true,
	modes: true,
};
const good: DirectoryFacts = {
	folder,
	fileSystem: 'xfs',
	freeBytes: 5e10,
	freeFiles: 1e6,
	tried: can,
};
const judge = (fault: Partial<DirectoryFacts>) =>
	judgeDirectory('/srv', {...good, ...fault}).filter(({verdict}) => verdict !== 'ok');

test('a directory on a good file system has nothing to mend', t => {
	t.deepEqual(judge({}), []);
	t.deepEqual(judge({freeFiles: undefined, tried: {...can, reflinks: false}}), []);
});

test('sees each thing that a file system cannot do', t => {
	const expected = {
		renameReplaces: 'fail',
		modes: 'warn',
		hardLinks: 'warn',
		symlinks: 'warn',
		caseSensitive: 'warn',
		anyNames: 'note',
		fineTimes: 'note',
	} as const;
	for (const [name, verdict] of Object.entries(expected)) {
		t.deepEqual(verdicts(judge({tried: {...can, [name]: false}})), [verdict], name);
	}
	t.is(judge({tried: {...can, modes: false, hardLinks: false}}).length, 2);
});

test('sees a directory that is absent, none, read-only, remote or full', t => {
	t.deepEqual(verdicts(judge({folder: undefined, tried: 'ENOENT'})), ['fail']);
	t.deepEqual(verdicts(judge({folder: {...folder, kind: 'file'}, tried: 'ENOTDIR'})), ['fail']);
	const readOnly = judge({tried: 'EROFS'});
	t.deepEqual(verdicts(readOnly), ['note']);
	t.regex(readOnly[0]!.mend[0]!, /--state/);
	t.deepEqual(verdicts(judge({fileSystem: 'nfs'})), ['note']);
	t.deepEqual(verdicts(judge({freeBytes: 1e9 - 1})), ['warn']);
	t.deepEqual(verdicts(judge({freeBytes: 1e9, freeFiles: 10_000})), []);
	t.deepEqual(verdicts(judge({freeFiles: 9999})), ['warn']);
	t.deepEqual(verdicts(judge({freeBytes: 0})), ['fail']);
	t.deepEqual(verdicts(judge({freeFiles: 0})), ['fail']);
});

test('a path in a command is one word, whatever is in it', t => {
	t.is(shellWord('/etc/shoal'), '/etc/shoal');
	t.is(shellWord("a b'c"), "'a b'\\''c'");
	t.is(shellWord('-rf'), "'-rf'");
	t.false(shellWord('a\n\u001b').includes('\u001b'));
});
