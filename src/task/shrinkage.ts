/** How well content that is here compresses: a measure for what is like it and is not here. */
import {leafSize} from '../limit.ts';
import type {FileHandle} from '../platform/tree.ts';
import {formAt} from '../wire/compressed.ts';
import {readThere} from './match.ts';
import {defineTask} from './task.ts';

/** Leaves that are tried: 64 KiB take some milliseconds each. */
const sampleCount = 4;

export type ShrinkageInput = {
	/** Open for reading; or gone. */
	readonly basis: FileHandle | undefined;
	readonly size: number;
	/** Number of the form. */
	readonly form: number;
};

/** Of its octets so many are left when compressed; 1: nothing is gained, or it cannot be told. */
export type ShrinkageOutput = {readonly part: number};

export const shrinkage = defineTask<ShrinkageInput, ShrinkageOutput>({
	name: 'shrinkage',
	run({basis, size, form: number}, {tree, compression}) {
		const form = formAt(number);
		if (form === undefined || compression?.has(form.codec) !== true) return {part: 1};
		const buffer = new Uint8Array(leafSize);
		const step = Math.max(leafSize, Math.ceil(size / sampleCount / leafSize) * leafSize);
		let [plain, compressed] = [0, 0];
		for (let offset = 0; offset < size; offset += step) {
			const leaf = buffer.subarray(0, readThere(tree, basis, buffer, offset));
			plain += leaf.length;
			compressed += Math.min(
				leaf.length,
				compression.compress(form.codec, form.level, leaf).length,
			);
		}
		return {part: plain === 0 ? 1 : compressed / plain};
	},
});
