/**
 * Consecutive versions of large npm packages, as their files, as the archive of them, and as that
 * compressed: what `npm pack` fetches, kept in a cache directory, so a second run needs no network.
 */
import {spawnSync} from 'node:child_process';
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import {type Pair, Unavailable} from './pair.ts';

type Versions = readonly [name: string, before: string, after: string];

const packages: readonly Versions[] = [
	['typescript', '5.8.3', '5.9.2'],
	['@babel/standalone', '7.27.6', '7.28.0'],
	['date-fns', '4.0.0', '4.1.0'],
	['three', '0.170.0', '0.171.0'],
	['lodash', '4.17.20', '4.17.21'],
	['webpack', '5.98.0', '5.99.0'],
	['rxjs', '7.8.1', '7.8.2'],
	['esbuild-wasm', '0.25.0', '0.25.1'],
];

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'shoal-bench');

export const packagePairs: readonly Pair[] = packages.flatMap(versions => [
	pairOf(versions, 'tree', (from, to) => unpack(from, to)),
	pairOf(versions, 'tar', (from, to) =>
		writeFileSync(join(to, 'package.tar'), gunzipSync(readFileSync(from))),
	),
	pairOf(versions, 'tar.gz', (from, to) =>
		writeFileSync(join(to, 'package.tar.gz'), readFileSync(from)),
	),
]);

function pairOf(
	[name, before, after]: Versions,
	kind: 'tree' | 'tar' | 'tar.gz',
	put: (from: string, to: string) => void,
): Pair {
	return {
		name: `${name} ${before} to ${after}`,
		kind,
		...(kind !== 'tree' && {file: `package.${kind}`}),
		make: (old, fresh) => {
			put(fetchPackage(name, before), old);
			put(fetchPackage(name, after), fresh);
		},
	};
}

/** Of files that are moved about: some that every machine has. */
export function unpackForMoving(to: string): void {
	unpack(fetchPackage('typescript', '5.9.2'), to);
}

function unpack(archive: string, to: string): void {
	const words = ['-xzf', archive, '-C', to, '--strip-components=1', '--no-same-owner'];
	const {status, stderr} = spawnSync('tar', words, {encoding: 'utf8'});
	if (status !== 0) throw new Error(`tar: ${stderr}`);
}

/** The archive's path. */
function fetchPackage(name: string, version: string): string {
	const kept = join(cache, `${name.replace('/', '-')}-${version}.tgz`);
	if (existsSync(kept)) return kept;
	const directory = join(cache, `fetching-${process.pid}`);
	mkdirSync(directory, {recursive: true});
	try {
		const words = ['pack', `${name}@${version}`, '--silent', '--pack-destination', directory];
		const {status, stderr} = spawnSync('npm', words, {encoding: 'utf8', timeout: 60_000});
		const [file] = readdirSync(directory);
		if (status !== 0 || file === undefined) {
			throw new Unavailable(`npm pack ${name}@${version}: ${stderr?.trim() || 'timed out'}`);
		}
		renameSync(join(directory, file), kept);
		return kept;
	} finally {
		rmSync(directory, {recursive: true, force: true});
	}
}
