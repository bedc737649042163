/** Trees and changes to them, drawn from a seed: what a mirror meets, and what breaks weak tools. */
import {
	chmodSync,
	linkSync,
	lstatSync,
	lutimesSync,
	mkdirSync,
	readdirSync,
	renameSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import type {Prng} from './prng.ts';

/** Names, as Latin-1 text of their octets: spaces, dashes, a newline, an octet that is no UTF-8. */
const names = [
	'a',
	'b',
	'c',
	'-n',
	'two words',
	'caf\xe9',
	'line\nbreak',
	'z.txt',
	'\xc3\xa4',
	'#',
];

const octets = (path: string): Buffer => Buffer.from(path, 'latin1');

export class RandomTree {
	readonly root: string;
	readonly #prng: Prng;

	readonly #hardLinks: boolean;

	/** `root` is made unless it is there; its path is ASCII. */
	constructor(root: string, prng: Prng, {hardLinks = true} = {}) {
		this.root = root;
		this.#hardLinks = hardLinks;
		this.#prng = prng;
		mkdirSync(root, {recursive: true});
	}

	/** Adds `count` entries somewhere. */
	grow(count: number): void {
		for (let index = 0; index < count; index++) this.#add();
	}

	/** Makes `count` changes: edits, touches, modes, renames, removals, additions. */
	change(count: number): void {
		for (let index = 0; index < count; index++) this.#changeOne();
	}

	#add(): void {
		const prng = this.#prng;
		const path = `${prng.pick(this.#paths('directory'))}/${prng.pick(names)}${prng.below(40)}`;
		if (lstatSync(octets(path), {throwIfNoEntry: false}) !== undefined) return;
		const kind = prng.below(10);
		const files = this.#paths('file');
		if (kind < 2) mkdirSync(octets(path), {mode: prng.pick([0o755, 0o700, 0o2775])});
		else if (kind < 3)
			symlinkSync(octets(prng.pick(['a', '../b', '/nowhere', 'caf\xe9'])), octets(path));
		else if (kind < 4 && this.#hardLinks && files.length > 0)
			linkSync(octets(prng.pick(files)), octets(path));
		else this.#write(path);
		if (lstatSync(octets(path)).isSymbolicLink()) lutimesSync(octets(path), 1e9, this.#time());
		else if (prng.chance(0.5)) utimesSync(octets(path), 1e9, this.#time());
	}

	#write(path: string): void {
		const size = Math.floor(this.#prng.logUniform(1, 300_000)) - 1;
		writeFileSync(octets(path), this.#prng.bytes(size));
		chmodSync(octets(path), this.#prng.pick([0o644, 0o600, 0o755, 0o4755, 0o444]));
	}

	#changeOne(): void {
		const prng = this.#prng;
		const kind = prng.below(6);
		const files = this.#paths('file');
		const all = [...files, ...this.#paths('directory').slice(1)];
		const path = all.length === 0 ? this.root : prng.pick(all);
		if (kind === 0 || path === this.root) this.#add();
		else if (kind === 1 && files.length > 0) this.#edit(prng.pick(files));
		else if (kind === 2) utimesSync(octets(path), 1e9, this.#time());
		else if (kind === 3) chmodSync(octets(path), prng.pick([0o700, 0o750, 0o755]));
		else if (kind === 4) rmSync(octets(path), {recursive: true});
		else this.#rename(path);
	}

	#edit(path: string): void {
		chmodSync(octets(path), 0o644);
		writeFileSync(octets(path), this.#prng.bytes(this.#prng.below(100_000)));
	}

	#rename(path: string): void {
		const to = `${this.#prng.pick(this.#paths('directory'))}/renamed${this.#prng.below(1000)}`;
		if (!`${to}/`.startsWith(`${path}/`)) renameSync(octets(path), octets(to));
	}

	/** A time with a fraction, in the past: some are equal. */
	#time(): number {
		return 1_000_000_000 + this.#prng.below(1000) + this.#prng.below(8) / 8;
	}

	/** Paths (Latin-1) of one type, the root first; the state directory is left alone. */
	#paths(type: 'file' | 'directory', path = this.root): string[] {
		const found = type === 'directory' ? [path] : [];
		for (const entry of readdirSync(octets(path), {withFileTypes: true, encoding: 'buffer'})) {
			const name = (entry.name as unknown as Buffer).toString('latin1');
			if (name === '.shoal') continue;
			const below = `${path}/${name}`;
			if (entry.isDirectory()) found.push(...this.#paths(type, below));
			else if (type === 'file' && entry.isFile()) found.push(below);
		}
		return found.sort();
	}
}
