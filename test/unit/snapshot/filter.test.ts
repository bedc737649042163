import test from 'ava';
import {Filter} from '../../../src/snapshot/filter.ts';
import {type FilterArgument, parseFilterRules} from '../../../src/snapshot/filter-parse.ts';

const octets = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const nowhere = {source: octets(''), destination: octets('')};

type Given = readonly (string | readonly [FilterArgument['option'], string])[];

/** A text alone is a --filter; `files` are what rules may merge. */
function filterOf(
	given: Given,
	{
		files = {},
		roots = nowhere,
		...options
	}: {
		files?: Record<string, string>;
		roots?: typeof nowhere;
		deleteExcluded?: boolean;
		nulLines?: boolean;
	} = {},
): Filter {
	const list = given.map(each => (typeof each === 'string' ? (['filter', each] as const) : each));
	const rules = parseFilterRules(
		list.map(([option, text]) => ({option, text: octets(text)})),
		{...options, readFile: name => octets(files[Buffer.from(name).toString('latin1')]!)},
	);
	return new Filter(rules, roots);
}

/** A slash at the end makes a directory. */
function hides(filter: Filter, path: string): boolean {
	const isDirectory = path.endsWith('/');
	return filter.hides(octets(isDirectory ? path.slice(0, -1) : path), isDirectory);
}

function protects(filter: Filter, path: string, isDoomed = false): boolean {
	const isDirectory = path.endsWith('/');
	return filter.protects(octets(isDirectory ? path.slice(0, -1) : path), isDirectory, isDoomed);
}

/** What one pattern matches and what it does not: each confirmed with rsync 3.5.0. */
const patterns: readonly [pattern: string, yes: readonly string[], no: readonly string[]][] = [
	['foo', ['foo', 'a/foo', 'foo/'], ['foox', 'xfoo', 'foo/a']],
	['/foo', ['foo'], ['a/foo']],
	['foo/', ['foo/', 'a/foo/'], ['foo', 'a/foo']],
	['foo/bar', ['foo/bar', 'a/foo/bar'], ['xfoo/bar', 'foo/a/bar', 'bar']],
	['/', [], ['a', 'a/']],
	['//', [], ['a', 'a/']],
	['foo//', [], ['foo', 'foo/']],
	['a*b', ['ab', 'axxb', 'd/ab'], ['a/b', 'abc']],
	['/a*b', ['ab'], ['d/ab', 'a/b']],
	['*/b', ['a/b', 'd/a/b'], ['b']],
	['a?b', ['axb'], ['ab', 'a/b']],
	['**', ['a', 'a/b', 'a/'], []],
	['**/b', ['b', 'a/b', 'd/a/b'], ['ab', 'a/bc']],
	['/**/b', ['a/b', 'd/a/b'], ['b']],
	['**b', ['b', 'ab', 'a/cb'], ['ba']],
	['a**', ['a', 'a/b', 'd/a', 'd/ab/c'], ['ba']],
	['a/**', ['a/b', 'a/b/c', 'd/a/b'], ['a', 'a/']],
	['a/**/b', ['a/x/b', 'a/x/y/b', 'd/a/x/b'], ['a/b']],
	['a/***', ['a/', 'a/b', 'a/b/c', 'd/a/'], ['a', 'ab/']],
	['a/***/', ['a/', 'a/b/'], ['a', 'a/b']],
	['***', ['a', 'a/', 'a/b'], []],
	['a***', ['a', 'a/', 'ab/c'], ['ba']],
	['a\\b', ['a\\b'], ['ab']],
	['a\\b*', ['ab', 'abc'], ['a\\b']],
	['a\\*', ['a*'], ['ab', 'a\\b']],
	['a\\\\*', ['a\\', 'a\\x'], ['a*']],
	['*\\', [], ['a\\', 'a']],
	['[ab]', ['a', 'b'], ['c', 'ab', '[ab]']],
	['[!ab]', ['c'], ['a', 'cc']],
	['[^ab]', ['c'], ['a']],
	['[]a]', [']', 'a'], ['b']],
	['[!]a]', ['b'], [']', 'a']],
	['[a-c]', ['b'], ['d', '-']],
	['[c-a]', ['c'], ['b', 'a', '-']],
	['[a-]', ['a', '-'], ['b']],
	['[-a]', ['a', '-'], ['b']],
	['[a\\]b]', ['a', ']', 'b'], ['\\']],
	['[\\a-c]', ['a', 'b', 'c'], ['\\']],
	['[a-c-e]', ['a', 'b', 'c', '-', 'e'], ['d']],
	['[[:digit:]x]', ['5', 'x'], ['a', ':']],
	['[![:upper:]]', ['a'], ['A']],
	['[[:nonsense:]]', [], [':', 'n', '[']],
	['[[:x]', ['[', ':', 'x'], ['y']],
	['[[:digit:]-z]', ['-', 'z', '7'], ['m']],
	['[[:alpha:]]', ['a'], ['\xe9']],
	['[a', [], ['a', '[a']],
	['x[a/b]', [], ['xa', 'x/b', 'd/xa']],
	['[!a]b', ['xb'], ['x/b', 'ab', 'b']],
	['[\xe0-\xef]', ['\xe9'], ['e']],
	['caf?', ['caf\xe9'], ['caf', 'caf\xc3\xa9']],
	['a*', ['a\nb'], ['\na']],
	[' a', [' a'], ['a']],
	['a ', ['a '], ['a']],
	['./a', [], ['a']],
	['a\\**', ['a*', 'a*b', 'd/a*'], ['ab', 'a*b/c']],
];

