/** Pulls of a tree that changes meanwhile: what they publish is whole, and of one version each. */
import {createHash} from 'node:crypto';
import {
	closeSync,
	existsSync,
	ftruncateSync,
	openSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
	writeSync,
} from 'node:fs';
import {join} from 'node:path';
import {setImmediate as nextTurn, setTimeout as sleep} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import type {Event, PullResult} from '../../src/engine/event.ts';
import type {PullOptions} from '../../src/engine/options.ts';
import {pull} from '../../src/engine/pull.ts';
import {pullDefaults} from '../../src/engine/pull-defaults.ts';
import {serve} from '../../src/engine/serve.ts';
import {takeSnapshot} from '../../src/engine/take-snapshot.ts';
import {parseSourceUrl} from '../../src/session/source-url.ts';
import {compareTrees} from '../support/compare-trees.ts';
import {Prng} from '../support/prng.ts';
import {seedsOr} from '../support/seeds.ts';
import {Workspace} from '../support/workspace.ts';

/** A tree that is served in this process, and pulls of it. */
class Scene {
	readonly space: Workspace;
	url = '';
	readonly #t: ExecutionContext;
	#server: Awaited<ReturnType<typeof serve>> | undefined;
	#offered: ((snapshot: string) => void)[] = [];

	constructor(t: ExecutionContext) {
		this.#t = t;
		this.space = new Workspace(t);
		t.teardown(() => this.#server?.close());
	}

	async serve(listen = '127.0.0.1:0'): Promise<void> {
		this.#server = await serve({
			configDirectory: this.space.at('config'),
			threads: 1,
			listen: [listen],
			modules: [{name: '', directory: this.space.at('tree'), scan: true}],
			on: event => {
				if (event.event !== 'serving') return;
				for (const told of this.#offered.splice(0)) told(event.snapshot);
			},
		});
		this.url = this.#server.urls[0]!;
	}

	async restart(): Promise<void> {
		const {port} = parseSourceUrl(this.url);
		await this.#server!.close();
		await this.serve(`127.0.0.1:${port}`);
	}

	/** Takes a snapshot, and waits until it is offered. */
	async snapshot(): Promise<void> {
		const offered = new Promise(resolve => this.#offered.push(resolve));
		const {changed} = await takeSnapshot({
			configDirectory: this.space.at('config'),
			threads: 0,
			directory: this.space.at('tree'),
		});
		if (changed) await offered;
	}

	pull(more: Partial<PullOptions> = {}): Promise<PullResult> {
		return pull({
			...pullDefaults,
			configDirectory: this.space.at('config'),
			threads: 1,
			source: parseSourceUrl(this.url),
			destination: this.space.at('mirror'),
			delete: true,
			deleteMax: 1000,
			...more,
		});
	}

	read(name: string): string {
		return readFileSync(this.space.at(name), 'latin1');
	}

	same(): void {
		this.#t.deepEqual(compareTrees(this.space.at('tree'), this.space.at('mirror')), []);
	}
}

/** Resolves when a transfer has brought so many octets. */
function fetching(octets: number) {
	let resolve = (): void => undefined;
	const begun = new Promise<void>(then => {
		resolve = then;
	});
	const remarks: string[] = [];
	const on = (event: Event): void => {
		if (event.event === 'remark') remarks.push(event.text);
		if (event.event === 'progress' && event.progress.phase === 'transfer') {
			if (event.progress.done >= octets) resolve();
		}
	};
	return {begun, on, remarks};
}

const size = 4_000_000;

/** A file that takes two seconds, and one behind it, farther than a source reads ahead. */
async function longPull(t: ExecutionContext) {
	const scene = new Scene(t);
	const {space} = scene;
	space.write('tree/a', new Prng(1).bytes(size));
	space.write('tree/gone', 'only at first');
	space.write('tree/z', 'before');
	await scene.serve();
	await scene.pull({destination: space.at('mirror'), files: [], dryRun: true});
	const {begun, on, remarks} = fetching(size / 20);
	const pulling = scene.pull({on, rateMax: 2e6});
	await begun;
	return {scene, pulling, remarks};
}

test('a pull whose files are replaced by a newer snapshot goes on with that one', async t => {
	const {scene, pulling, remarks} = await longPull(t);
	scene.space.write('tree/z', 'and afterwards');
	rmSync(scene.space.at('tree/gone'));
	await scene.snapshot();
	const result = await pulling;
	t.is(result.exit, 0, JSON.stringify(result.errors));
	scene.same();
	t.true(remarks.some(text => text.includes('newer snapshot')));
	t.true(result.bytesLiteral < size * 1.05, `${result.bytesLiteral}: nothing comes twice`);
	t.true((await scene.pull()).unchanged);
});

test('a pull whose source comes back with another snapshot goes on with that one', async t => {
	const {scene, pulling, remarks} = await longPull(t);
	scene.space.write('tree/z', 'and afterwards');
	await scene.restart();
	const result = await pulling;
	t.is(result.exit, 0, JSON.stringify(result.errors));
	scene.same();
	t.true(remarks.some(text => text.includes('newer snapshot')));
	t.true(result.bytesLiteral < size * 1.3, `${result.bytesLiteral}: what was staged is kept`);
});

test('what changed without a new snapshot is left as it was; with --strict all is', async t => {
	const scene = new Scene(t);
	const {space} = scene;
	for (const name of ['changed', 'shrunk', 'grown', 'replaced', 'deleted', 'other']) {
		space.write(`tree/${name}`, `first of ${name}`);
	}
	await scene.serve();
	t.is((await scene.pull()).exit, 0);
	for (const name of readdirSync(space.at('tree'))) {
		if (name !== '.shoal') space.write(`tree/${name}`, `the second of ${name}`);
	}
	space.write('mirror/mine', 'not of the source');
	await scene.snapshot();
	space.write('tree/changed', 'The Second of changed');
	space.write('tree/shrunk', 'short');
	space.write('tree/grown', 'much longer than it was in the snapshot');
	renameSync(space.write('new', 'the second of replaceD'), space.at('tree/replaced'));
	rmSync(space.at('tree/deleted'));

	const strict = await scene.pull({strict: true});
	t.is(strict.exit, 24);
	t.is(scene.read('mirror/other'), 'first of other');
	const {exit, leftOut} = await scene.pull();
	t.is(exit, 24);
	t.deepEqual(leftOut, [{code: 'SOURCE_STALE', count: 5}]);
	t.is(scene.read('mirror/other'), 'the second of other');
	for (const name of ['changed', 'shrunk', 'grown', 'replaced', 'deleted']) {
		t.is(scene.read(`mirror/${name}`), `first of ${name}`);
	}
	t.true(existsSync(space.at('mirror/mine')), 'nothing is deleted after an error of the source');
});

/** Changes files in all the ways there are, and remembers every version that was finished. */
class Writer {
	readonly #directory: string;
	readonly #prng: Prng;
	readonly #versions = new Map<string, Set<string>>();

