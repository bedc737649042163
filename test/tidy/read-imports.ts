/** Finds what a file imports, however it says so. */
import {posix} from 'node:path';
import type {Import} from './import-table.ts';
import {strip} from './strip.ts';

/**
 * `import x from 'y'`, `import 'y'`, `export … from 'y'`, `import('y')`, `require('y')`,
 * `import.meta.resolve('y')` and `import('y').Type`; type imports too. A computed name is found
 * as `?`.
 */
const patterns = [
	/\b(import|export)(\s+type)?\b(?!\s*\()(?:[\w*\s{},$]|\bas\b)*?\bfrom\s*(['"])([^'"\n]*)\3/g,
	/\b(import)(\s+type)?\s*(['"])([^'"\n]*)\3/g,
];
const calls =
	/\b(?:import|require|import\.meta\.resolve|createRequire)\s*\(\s*(?:(['"`])([^'"`\n]*)\1\s*\)|[^)])/g;

export function readImports(path: string, text: string): Import[] {
	const code = strip(text, {strings: false});
	const found: Import[] = [];
	const add = (specifier: string, typeOnly: boolean) => {
		const relative = specifier.startsWith('.');
		const target = relative ? posix.join(posix.dirname(path), specifier) : specifier;
		found.push({specifier, target, typeOnly});
	};
	for (const pattern of patterns) {
		for (const [, , type, , specifier] of code.matchAll(pattern))
			add(specifier!, type !== undefined);
	}
	for (const [, , specifier] of code.matchAll(calls)) add(specifier ?? '?', false);
	return found;
}
