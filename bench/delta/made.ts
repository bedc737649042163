/** Pairs that are made on the spot, from one seed: databases, logs, disk images, a moved tree. */
import {spawnSync} from 'node:child_process';
import {createCipheriv} from 'node:crypto';
import {
	closeSync,
	copyFileSync,
	cpSync,
	mkdirSync,
	openSync,
	readdirSync,
	renameSync,
	rmSync,
	writeFileSync,
	writeSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {Prng} from '../../test/support/prng.ts';
import {benchSeed} from '../harness.ts';
import {hasTool} from '../wan/host.ts';
import {unpackForMoving} from './package.ts';
import {type Pair, Unavailable} from './pair.ts';

const mib = 1 << 20;

/** `scale`: part of their sizes; 1 but for a smoke run. */
export function madePairs(scale: number): readonly Pair[] {
	const sized = (size: number): number => Math.max(4096, Math.round(size * scale));
	return [
		{
			...scattered(sized(1 << 30), {count: Math.ceil(2600 * scale), editSize: 4096}),
			name: scatteredName,
		},
		database(sized(128 * mib), Math.ceil(300 * scale)),
		log(sized(64 * mib), sized(mib)),
		diskImage(Math.max(8 * mib, sized(256 * mib))),
		copied(sized(16 * mib)),
		...(scale === 1 ? [movedTree] : []),
	];
}

export const scatteredName = '1 GiB, 2,600 edits of 4 KiB';

/** Octets that look random, fast. */
export function noise(size: number, seed: number): Buffer {
	const key = Buffer.alloc(16);
	key.writeUInt32BE(benchSeed, 0);
	key.writeUInt32BE(seed, 4);
	return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

export type ScatteredOptions = {readonly count: number; readonly editSize: number};

/** Changes in as many places of octets that look random. */
export function scattered(size: number, {count, editSize}: ScatteredOptions): Pair {
	return {
		name: '',
		kind: 'made',
		file: 'volume',
		make: (before, after) => {
			const from = join(before, 'volume');
			const file = openSync(from, 'wx');
			const step = Math.min(size, 64 * mib);
			for (let at = 0; at < size; at += step) writeSync(file, noise(step, at / step), 0, step, at);
			closeSync(file);
			const to = join(after, 'volume');
			copyFileSync(from, to);
			const prng = new Prng(benchSeed);
			const changed = openSync(to, 'r+');
			for (let edit = 0; edit < count; edit++) {
				const octets = noise(editSize, 10_000 + edit);
				writeSync(changed, octets, 0, editSize, prng.below(size - editSize));
			}
			closeSync(changed);
		},
	};
}

/** Nothing of the old version is in the new one. */
export function foreignPair(size: number): Pair {
	return {
		name: 'foreign content',
		kind: 'made',
		file: 'volume',
		make: (before, after) => {
			writeFileSync(join(before, 'volume'), noise(size, 1));
			writeFileSync(join(after, 'volume'), noise(size, 2));
		},
	};
}

/** Pages of rows; in some a row is updated, and the page's counter with it. */
function database(size: number, count: number): Pair {
	const pageSize = 8192;
	return {
		name: `database of ${size >> 20} MiB, ${count} pages written`,
		kind: 'made',
		file: 'base.db',
		make: (before, after) => {
			const prng = new Prng(benchSeed);
			const pages = Buffer.from(text(prng, size));
			for (let page = 0; page * pageSize < size; page++) pages.writeUInt32BE(page, page * pageSize);
			writeFileSync(join(before, 'base.db'), pages);
			for (let write = 0; write < count; write++) {
				const page = prng.below(size / pageSize) * pageSize;
				pages.writeUInt32BE(write + 1, page + 8);
				pages.set(prng.bytes(100), page + 16 + prng.below(pageSize - 116));
			}
			writeFileSync(join(after, 'base.db'), pages);
		},
	};
}

function log(size: number, growth: number): Pair {
	return {
		name: 'log that grew',
		kind: 'made',
		file: 'messages.log',
		make: (before, after) => {
			const lines = text(new Prng(benchSeed), size + growth);
			writeFileSync(join(before, 'messages.log'), lines.slice(0, size));
			writeFileSync(join(after, 'messages.log'), lines);
		},
	};
}

/** An ext4 image with holes; files of it are removed and others put in. */
function diskImage(size: number): Pair {
	return {
		name: 'disk image, files changed',
		kind: 'made',
		file: 'disk.img',
		make: (before, after) => {
			if (!hasTool('debugfs')) throw new Unavailable('e2fsprogs is not installed');
			const files = join(dirname(before), 'image-files');
			const prng = new Prng(benchSeed);
			mkdirSync(files);
			const names = Array.from({length: 200}, (_, index) => `file-${index}`);
			for (const [index, name] of names.entries()) {
				const part = Math.round(prng.logUniform(1024, size / 256));
				writeFileSync(join(files, name), index % 2 === 0 ? noise(part, index) : text(prng, part));
			}
			const image = join(before, 'disk.img');
			run('mke2fs', ['-q', '-t', 'ext4', '-d', files, image, `${size >> 10}k`]);
			const changed = join(after, 'disk.img');
			run('cp', ['--sparse=always', image, changed]);
			const fresh = join(files, 'fresh');
			const steps = names.slice(0, 10).map(name => `rm /${name}`);
			for (let index = 0; index < 5; index++) {
				const path = `${fresh}-${index}`;
				writeFileSync(path, noise(size >> 11, 500 + index));
				steps.push(`write ${path} fresh-${index}`);
			}
			run('debugfs', ['-w', '-f', '-', changed], steps.join('\n'));
			rmSync(files, {recursive: true});
		},
	};
}

/** What is new in the tree is put together from files that it had. */
function copied(size: number): Pair {
	return {
		name: 'archive of files that are there',
		kind: 'moved',
		make: (before, after) => {
			const parts = Array.from({length: 8}, (_, index) => noise(size / 8, 700 + index));
			for (const directory of [before, after]) {
				for (const [index, part] of parts.entries()) {
					writeFileSync(join(directory, `part-${index}`), part);
				}
			}
			const header = Buffer.alloc(512, 'ustar');
			const whole = parts.flatMap((part, index) => [Buffer.from(header).fill(index, 0, 8), part]);
			writeFileSync(join(after, 'all.tar'), Buffer.concat(whole));
		},
	};
}

const movedTree: Pair = {
	name: 'typescript 5.9.2, a third of its files moved',
	kind: 'moved',
	make: (before, after) => {
		unpackForMoving(before);
		cpSync(before, after, {recursive: true, preserveTimestamps: true});
		const prng = new Prng(benchSeed);
		mkdirSync(join(after, 'elsewhere'));
		let count = 0;
		for (const entry of readdirSync(before, {withFileTypes: true, recursive: true})) {
			if (!entry.isFile() || !prng.chance(1 / 3)) continue;
			const path = join(entry.parentPath, entry.name).slice(before.length);
			renameSync(join(after, path), join(after, 'elsewhere', `${count++}-${entry.name}`));
		}
	},
};

/** Lines as programs write them. */
export function text(prng: Prng, size: number): Buffer {
	const words = Array.from({length: 512}, () => prng.next().toString(36).slice(prng.below(5)));
	const into = Buffer.alloc(size);
	let second = 1_700_000_000;
	for (let at = 0; at < size; ) {
		second += prng.below(3);
		const said = Array.from({length: 4 + prng.below(10)}, () => prng.pick(words)).join(' ');
		at += into.write(`${second} host${prng.below(9)} [${prng.below(32_768)}]: ${said}\n`, at);
	}
	return into;
}

function run(name: string, words: readonly string[], input = ''): void {
	const {status, stderr} = spawnSync(name, words, {
		input,
		encoding: 'utf8',
		// No clock in what is made.
		env: {...process.env, E2FSPROGS_FAKE_TIME: '1700000000'},
	});
	if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
}