	constructor(directory: string, seed: number) {
		this.#directory = directory;
		this.#prng = new Prng(seed);
		for (let index = 0; index < 16; index++) this.#replace(`f${index}`);
	}

	async change(): Promise<void> {
		const name = `f${this.#prng.below(16)}`;
		if (this.#prng.chance(0.3)) this.#replace(name);
		else if (this.#prng.chance(0.15)) rmSync(join(this.#directory, name), {force: true});
		else await this.#rewrite(name);
	}

	isVersion(name: string, content: Uint8Array): boolean {
		return this.#versions.get(name)?.has(digestOf(content)) === true;
	}

	#replace(name: string): void {
		const path = join(this.#directory, name);
		writeFileSync(`${path}.new`, this.#next(name));
		renameSync(`${path}.new`, path);
	}

	/** In place, a piece at a time: whoever reads meanwhile sees parts of two versions. */
	async #rewrite(name: string): Promise<void> {
		const content = this.#next(name);
		const file = openSync(join(this.#directory, name), 'a+');
		closeSync(file);
		const open = openSync(join(this.#directory, name), 'r+');
		for (let at = 0; at < content.length; at += 20_000) {
			writeSync(open, content, at, Math.min(20_000, content.length - at), at);
			await nextTurn();
		}
		ftruncateSync(open, content.length);
		closeSync(open);
	}

	#next(name: string): Uint8Array {
		const content = this.#prng.bytes(1 + this.#prng.below(this.#prng.chance(0.3) ? 200_000 : 3000));
		const versions = this.#versions.get(name) ?? new Set();
		this.#versions.set(name, versions.add(digestOf(content)));
		return content;
	}
}

for (const seed of seedsOr(1)) {
	test(`whatever changes during pulls, each file is one version whole [SHOAL_SEED=${seed}]`, async t => {
		const scene = new Scene(t);
		scene.space.write('tree/still', 'never changes');
		const writer = new Writer(scene.space.at('tree'), seed);
		await scene.serve();
		let isOver = false;
		const writing = (async () => {
			for (let count = 1; !isOver; count++) {
				await writer.change();
				await sleep(5);
				if (count % 25 === 0) await scene.snapshot();
			}
		})();
		t.teardown(() => {
			isOver = true;
			return writing;
		});
		const exits: number[] = [];
		let literal = 0;
		for (let count = 0; count < 7; count++) {
			const before = new Set(existsSync(scene.space.at('mirror')) ? names(scene) : []);
			const {exit, errors, bytesLiteral} = await scene.pull({rateMax: 4e6});
			exits.push(exit);
			literal += bytesLiteral;
			t.true(exit === 0 || exit === 24, JSON.stringify(errors));
			const after = names(scene);
			if (exit === 24) for (const name of before) t.true(after.includes(name), `${name} is gone`);
			for (const name of after) {
				if (name === 'still') continue;
				const content = readFileSync(scene.space.at(`mirror/${name}`));
				t.true(writer.isVersion(name, content), `${name} is no version of it`);
			}
		}
		isOver = true;
		await writing;
		await scene.snapshot();
		t.is((await scene.pull()).exit, 0);
		scene.same();
		t.log(`exits ${exits.join(' ')}; ${literal} octets`);
	});
}

function names({space}: Scene): string[] {
	return readdirSync(space.at('mirror')).filter(name => name !== '.shoal');
}

function digestOf(octets: Uint8Array): string {
	return createHash('sha256').update(octets).digest('hex');
}
