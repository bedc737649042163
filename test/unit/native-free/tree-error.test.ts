import {closeSync, existsSync, openSync} from 'node:fs';
import {getSystemErrorMap} from 'node:util';
import test from 'ava';
import {openTree} from '../../../native-free/tree.ts';
import {treeError} from '../../../native-free/tree-error.ts';
import {ShoalError} from '../../../src/error.ts';
import {errorOf, octets} from '../../support/tree-compliance.ts';

const path = octets('/srv/caf\xe9');

function node(code: string): Error {
	const errno = [...getSystemErrorMap()].find(([, [name]]) => name === code)?.[0];
	return Object.assign(new Error(`${code}: node's words, open '/srv/\x1b'`), {code, errno});
}

for (const [code, reading, writing] of [
	['ENOSPC', 'DESTINATION_FULL', 'DESTINATION_FULL'],
	['EDQUOT', 'DESTINATION_FULL', 'DESTINATION_FULL'],
	['EACCES', 'FILE_UNREADABLE', 'FILE_UNWRITABLE'],
	['EPERM', 'FILE_UNREADABLE', 'FILE_UNWRITABLE'],
	['EROFS', 'FILE_UNREADABLE', 'FILE_UNWRITABLE'],
	['EIO', 'FILE_UNREADABLE', 'DESTINATION_FAILED'],
	['EMFILE', 'FILE_UNREADABLE', 'FILE_UNWRITABLE'],
	['ENAMETOOLONG', 'NAME_UNSUPPORTED', 'NAME_UNSUPPORTED'],
	['EILSEQ', 'NAME_UNSUPPORTED', 'NAME_UNSUPPORTED'],
	['ENOTSUP', 'FILE_UNSUPPORTED', 'FILE_UNSUPPORTED'],
] as const) {
	test(`${code} is ${reading} when reading and ${writing} when writing`, t => {
		const cause = node(code);
		for (const [intent, expected] of [
			['read', reading],
			['write', writing],
		] as const) {
			const error = treeError(cause, intent, 'cannot open', path);
			t.true(error instanceof ShoalError);
			t.is((error as ShoalError).code, expected);
			t.is((error as ShoalError).cause, cause);
			t.regex((error as ShoalError).message, /^cannot open \/srv\/caf\\#351: [A-Za-z ]/);
		}
	});
}

test('what is no error of the system passes as it is', t => {
	const bug = new TypeError('not a function');
	t.is(treeError(bug, 'read', 'cannot open', path), bug);
	const known = new ShoalError('TREE_MISSING', 'gone');
	t.is(treeError(known, 'read', 'cannot open', path), known);
});

const full = existsSync('/dev/full') ? test : test.skip;

full('a full disk is DESTINATION_FULL', t => {
	const tree = openTree();
	const fd = openSync('/dev/full', 'w');
	t.teardown(() => closeSync(fd));
	const error = errorOf(() => tree.write({fd}, new Uint8Array(10), 0));
	t.is(error.code, 'DESTINATION_FULL');
	t.is(error.message, 'cannot write /dev/full: no space left on device');
});

test('a closed descriptor does not hide what went wrong', t => {
	const tree = openTree();
	const error = errorOf(() => tree.statFile({fd: 1_000_000}));
	t.is(error.code, 'FILE_UNREADABLE');
	t.regex(error.message, /bad file descriptor/);
});
