/**
 * One case of the comparison with rsync(1) over time: a source that changes, a destination that
 * people change by hand, and pulls with options that are drawn anew each time, some of them cut off
 * or short of files. After each pull DEST must be what rsync makes of its twin. On the way: nothing
 * is lost that rsync would keep, no file is a mixture, a pull that publishes nothing changes
 * nothing, and trees that were shown stay as they were.
 */
import {existsSync, mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Pool} from '../../src/pool/pool.ts';
import type {OpenOptions} from '../../src/receiver/update.ts';
import {parseFilterRules} from '../../src/snapshot/filter-parse.ts';
import type {List} from '../../src/snapshot/list.ts';
import {parseNames} from '../../src/snapshot/name-list.ts';
import {walkTree} from './compare-trees.ts';
import {fetchSlice, nodesOf} from './fetch-slice.ts';
import {compare, runRsync} from './filter-compare.ts';
import {toOctets} from './filter-world.ts';
import {Prng} from './prng.ts';
import {defaults, openUpdate, type Pulled, type PullTree, pullTree} from './pull-tree.ts';
import {drawDeed, drawRules, look} from './sequence-world.ts';
import {TreeSource} from './tree-source.ts';

type Walk = ReturnType<typeof walkTree>;

type Step = {
	readonly subPath: string;
	readonly rules: readonly string[];
	readonly names: readonly string[] | undefined;
	readonly recursive: boolean;
	readonly delete: 'no' | 'delete' | 'excluded';
	readonly permissions: boolean;
	readonly times: boolean;
	readonly checksum: boolean;
	readonly check: boolean;
	readonly state: string | undefined;
	readonly keep: number;
	readonly asTrees: boolean;
	readonly before: readonly Trouble[];
};

type Trouble = 'dry' | 'cut' | 'refused' | 'unread' | 'strict';

/** Undefined: rsync itself failed; else what differs, a line each, after what was done. */
export async function compareSequence(
	pool: Pool,
	home: string,
	seed: number,
): Promise<string[] | undefined> {
	mkdirSync(home);
	const differences = await new Sequence(pool, home, seed).run();
	if (differences?.length === 0) rmSync(home, {recursive: true});
	return differences;
}

class Sequence {
	readonly #pool: Pool;
	readonly #home: string;
	readonly #prng: Prng;
	readonly #found: string[] = [];
	readonly #startNs = BigInt(Date.now() - 1000) * 1_000_000n;
	#isTouched = false;
	/** A pull without times has been. */
	#hasLostTimes = false;

	constructor(pool: Pool, home: string, seed: number) {
		this.#pool = pool;
		this.#home = home;
		this.#prng = new Prng(seed);
	}

