/** The repository's own files, for tests that hold its habits. Tests run from `dist/`. */
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

/** Where package.json stands. */
export const repositoryRoot = fileURLToPath(new URL('../../../', import.meta.url));

/** Made, fetched or private: not part of the sources. */
const skipped = new Set(['node_modules', 'dist', '.git', 'coverage', 'results']);

/** Paths of all source files relative to the root, sorted, with slashes. */
export function listFiles(folder = ''): string[] {
	const found: string[] = [];
	for (const entry of readdirSync(join(repositoryRoot, folder), {withFileTypes: true})) {
		if (skipped.has(entry.name) || entry.name.endsWith('.tsbuildinfo')) continue;
		const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
		if (entry.isDirectory()) found.push(...listFiles(path));
		else if (entry.isFile()) found.push(path);
	}
	return found.sort();
}

export function readText(path: string): string {
	return readFileSync(join(repositoryRoot, path), 'utf8');
}
