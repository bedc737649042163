/**
 * Kills a publish before one of its calls, and looks at what is there: at once, after the next
 * start, and after the next pull. Two sources take turns, so that each publish is from the one to
 * the other, as a mirror's are.
 */
import {execFileSync, spawnSync} from 'node:child_process';
import {
	chmodSync,
	linkSync,
	mkdirSync,
	readdirSync,
	realpathSync,
	renameSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {isDeepStrictEqual} from 'node:util';
import platform from '#platform';
import {Pool} from '../../src/pool/pool.ts';
import {compareTrees, walkTree} from './compare-trees.ts';
import {type Counted, compileCounter, dyingAt} from './kill-counter.ts';
import {Prng} from './prng.ts';
import {openUpdate, pullTree} from './pull-tree.ts';
import {TreeSource} from './tree-source.ts';

export type KillWay = 'in-place' | 'tree';

export type KillOptions = {
	readonly way: KillWay;
	readonly counted: Counted;
	/** From where on calls count. */
	readonly span: 'publish' | 'pull';
	readonly threads: number;
};

export type Killed = {
	/** What the next start found. `over`: the process ended before it was to be killed. */
	readonly found: Found | 'over';
	/** What a reader sees before that: in place it may be a mixture. */
	readonly atOnce: Found;
	/** What was wrong; empty: nothing. */
	readonly faults: readonly string[];
	/** How many calls count, where the process came to its end. */
	readonly calls: number | undefined;
};

type Found = 'old' | 'new' | 'mixture';

const program = new URL('./publish-process.js', import.meta.url).pathname;

/** Long enough for any machine; a process that hangs is a fault. */
const timeout = 120_000;

export class KillScene {
	readonly #base: string;
	readonly #to: string;
	readonly #options: KillOptions;
	readonly #library: string;
	readonly #pool: Pool;
	readonly #sources = new Map<string, TreeSource>();

	private constructor(base: string, options: KillOptions, library: string) {
		this.#base = base;
		this.#to = join(base, 'to');
		this.#options = options;
		this.#library = library;
		const {crypto, clock, tree, threads} = platform;
		const context = {tree, crypto, sha256: crypto.sha256, clock};
		this.#pool = new Pool({threads, threadCount: 0, context});
	}

	/** Undefined where nothing can be compiled. `base` is an empty directory. */
	static async open(
		base: string,
		options: KillOptions,
		seed: number,
	): Promise<KillScene | undefined> {
		const library = compileCounter(base);
		if (library === undefined) return undefined;
		const scene = new KillScene(base, options, library);
		const prng = new Prng(seed);
		plant(join(base, 'old'), prng);
		execFileSync('cp', ['-a', '--', join(base, 'old'), join(base, 'new')]);
		change(join(base, 'new'), prng);
		// Three publishes: in tree mode there is a spare tree from then on.
		for (const name of ['old', 'new', 'old']) await scene.#pull(name);
		return scene;
	}

	async close(): Promise<void> {
		await this.#pool.close();
	}

	/** Publishes the new tree, killed before call `last`, then all that follows. */
	async kill(last: number): Promise<Killed> {
		const {way, counted, span, threads} = this.#options;
		const faults: string[] = [];
		const older = this.#keptTrees();
		const words = [program, join(this.#base, 'new'), this.#to, way, String(threads), span];
		const env = dyingAt(this.#library, last, counted);
		const {signal, stderr} = spawnSync(process.execPath, words, {env, timeout});
		const said = stderr.toString();
		const calls = /^calls (\d+)$/m.exec(said)?.[1];
		const isOver = calls !== undefined;
		if (!isOver && signal !== 'SIGKILL') faults.push(`it ended by itself: ${said}`);
		const atOnce = this.#look(way === 'tree' ? faults : [], 'at once');
		await (await openUpdate(this.#pool, this.#to, this.#open)).close();
		const found = this.#look(faults, 'after the next start');
		faults.push(...this.#changedTrees(older));
		await this.#pull('new');
		faults.push(...this.#differences('new').map(line => `after the next pull: ${line}`));
		if (!(await this.#pull('new'))) faults.push('the pull after that found something to do');
		await this.#pull('old');
		faults.push(...this.#differences('old').map(line => `after the pull back: ${line}`));
		const whole = isOver ? Number(calls) : undefined;
		return {found: isOver ? 'over' : found, atOnce, faults, calls: whole};
	}

	get #open() {
		return this.#options.way === 'tree' ? {trees: {keep: 2, convert: false}} : {};
	}

	/** True: there was nothing to do. */
	async #pull(name: string): Promise<boolean> {
		const from = join(this.#base, name);
		const source = this.#sources.get(name) ?? (await TreeSource.of(this.#pool, from));
		this.#sources.set(name, source);
		const pull = {pool: this.#pool, source, destination: this.#to, open: this.#open};
		const {result, unchanged} = await pullTree(pull);
		const problems = result?.problems.map(({message}) => message) ?? [];
		if (problems.length > 0) throw new Error(`a pull has problems: ${problems.join('; ')}`);
		return unchanged;
	}

	#differences(name: string): string[] {
		return compareTrees(join(this.#base, name), realpathSync(this.#to));
	}

	#look(faults: string[], when: string): Found {
		const toOld = this.#differences('old');
		const toNew = this.#differences('new');
		if (toOld.length > 0 && toNew.length > 0) {
			faults.push(`a mixture ${when}: ${toOld.join('; ')} | ${toNew.join('; ')}`);
			return 'mixture';
		}
		return toOld.length === 0 ? 'old' : 'new';
	}

	/** What readers may be in: the current tree, and the one before it. */
	#keptTrees(): Map<string, ReturnType<typeof walkTree>> {
		if (this.#options.way === 'in-place') return new Map();
		const trees = join(this.#base, '.to.shoal', 'trees');
		const names = readdirSync(trees).sort((a, b) => Number(a) - Number(b));
		const kept = names.slice(-2).map(name => join(trees, name));
		return new Map(kept.map(path => [path, walkTree(path)]));
	}

	#changedTrees(before: ReadonlyMap<string, ReadonlyMap<string, unknown>>): string[] {
		return [...before]
			.filter(([path, entries]) => !isDeepStrictEqual(walkTree(path), entries))
			.map(([path]) => `${path} has changed`);
	}
}

/** The tree before; names in it are what `change` does to them. */
function plant(root: string, prng: Prng): void {
	const write = (name: string, size = prng.below(3000)) =>
		writeFileSync(join(root, name), prng.bytes(size));
	mkdirSync(root);
	for (const name of ['stays', 'changes', 'goes', 'moves', 'moves and changes mode']) write(name);
	for (const name of ['a', 'b', 'x', 'y', 'z', 'to directory', 'to link', 'mode', 'time']) {
		write(name);
	}
	write('empty', 0);
	write('large', 150_000);
	for (const name of ['to file', 'gone', 'gone/below', 'dir moves', 'dir to link', 'only mode']) {
		mkdirSync(join(root, name));
		write(`${name}/x`);
		write(`${name}/y`);
	}
	const deep = Array.from({length: 20}, (_, level) => `level ${level}`);
	mkdirSync(join(root, ...deep), {recursive: true});
	write(join(...deep, 'changes'));
	write(join(...deep, 'stays'));
	const link = (from: string, to: string) => linkSync(join(root, from), join(root, to));
	write('grouped');
	for (const name of ['grouped again', 'to leave its group']) link('grouped', name);
	write('other group');
	link('other group', 'to change its group');
	write('to join a group');
	symlinkSync('a', join(root, 'link'));
	symlinkSync('gone', join(root, 'link to file'));
	symlinkSync('gone', join(root, 'link to directory'));
	writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0x0a])]), 'bytes');
	utimesSync(root, 1, 1_000_000_000);
}

function change(root: string, prng: Prng): void {
	const path = (name: string) => join(root, name);
	const write = (name: string, size = prng.below(3000)) =>
		writeFileSync(path(name), prng.bytes(size));
	const swap = (...names: string[]) => {
		renameSync(path(names[0]!), path('held'));
		for (let at = 1; at < names.length; at++) renameSync(path(names[at]!), path(names[at - 1]!));
		renameSync(path('held'), path(names.at(-1)!));
	};
	const replace = (name: string) => rmSync(path(name), {recursive: true});
	for (const name of ['changes', 'new', 'empty']) write(name, 1 + prng.below(4000));
	write('large', 140_000);
	for (const name of ['goes', 'gone']) replace(name);
	renameSync(path('moves'), path('moved'));
	renameSync(path('moves and changes mode'), path('moved with another mode'));
	chmodSync(path('moved with another mode'), 0o600);
	renameSync(path('dir moves'), path('dir moved'));
	swap('a', 'b');
	swap('x', 'y', 'z');
	replace('to directory');
	mkdirSync(path('to directory'));
	write('to directory/z');
	for (const name of ['to file', 'link to file']) {
		replace(name);
		write(name);
	}
	for (const name of ['to link', 'dir to link', 'link']) {
		replace(name);
		symlinkSync('b', path(name));
	}
	replace('link to directory');
	mkdirSync(path('link to directory'));
	write('link to directory/x');
	chmodSync(path('mode'), 0o4711);
	chmodSync(path('only mode'), 0o700);
	utimesSync(path('time'), 1, 1_050_000_000);
	const deep = Array.from({length: 20}, (_, level) => `level ${level}`);
	write(join(...deep, 'changes'));
	for (const name of ['to leave its group', 'to change its group', 'to join a group'])
		replace(name);
	write('to leave its group');
	linkSync(path('grouped'), path('to change its group'));
	linkSync(path('other group'), path('to join a group'));
	utimesSync(root, 1, 1_100_000_000);
}
