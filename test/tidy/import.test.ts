import test from 'ava';
import {listFiles, readText} from '../support/repository.ts';
import {type Import, refuseImport} from './import-table.ts';
import {readImports} from './read-imports.ts';

const faults = (path: string, text: string): string[] =>
	readImports(path, text).flatMap(found => {
		const refusal = refuseImport(path, found);
		return refusal === undefined ? [] : [`${path} imports ${found.specifier}: ${refusal}`];
	});

test('every import goes downwards', t => {
	const files = listFiles().filter(path => /^(src|native-free|bin)\/.*\.(ts|js)$/.test(path));
	t.true(files.length > 50);
	const found = files
		.filter(path => path.endsWith('.ts'))
		.flatMap(path => faults(path, readText(path)));
	t.deepEqual(found, []);
});

test('bin/shoal.js is a shebang and one import', t => {
	t.is(readText('bin/shoal.js'), "#!/usr/bin/env node\nimport '../dist/src/cli/launch.js';\n");
});

test('every way to import is seen', t => {
	const text = `
import a, {b as c} from './1.ts';
import type {d} from './2.ts';
import * as e from "./3.ts";
import './4.ts';
export {f} from './5.ts';
export * from './6.ts';
export type {g} from './7.ts';
import {
	h,
	type i,
} from './8.ts';
const j = await import('./9.ts');
type K = import('./10.ts').K;
const l = require("./11.ts");
import.meta.resolve('./12.ts');
const m = import(n);
// import './no.ts';
const o = "import './no.ts'";
import p from'./13.ts';const q=import(\`./14.ts\`);
`;
	const specifiers = readImports('src/x/y.ts', text).map(({specifier}) => specifier);
	const expected = Array.from({length: 14}, (_, index) => `./${index + 1}.ts`);
	t.deepEqual(
		specifiers.filter(specifier => !specifier.includes('no.ts')).sort(),
		[...expected, '?'].sort(),
	);
	const types = readImports('src/x/y.ts', text).filter(({typeOnly}) => typeOnly);
	t.deepEqual(types.map(({target}: Import) => target).sort(), ['src/x/2.ts', 'src/x/7.ts']);
});

const planted: [string, string, string][] = [
	['a room above', 'src/wire/a.ts', "import {x} from '../session/y.ts';"],
	['a type from above', 'src/wire/a.ts', "import type {x} from '../session/y.ts';"],
	['a bare import', 'src/wire/a.ts', "import '../engine/pull.ts';"],
	['a lazy import', 'src/store/a.ts', "await import('../engine/pull.ts')"],
	['an export from above', 'src/delta/a.ts', "export * from '../snapshot/y.ts';"],
	['Node in the core', 'src/session/a.ts', "import {x} from 'node:crypto';"],
	['Node in the engine', 'src/engine/a.ts', "import 'node:fs';"],
	['a child process', 'native-free/a.ts', "import {x} from 'node:child_process';"],
	['the platform as a value', 'src/store/a.ts', "import x from '#platform';"],
	['the floor, not by its name', 'src/engine/a.ts', "import x from '../../native-free/x.ts';"],
	['a package of another room', 'src/engine/a.ts', "import x from 'p-queue';"],
	['an unknown package', 'src/cli/a.ts', "import x from 'lodash';"],
	['the floor importing a room', 'native-free/a.ts', "import {x} from '../src/wire/y.ts';"],
	['a value of platform', 'native-free/a.ts', "import {x} from '../src/platform/y.ts';"],
	['a leaf importing a room', 'src/error.ts', "import {x} from './wire/codec.ts';"],
	['the library importing the command line', 'src/index.ts', "export * from './cli/main.ts';"],
	['an import of what was built', 'src/wire/a.ts', "import {x} from './codec.js';"],
	['a computed import', 'src/wire/a.ts', 'await import(name)'],
	['an unknown room', 'src/cli/a.ts', "import {x} from '../attic/y.ts';"],
	['what is outside', 'src/cli/a.ts', "import {x} from '../../test/y.ts';"],
];
for (const [what, path, text] of planted) {
	test(`sees ${what}`, t => {
		t.is(faults(path, text).length, 1);
	});
}

test('allows what the table allows', t => {
	const allowed: [string, string][] = [
		['src/session/a.ts', "import {x} from '../wire/y.ts'; import '../error.ts';"],
		['src/snapshot/a.ts', "import {x} from '../delta/y.ts';"],
		['src/cli/a.ts', "import 'node:fs'; import 'commander'; import x from '#platform';"],
		['src/pool/worker.ts', "import x from '#platform';"],
		['src/driver/full.ts', "export {default} from '../../native-free/index.ts';"],
		['native-free/a.ts', "import type {x} from '../src/platform/y.ts'; import 'node:fs';"],
		['src/index.ts', "export * from './engine/pull.ts';"],
		['test/unit/a.ts', "import 'node:child_process';"],
	];
	for (const [path, text] of allowed) t.deepEqual(faults(path, text), []);
});
