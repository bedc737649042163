/** Content and arbitrary edits of it, as files have them, from a seed. */
import {concatenate} from '../../src/concatenate.ts';
import type {Prng} from './prng.ts';

/** Octets of one of several textures: noise, text-like, runs, a short period, or a mixture. */
export function makeContent(prng: Prng, size: number): Uint8Array {
	const content = prng.bytes(size);
	const texture = prng.below(5);
	if (texture === 1) for (let at = 0; at < size; at++) content[at] = 97 + (content[at]! & 7);
	if (texture === 2) content.fill(prng.below(2));
	if (texture === 3) {
		const period = 1 + prng.below(700);
		for (let at = period; at < size; at++) content[at] = content[at - period]!;
	}
	if (texture === 4) {
		for (let at = 0; at < size; ) {
			const end = Math.min(size, at + 1 + prng.below(9000));
			if (prng.chance(0.5)) content.fill(0, at, end);
			at = end;
		}
	}
	return content;
}

/** `content` after `count` insertions, deletions, overwritings, moves and repeats. */
export function edit(prng: Prng, content: Uint8Array, count: number): Uint8Array {
	let result = content;
	for (let left = count; left > 0; left--) {
		const at = prng.below(result.length + 1);
		const length = prng.below(prng.chance(0.5) ? 40 : 6000);
		const end = Math.min(result.length, at + length);
		const [before, piece, after] = [
			result.subarray(0, at),
			result.subarray(at, end),
			result.subarray(end),
		];
		switch (prng.below(5)) {
			case 0:
				result = concatenate([before, prng.bytes(length), piece, after]);
				break;
			case 1:
				result = concatenate([before, after]);
				break;
			case 2:
				result = concatenate([before, prng.bytes(piece.length), after]);
				break;
			case 3:
				result = concatenate([after, piece, before]);
				break;
			default:
				result = concatenate([before, piece, piece, after]);
		}
	}
	return result;
}