for (const [pattern, yes, no] of patterns) {
	test(`the pattern ${JSON.stringify(pattern)} matches what rsync matches with it`, t => {
		const filter = filterOf([['exclude', pattern]]);
		for (const path of yes) t.true(hides(filter, path), path);
		for (const path of no) t.false(hides(filter, path), path);
	});
}

test('the first rule that matches decides', t => {
	t.false(hides(filterOf(['+ a', '- *']), 'a'));
	t.true(hides(filterOf(['- *', '+ a']), 'a'));
	t.true(hides(filterOf(['+ a', '- *']), 'b'));
	t.false(hides(filterOf(['- b']), 'a'));
});

test('a rule without a side hides and protects; letters and names choose', t => {
	for (const [rule, hidden, kept] of [
		['- a', true, true],
		['-s a', true, false],
		['-r a', false, true],
		['-sr a', true, true],
		['H a', true, false],
		['hide a', true, false],
		['P a', false, true],
		['protect,p a', false, true],
	] as const) {
		const filter = filterOf([rule]);
		t.is(hides(filter, 'a'), hidden, rule);
		t.is(protects(filter, 'a'), kept, rule);
	}
	for (const [rule, hidden, kept] of [
		['S a', false, true],
		['show a', false, true],
		['R a', true, false],
		['risk a', true, false],
		['include a', false, false],
	] as const) {
		const filter = filterOf([rule, '- *']);
		t.is(hides(filter, 'a'), hidden, rule);
		t.is(protects(filter, 'a'), kept, rule);
	}
});

test('with --delete-excluded only rules that name a side protect', t => {
	const filter = filterOf(['- a', '-r b', '-sr c', 'P d'], {deleteExcluded: true});
	t.deepEqual(
		['a', 'b', 'c', 'd'].map(path => protects(filter, path)),
		[false, true, true, true],
	);
	t.deepEqual(
		['a', 'b', 'c', 'd'].map(path => hides(filter, path)),
		[true, false, true, false],
	);
});

test('a perishable rule protects nothing in a directory that goes', t => {
	const filter = filterOf(['-p *.o', 'P keep']);
	t.true(protects(filter, 'd/x.o'));
	t.false(protects(filter, 'd/x.o', true));
	t.true(protects(filter, 'd/keep', true));
	t.true(hides(filter, 'd/x.o'));
});

test('a negated rule takes effect on what does not match, files for a directory pattern too', t => {
	const filter = filterOf(['-! */']);
	t.true(hides(filter, 'a'));
	t.false(hides(filter, 'a/'));
});

test('a rule with a slash is held against the path from the root', t => {
	const roots = {source: octets('srv/tree'), destination: octets('var/copy')};
	const filter = filterOf(['-/ /srv/tree/a', '-/ tree/b', '-/ /var/copy/c', '-/ e', '-/ **/q'], {
		roots,
	});
	t.true(hides(filter, 'a'));
	t.false(protects(filter, 'a'));
	t.true(hides(filter, 'b'));
	t.false(hides(filter, 'd/b'));
	t.true(protects(filter, 'c'));
	t.false(hides(filter, 'c'));
	t.true(hides(filter, 'd/e'));
	t.true(hides(filter, 'q'));
	t.true(hides(filterOf(['-/ /a']), 'a'), 'at a root of its own');
});

