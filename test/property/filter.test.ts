/** The matcher against one that tries everything, on patterns and paths drawn from few octets. */
import test from 'ava';
import {FilterPattern} from '../../src/snapshot/filter-pattern.ts';
import {comparePaths, isWithin} from '../../src/snapshot/path.ts';
import {PathStack} from '../../src/snapshot/path-stack.ts';
import {Prng} from '../support/prng.ts';
import {seedsOr} from '../support/seeds.ts';

const octets = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function matcher(pattern: string, path: string, isDirectory: boolean): boolean {
	const name = path.lastIndexOf('/') + 1;
	return new FilterPattern(octets(pattern)).matches(octets(path), name, isDirectory, false);
}

/** Whether `pattern` from `at` on takes all of `text`: exponential, and plain. */
function takes(pattern: string, text: string): boolean {
	if (pattern === '') return text === '';
	const first = pattern[0]!;
	if (first === '*') {
		const isDeep = pattern[1] === '*';
		const rest = pattern.replace(isDeep ? /^\*+/ : /^\*/, '');
		for (let size = 0; size <= text.length; size++) {
			if (!isDeep && text.slice(0, size).includes('/')) return false;
			if (takes(rest, text.slice(size))) return true;
		}
		return false;
	}
	if (text === '') return false;
	if (first === '?') return text[0] !== '/' && takes(pattern.slice(1), text.slice(1));
	if (first === '[') {
		const set = /^\[([!^]?)(.[^\]]*)\]/s.exec(pattern);
		if (set === null || text[0] === '/') return false;
		const has = [...set[2]!].includes(text[0]!);
		return has === (set[1] === '') && takes(pattern.slice(set[0].length), text.slice(1));
	}
	const isEscape = first === '\\';
	const wanted = isEscape ? pattern[1] : first;
	return wanted === text[0] && takes(pattern.slice(isEscape ? 2 : 1), text.slice(1));
}

/** rsync(1), "PATTERN MATCHING RULES", in so many words. */
function matches(pattern: string, path: string, isDirectory: boolean): boolean {
	let rest = pattern;
	if (rest.length > 1 && rest.endsWith('/')) {
		if (!isDirectory) return false;
		rest = rest.slice(0, -1);
	}
	const isWild = /[*?[]/.test(rest);
	const take = isWild ? takes : (a: string, b: string) => a === b;
	const isDeep = isWild && rest.includes('**');
	const tail = isDirectory && isDeep && rest.endsWith('***') ? '/' : '';
	if (!rest.includes('/') && !isDeep) return take(rest, path.slice(path.lastIndexOf('/') + 1));
	if (rest.startsWith('/')) return take(rest.slice(1), path + tail);
	if (rest.startsWith('**')) return take(rest, `/${path}${tail}`);
	const parts = path.split('/');
	const count = rest.split('/').length;
	const starts = isDeep ? parts.keys() : parts.length >= count ? [parts.length - count] : [];
	for (const start of starts) {
		if (take(rest, parts.slice(start).join('/') + tail)) return true;
	}
	return false;
}

function drawText(prng: Prng, letters: readonly string[], size: number): string {
	return Array.from({length: size}, () => prng.pick(letters)).join('');
}

function drawPath(prng: Prng): string {
	const parts = Array.from({length: 1 + prng.below(4)}, () =>
		drawText(prng, ['a', 'b', '*', '\\', '\xe9'], 1 + prng.below(3)),
	);
	return parts.join('/');
}

for (const seed of seedsOr(1, 2)) {
	test(`a pattern matches what trying everything finds [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const letters = [
			'a',
			'b',
			'*',
			'*',
			'**',
			'***',
			'?',
			'/',
			'/',
			'\\',
			'[ab]',
			'[!a]',
			'[^b]',
			'\xe9',
		];
		let found = 0;
		for (let left = 15_000; left > 0; left--) {
			const pattern = drawText(prng, letters, 1 + prng.below(7));
			const path = drawPath(prng);
			const isDirectory = prng.chance(0.5);
			const expected = matches(pattern, path, isDirectory);
			if (expected) found++;
			const actual = matcher(pattern, path, isDirectory);
			if (actual !== expected)
				t.fail(`${JSON.stringify(pattern)} on ${JSON.stringify(path)}: ${actual}`);
		}
		t.true(found > 1500, `${found} matched`);
	});

	test(`a pattern of several words matches as a short one does [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		let found = 0;
		for (let left = 300; left > 0; left--) {
			const text = drawText(prng, ['a', 'b', '/'], 40 + prng.below(120)).replaceAll(/\/+/g, '/a');
			const letters = [...text].map(letter => (prng.chance(0.1) && letter !== '/' ? '?' : letter));
			if (prng.chance(0.5)) letters.splice(prng.below(letters.length), 3, '*');
			if (prng.chance(0.2)) letters[prng.below(letters.length)] = 'b';
			const pattern = `/${letters.join('')}`;
			const expected = matches(pattern, text, false);
			if (expected) found++;
			t.is(matcher(pattern, text, false), expected, pattern);
		}
		t.true(found > 50, `${found} matched`);
	});

	test(`the nearest directory above a path is found in path order [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const paths = Array.from({length: 300}, () =>
			octets(
				drawText(prng, ['a', '!', '/', 'a0', '/a'], 1 + prng.below(8)).replaceAll(/^\/|\/$/g, ''),
			),
		);
		paths.sort(comparePaths);
		const stack = new PathStack<Uint8Array>();
		for (const [at, path] of paths.entries()) {
			const above = paths.slice(0, at).filter(each => isWithin(path, each));
			const nearest = above.reduce<Uint8Array | undefined>(
				(best, each) => (best === undefined || each.length >= best.length ? each : best),
				undefined,
			);
			t.deepEqual(stack.above(path)?.length, nearest?.length);
			stack.push(path, path);
		}
	});
}

test('a pattern full of stars costs no more than its size times that of the path', t => {
	const path = `${'a'.repeat(4000)}c`;
	for (const pattern of [
		`${'*a'.repeat(1000)}b`,
		`${'**a'.repeat(15)}b`,
		`${'*?'.repeat(1300)}b`,
	]) {
		// Of some, the first that nothing else on this machine has held up.
		let elapsedMs = Infinity;
		for (let tries = 0; tries < 5 && elapsedMs >= 1000; tries++) {
			const start = performance.now();
			t.false(matcher(pattern, path, false));
			elapsedMs = performance.now() - start;
		}
		t.true(elapsedMs < 1000, `${pattern.slice(0, 8)}`);
	}
});
