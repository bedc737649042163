/** Pairs that are hard on a search for blocks, or on what goes around it. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {Prng} from '../../test/support/prng.ts';
import {benchSeed} from '../harness.ts';
import {noise, text} from './made.ts';
import type {Pair} from './pair.ts';

const mib = 1 << 20;

export function adversarialPairs(scale: number): readonly Pair[] {
	const sized = (size: number): number => Math.max(4096, Math.round(size * scale));
	const count = (files: number): number => Math.ceil(files * scale);
	return [
		file('nothing in common', () => [noise(sized(16 * mib), 1), noise(sized(16 * mib), 2)]),
		file('an octet before all', () => {
			const old = noise(sized(32 * mib), 3);
			return [old, Buffer.concat([Buffer.of(7), old])];
		}),
		file('pieces of 8 KiB shuffled', () => {
			const old = noise(sized(16 * mib), 4);
			return [old, shuffled(old, 8192)];
		}),
		file('every 1,000th octet changed', () => everyNth(noise(sized(8 * mib), 5), 1000)),
		file('every 200th octet changed', () => everyNth(noise(sized(8 * mib), 6), 200)),
		file('one period for another', () => [
			repeated(noise(1021, 7), sized(16 * mib)),
			repeated(noise(1019, 8), sized(16 * mib)),
		]),
		file('zeros with islands', () => islands(sized(64 * mib))),
		file('lines in another order', () => shuffledLines(sized(8 * mib))),
		manyFiles('2,000 small files, a line changed in each', count(2000), () => true),
		manyFiles('10,000 small files, one changed', count(10_000), index => index === 0),
		manyFiles('10,000 small files, nothing changed', count(10_000), () => false),
	];
}

function file(name: string, make: () => readonly [Buffer, Buffer]): Pair {
	return {
		name,
		kind: 'adversarial',
		file: 'data',
		make: (before, after) => {
			const [old, fresh] = make();
			writeFileSync(join(before, 'data'), old);
			writeFileSync(join(after, 'data'), fresh);
		},
	};
}

function everyNth(old: Buffer, step: number): [Buffer, Buffer] {
	const fresh = Buffer.from(old);
	for (let at = 0; at < fresh.length; at += step) fresh[at]! ^= 0x55;
	return [old, fresh];
}

function repeated(part: Buffer, size: number): Buffer {
	return Buffer.alloc(size, part);
}

function shuffled(old: Buffer, size: number): Buffer {
	const prng = new Prng(benchSeed);
	const parts: Buffer[] = [];
	for (let at = 0; at < old.length; at += size) parts.push(old.subarray(at, at + size));
	return Buffer.concat(shuffle(parts, prng));
}

function shuffledLines(size: number): [Buffer, Buffer] {
	const prng = new Prng(benchSeed);
	const old = text(prng, size);
	return [old, Buffer.from(shuffle(old.toString('latin1').split('\n'), prng).join('\n'), 'latin1')];
}

function shuffle<T>(from: readonly T[], prng: Prng): T[] {
	const to = [...from];
	for (let last = to.length - 1; last > 0; last--) {
		const other = prng.below(last + 1);
		[to[last], to[other]] = [to[other]!, to[last]!];
	}
	return to;
}

/** Equal blocks everywhere, and what is told apart only by its place. */
function islands(size: number): [Buffer, Buffer] {
	const make = (shift: number): Buffer => {
		const octets = Buffer.alloc(size);
		for (let index = 0; (index + 1) * 65_536 <= size; index++) {
			octets.set(noise(300, 900 + index), index * 65_536 + shift * (index % 7));
		}
		return octets;
	};
	return [make(0), make(111)];
}

function manyFiles(name: string, count: number, isChanged: (index: number) => boolean): Pair {
	return {
		name,
		kind: 'adversarial',
		make: (before, after) => {
			const prng = new Prng(benchSeed);
			for (let index = 0; index < count; index++) {
				const directory = `d${index % 50}`;
				if (index < 50) for (const at of [before, after]) mkdirSync(join(at, directory));
				const old = text(prng, 200 + prng.below(3800));
				const fresh = Buffer.from(old);
				if (isChanged(index)) fresh.write('another line altogether', prng.below(old.length - 24));
				writeFileSync(join(before, directory, `f${index}`), old);
				writeFileSync(join(after, directory, `f${index}`), fresh);
			}
		},
	};
}