test('the list is cleared by ! and clear, in any old form, but not in a file of patterns', t => {
	t.false(hides(filterOf(['- a', '!']), 'a'));
	t.false(hides(filterOf(['- a', 'clear']), 'a'));
	t.false(hides(filterOf(['- a', '!,']), 'a'));
	t.false(hides(filterOf(['- a', ['exclude', '!']]), 'a'));
	t.true(hides(filterOf([['exclude', '!a']]), '!a'));
	t.true(hides(filterOf(['- a', '.- f'], {files: {f: '!\n'}}), 'a'));
	t.true(hides(filterOf(['.- f'], {files: {f: '!\n'}}), '!'));
	t.false(hides(filterOf(['- a', '.C f'], {files: {f: '! b'}}), 'a'));
});

test('old options take a sign, and nothing but a sign and a space', t => {
	t.false(hides(filterOf([['exclude', '+ a'], '- *']), 'a'));
	t.true(hides(filterOf([['include', '- a']]), 'a'));
	t.true(hides(filterOf([['exclude', '-a']]), '-a'));
	t.true(hides(filterOf([['exclude', '-_a']]), '-_a'));
	t.false(hides(filterOf([['exclude', '']]), 'a'));
	t.false(hides(filterOf(['']), 'a'));
});

test('lines of files: empty ones and comments are nothing, spaces are kept', t => {
	const files = {f: '# a\n;b\n\nc\r\n d\n+ e\n- g\n*.o'};
	const filter = filterOf([['excludeFrom', 'f']], {files});
	const paths = ['a', 'b', 'c', ' d', 'd', 'e', 'g', 'x.o', '# a'];
	t.deepEqual(
		paths.map(path => hides(filter, path)),
		[false, false, true, true, false, false, true, true, false],
	);
	const nul = filterOf([['excludeFrom', 'f']], {files: {f: 'a\nb\0#c\0d'}, nulLines: true});
	t.deepEqual(
		['a\nb', '#c', 'd'].map(path => hides(nul, path)),
		[true, false, true],
	);
});

test('a merged file has its rules where it is named, and takes over modifiers', t => {
	const files = {f: '- a\nmerge g\n', g: '+ b\n- c', h: 'x\ny', w: '- p + q - r', s: '- t'};
	t.deepEqual(
		['a', 'b', 'c', 'd'].map(path => hides(filterOf(['. f', '- *'], {files}), path)),
		[true, false, true, true],
	);
	t.true(hides(filterOf(['merge,- h'], {files}), 'x'));
	t.false(hides(filterOf(['.+ h', '- *'], {files}), 'y'));
	const worded = filterOf(['.w w', '- *'], {files});
	t.deepEqual(
		['p', 'q', 'r'].map(path => hides(worded, path)),
		[true, false, true],
	);
	t.false(protects(filterOf(['.p s'], {files}), 't', true));
	t.false(protects(filterOf(['.s s'], {files}), 't'));
	t.true(hides(filterOf(['.e dir/h'], {files: {'dir/h': '- x'}}), 'h'));
	t.true(hides(filterOf(['.C h'], {files: {h: 'x y\n#z'}}), '#z'));
	const nul = filterOf(['.w- h'], {files: {h: 'x\0y z\0'}, nulLines: true});
	t.deepEqual(
		['x', 'y', 'z'].map(path => hides(nul, path)),
		[true, true, true],
	);
});

for (const [rule, code, words] of [
	['-', 'OPTION_INVALID', /no pattern/],
	['- ', 'OPTION_INVALID', /no pattern/],
	['-foo', 'OPTION_INVALID', /modifier 'f'/],
	['-,,x a', 'OPTION_INVALID', /modifier ','/],
	['Hs a', 'OPTION_INVALID', /modifier 's'/],
	['excludes a', 'OPTION_INVALID', /no filter rule/],
	['e a', 'OPTION_INVALID', /no filter rule/],
	['a', 'OPTION_INVALID', /no filter rule/],
	['! a', 'OPTION_INVALID', /followed/],
	['.! f', 'OPTION_INVALID', /modifier '!'/],
	['.-+ f', 'OPTION_INVALID', /modifier '\+'/],
	['.', 'OPTION_INVALID', /no file/],
	['.s sided', 'OPTION_INVALID', /sides/],
	['. loop', 'OPTION_INVALID', /merges itself/],
	[`- ${'a'.repeat(4096)}`, 'OPTION_INVALID', /longer/],
	[': .rules', 'OPTION_UNBUILT', /per-directory/],
	['dir-merge .rules', 'OPTION_UNBUILT', /per-directory/],
	['-C', 'OPTION_UNBUILT', /modifier C/],
	['-x a', 'OPTION_UNBUILT', /modifier x/],
] as const) {
	test(`the rule ${JSON.stringify(rule.slice(0, 20))} is refused, and says why`, t => {
		const files = {sided: '-r a', loop: '. loop', f: ''};
		t.throws(() => filterOf([rule], {files}), {code, message: words});
	});
}
