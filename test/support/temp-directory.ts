/** A directory of its own for a test, gone when the test has ended. */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';

export function tempDirectory(t: ExecutionContext): string {
	const path = mkdtempSync(join(tmpdir(), 'shoal-'));
	t.teardown(() => rmSync(path, {recursive: true, force: true}));
	return path;
}
