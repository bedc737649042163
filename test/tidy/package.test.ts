/** What the package promises: nothing native to build, free licences, versions that fit. */
import test from 'ava';
import {readText} from '../support/repository.ts';

type Locked = {
	readonly dev?: boolean;
	readonly optional?: boolean;
	readonly license?: string;
	readonly hasInstallScript?: boolean;
	readonly engines?: {readonly node?: string};
};

const licences = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD'];

/** Faults of the packages that users install. */
function checkLocked(packages: Readonly<Record<string, Locked>>): string[] {
	return Object.entries(packages).flatMap(([path, locked]) => {
		if (path === '' || locked.dev) return [];
		const faults: string[] = [];
		if (locked.hasInstallScript) faults.push(`${path} runs a script when it is installed`);
		if (!licences.includes(locked.license ?? '')) faults.push(`${path} has another licence`);
		return faults;
	});
}

test('nothing that users install is native or under another licence', t => {
	const {packages} = JSON.parse(readText('package-lock.json')) as {
		packages: Record<string, Locked>;
	};
	t.true(Object.keys(packages).length > 4);
	t.deepEqual(checkLocked(packages), []);
});

test('sees packages that are', t => {
	t.is(checkLocked({'node_modules/a': {license: 'MIT', hasInstallScript: true}}).length, 1);
	t.is(checkLocked({'node_modules/a': {license: 'GPL-3.0'}}).length, 1);
	t.is(checkLocked({'node_modules/a': {}}).length, 1);
	t.deepEqual(checkLocked({'node_modules/a': {dev: true, hasInstallScript: true}}), []);
});
test('what package.json points to is what the sources build', t => {
	const manifest = JSON.parse(readText('package.json')) as {
		bin: Record<string, string>;
		exports: Record<string, string>;
		imports: Record<string, string | Record<string, string>>;
	};
	const targets = [
		...Object.values(manifest.exports),
		...Object.values(manifest.imports).flatMap(target =>
			typeof target === 'string' ? [target] : Object.values(target),
		),
	];
	for (const target of targets) {
		const source = target.replace(/^\.\/dist\//, '').replace(/\.(js|wasm)$/, '.ts');
		t.notThrows(() => readText(source), target);
	}
	for (const target of Object.values(manifest.bin)) t.notThrows(() => readText(target));
});

/** Scripts that leave it to chance which of two compilers runs. */
function checkCompiler(scripts: Readonly<Record<string, string>>): string[] {
	return Object.keys(scripts).filter(name => /(^|[\s;&|])(npx\s+)?tsc\b/.test(scripts[name]!));
}

test('scripts compile with TypeScript 7, whichever `tsc` npm has linked', t => {
	const {scripts} = JSON.parse(readText('package.json')) as {scripts: Record<string, string>};
	t.deepEqual(checkCompiler(scripts), []);
	t.deepEqual(checkCompiler({a: 'tsc -p .', b: 'x && npx tsc', c: 'node bin/tsc'}), ['a', 'b']);
	const compiler = /node (node_modules\/\S+)\/bin\/tsc /.exec(scripts['compile']!)?.[1];
	const {version} = JSON.parse(readText(`${compiler}/package.json`)) as {version: string};
	t.regex(version, /^7\./);
	t.regex(scripts['build']!, /^npm run compile &&/);
});
