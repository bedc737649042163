/**
 * One pull of a directory in a process of its own, for who wants to kill it:
 * `node publish-process.js FROM TO in-place|tree THREADS publish|pull`. The last word says from
 * where on calls count: from the publish, or from the opening of TO.
 */
import {accessSync} from 'node:fs';
import platform from '#platform';
import {Pool} from '../../src/pool/pool.ts';
import {beginMark, endMark} from './kill-counter.ts';
import {pullTree} from './pull-tree.ts';
import {TreeSource} from './tree-source.ts';

const [from, destination, way, threads, span] = process.argv.slice(2) as [
	string,
	string,
	string,
	string,
	string,
];
const {crypto, clock, tree} = platform;
const context = {tree, crypto, sha256: crypto.sha256, clock};
const pool = new Pool({threads: platform.threads, threadCount: Number(threads), context});

/** Nothing is there: it is only looked for. */
function mark(path: string): void {
	try {
		accessSync(path);
	} catch {
		return;
	}
	throw new Error(`${path} exists`);
}

const source = await TreeSource.of(pool, from);
if (span === 'pull') mark(beginMark);
const {result} = await pullTree({
	pool,
	source,
	destination,
	open: way === 'tree' ? {trees: {keep: 2, convert: false}} : {},
	beforePublish: () => {
		if (span === 'publish') mark(beginMark);
	},
});
mark(endMark);
await pool.close();
process.exitCode = result?.exit ?? 70;