	async run(): Promise<string[] | undefined> {
		const prng = this.#prng;
		const treesFrom = prng.chance(0.5) ? prng.below(4) : Infinity;
		for (const name of ['source', 'source/a', 'rsync', 'ours']) mkdirSync(this.#at(name));
		this.#change('source', 25);
		for (let round = 0; round < 6; round++) {
			this.#change('source', prng.below(6));
			if (prng.chance(0.4)) this.#changeByHand(round > treesFrom);
			const step = this.#draw(round >= treesFrom);
			try {
				if (!(await this.#pull(step))) return undefined;
			} catch (error) {
				this.#found.push(`throws ${error instanceof Error ? error.stack : error}`);
			}
			if (this.#found.length === 0) continue;
			return [`round ${round}: ${JSON.stringify(step)}`, ...this.#found];
		}
		return [];
	}

	#at(name: string): string {
		return join(this.#home, name);
	}

	#change(name: string, count: number): void {
		for (let left = count; left > 0; left--) {
			drawDeed(this.#prng, this.#at(name), false)(this.#at(name));
		}
	}

	/** The same in both. */
	#changeByHand(replacing: boolean): void {
		this.#isTouched = true;
		for (let left = 1 + this.#prng.below(4); left > 0; left--) {
			const deed = drawDeed(this.#prng, this.#at('rsync'), replacing);
			for (const root of ['rsync', 'ours']) deed(this.#at(root));
		}
	}

	#draw(asTrees: boolean): Step {
		const prng = this.#prng;
		const subPath = prng.chance(0.2) ? 'a' : '';
		const paths = look(join(this.#at('source'), subPath)).map(({path}) => path);
		const isNamed = paths.length > 0 && prng.chance(0.15);
		return {
			subPath,
			rules: drawRules(prng),
			names: isNamed ? Array.from({length: 3}, () => prng.pick(paths)) : undefined,
			recursive: isNamed && prng.chance(0.5),
			delete: prng.pick(['no', 'delete', 'delete', 'delete', 'excluded'] as const),
			permissions: prng.chance(0.85),
			times: prng.chance(0.9),
			checksum: prng.chance(0.15),
			check: prng.chance(0.3),
			state: asTrees ? undefined : prng.pick([undefined, undefined, 'state-a', 'state-b']),
			keep: 1 + prng.below(3),
			asTrees,
			before: Array.from({length: prng.below(3)}, () =>
				prng.pick(['dry', 'cut', 'refused', 'unread', 'strict'] as const),
			),
		};
	}

	/** False: rsync has failed. */
	async #pull(step: Step): Promise<boolean> {
		const rsync = await runRsync(this.#words(step), this.#home);
		const {status, errors, listed} = rsync;
		if (/File-list index|Hlink node|received SIG|could not make way/.test(errors)) return false;
		if (status !== 0) {
			this.#found.push(`rsync: ${status} ${errors}`);
			return true;
		}
		const source = await TreeSource.of(this.#pool, this.#at('source'), {exclude: []});
		for (const trouble of step.before) {
			await this.#pullInTrouble(step, source, trouble);
			if (this.#found.length > 0) return true;
		}
		const looks = step.check || step.checksum || !this.#isTouched;
		if (!looks) {
			await this.#watch('blind', step, () => this.#pullOnce(step, source));
		}
		const sure = looks ? step : {...step, check: true};
		const {result, unchanged} = await this.#watch('pull', step, () => this.#pullOnce(sure, source));
		this.#isTouched = false;
		if (!unchanged && result?.exit !== 0) {
			this.#found.push(`exit ${result?.exit}: ${JSON.stringify(result?.problems)}`);
		}
		const {asTrees} = step;
		const options = {startNs: this.#startNs, listed, withRoot: step.names === undefined, asTrees};
		const ours = realpathSync(this.#at('ours'));
		this.#hasLostTimes ||= !step.times;
		this.#found.push(
			...compare(this.#at('rsync'), ours, options).filter(
				line => !this.#isExcused(line, step, listed),
			),
		);
		const again = await this.#watch('again', step, () => this.#pullOnce(step, source));
		const isIdle = again.unchanged || step.checksum || step.check;
		if (!isIdle) this.#found.push('a second pull finds something to do');
		return true;
	}

	/**
	 * Without times or permissions, a name that is or was one of several of one file has those of the
	 * one that rsync happens to begin with. What is not transferred may have got its own with a name that is.
	 */
	#isExcused(line: string, {permissions}: Step, listed: ReadonlySet<string>): boolean {
		if (this.#hasLostTimes && /: time \d+ became/.test(line)) return true;
		const [, name, key] = /^("(?:[^"]|\\")*"): (mode|time) /.exec(line) ?? [];
		if (key === undefined) return false;
		if (key === 'mode' && !permissions) return true;
		const path = JSON.parse(name!) as string;
		const roots = [this.#at('rsync'), realpathSync(this.#at('ours'))];
		const isLinked = roots.some(root => walkTree(root).get(path)?.group !== '');
		return isLinked && !listed.has(path);
	}

	/** What must not do any harm. */
	async #pullInTrouble(step: Step, source: TreeSource, trouble: Trouble): Promise<void> {
		const prng = this.#prng.fork();
		const isIdle = trouble === 'dry' || trouble === 'cut' || trouble === 'strict';
		const before = walkTree(realpathSync(this.#at('ours')), ['.shoal']);
		const refuses = () => (prng.chance(0.5) ? 1 : undefined);
		const isConverted = !step.asTrees || existsSync(this.#at('.ours.shoal'));
		if (trouble === 'dry') {
			if (isConverted) await this.#pullDry(step, source);
		} else if (trouble === 'unread') {
			const unread = look(this.#at('source'))
				.map(({path}) => path)
				.filter(() => prng.chance(0.2));
			const options = {exclude: [], unread};
			const poor = await TreeSource.of(this.#pool, this.#at('source'), options);
			if (poor.list.unreadCount === 0) return;
			const {result} = await this.#watch('unread', step, () => this.#pullOnce(step, poor));
			// What is not in the image keeps nobody from deleting.
			const isNarrow = step.subPath !== '' || step.rules.length > 0 || step.names !== undefined;
			if (isNarrow && result?.exit === 0) return;
		} else {
			const feed = trouble === 'cut' ? {blocksMax: prng.below(20)} : {refuses};
			const options = trouble === 'strict' ? {strict: true} : {};
			const {fed, result} = await this.#watch(trouble, step, () =>
				this.#pullOnce(step, source, {feed: {prng, ...feed}, options}),
			);
			if (trouble === 'cut' && result !== undefined) return;
			const isShort = result !== undefined && result.exit !== 0;
			if (trouble === 'strict' && !isShort) return;
			if (trouble === 'refused' && (fed.requests === 0 || !isShort)) return;
		}
		const after = walkTree(realpathSync(this.#at('ours')), ['.shoal']);
		if (isIdle) this.#expectSame(`${trouble}: DEST`, before, after);
		else this.#expectNothingGone(trouble, before, after);
	}

	async #pullDry(step: Step, source: TreeSource): Promise<void> {
		const before = walkTree(this.#home);
		const update = await openUpdate(this.#pool, this.#at('ours'), {
			...this.#openOptions(step),
			dryRun: true,
		});
		try {
			await update.plan(this.#listOf(step, source), {...defaults, ...this.#optionsOf(step)});
		} finally {
			await update.close();
		}
		this.#expectSame('dry', before, walkTree(this.#home));
	}

	#pullOnce(step: Step, source: TreeSource, more: Partial<PullTree> = {}): Promise<Pulled> {
		return pullTree({
			pool: this.#pool,
			source,
			list: this.#listOf(step, source),
			destination: this.#at('ours'),
			...more,
			open: this.#openOptions(step),
			options: {...this.#optionsOf(step), ...more.options},
		});
	}

	#listOf({subPath}: Step, source: TreeSource): List {
		if (subPath === '' || this.#prng.chance(0.3)) return source.list;
		const {list} = fetchSlice(nodesOf(source.list), toOctets(subPath), this.#prng);
		if ('problem' in list) throw new Error(list.problem);
		return list;
	}

	#openOptions({asTrees, keep, state, subPath}: Step): Partial<OpenOptions> {
		const image = {
			identity: new Uint8Array(32),
			module: new Uint8Array(0),
			subPath: new Uint8Array(toOctets(subPath)),
		};
		if (asTrees) return {image, trees: {keep, convert: true}};
		return state === undefined ? {image} : {image, state: this.#at(state)};
	}

	#optionsOf(step: Step) {
		const given = step.rules.map(text => ({option: 'filter', text: toOctets(text)}) as const);
		const filters = parseFilterRules(given, {
			deleteExcluded: step.delete === 'excluded',
			nulLines: false,
			readFile: () => new Uint8Array(0),
		});
		const {permissions, times, checksum, check, recursive} = step;
		return {
			filters,
			names:
				step.names && parseNames(toOctets(step.names.map(name => `${name}\n`).join('')), false),
			recursive,
			delete: step.delete !== 'no',
			deleteMax: 1e9,
			permissions,
			times,
			checksum,
			check,
		};
	}

	#words(step: Step): string[] {
		if (step.names !== undefined) {
			writeFileSync(this.#at('names'), step.names.map(name => `${name}\n`).join(''));
		}
		return [
			'-aH',
			...(step.delete === 'no' ? [] : ['--delete']),
			...(step.delete === 'excluded' ? ['--delete-excluded'] : []),
			...(step.permissions ? [] : ['--no-perms']),
			...(step.times ? [] : ['--no-times']),
			...(step.checksum ? ['-c'] : []),
			...(step.names === undefined ? [] : ['--files-from=names']),
			...(step.recursive ? ['-r'] : []),
			...step.rules.map(text => `--filter=${text}`),
			step.subPath === '' ? 'source/' : `source/${step.subPath}/`,
			'rsync/',
		];
	}

	/** Around any pull: what holds whatever becomes of it. */
	async #watch(name: string, step: Step, pull: () => Promise<Pulled>): Promise<Pulled> {
		const shown = this.#trees();
		const before = walkTree(realpathSync(this.#at('ours')), ['.shoal']);
		const pulled = await pull();
		const after = walkTree(realpathSync(this.#at('ours')), ['.shoal']);
		const given = walkTree(join(this.#at('source'), step.subPath));
		for (const [path, {type, content}] of after) {
			if (type !== 'file') continue;
			const isOurs = [before, given].some(each => each.get(path)?.content === content);
			if (!isOurs) this.#found.push(`${name}: ${path} is neither the old nor the new file`);
		}
		const twin = walkTree(this.#at('rsync'));
		for (const [path, {type, content}] of before) {
			const kept = twin.get(path);
			if (kept?.type !== type || kept.content !== content) continue;
			const mine = after.get(path);
			if (mine?.type !== type || mine.content !== content) {
				this.#found.push(`${name}: ${path} is lost, which rsync keeps`);
			}
		}
		const kept = this.#trees();
		for (const [number, tree] of shown) {
			const now = kept.get(number);
			if (now !== undefined) this.#expectSame(`${name}: tree ${number}`, tree, now);
		}
		return pulled;
	}

	/** Trees that are there, by their numbers. */
	#trees(): Map<string, Walk> {
		const path = this.#at('.ours.shoal/trees');
		const numbers = existsSync(path) ? readdirSync(path) : [];
		return new Map(numbers.map(number => [number, walkTree(join(path, number))]));
	}

	#expectSame(name: string, before: Walk, after: Walk): void {
		const isNote = (path: string): boolean => /(?:^|\/)\.(?:ours\.)?shoal/.test(path);
		for (const [path, entry] of before) {
			if (isNote(path)) continue;
			const other = after.get(path);
			for (const key of ['type', 'mode', 'mtimeNs', 'content', 'group'] as const) {
				// State is written at the top of DEST.
				if (path === '' && key === 'mtimeNs') continue;
				if (other?.[key] === entry[key]) continue;
				this.#found.push(`${name}: ${path}: ${key} ${entry[key]} became ${other?.[key]}`);
			}
		}
		for (const path of after.keys()) {
			if (!isNote(path) && !before.has(path)) this.#found.push(`${name}: ${path} is new`);
		}
	}

	#expectNothingGone(name: string, before: Walk, after: Walk): void {
		const filled = new Set([...before.keys()].map(path => path.replace(/\/?[^/]*$/, '')));
		for (const [path, {type}] of before) {
			const now = after.get(path);
			const isGone = type === 'directory' && filled.has(path) && now?.type !== type;
			if (now === undefined || isGone) this.#found.push(`${name}: ${path} is gone`);
		}
	}
}
