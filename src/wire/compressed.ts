/**
 * Compressed forms of contents as objects: which there are, and how their kinds are numbered. A
 * form is a codec at a level; of each file it has two objects, sizes and compressed leaves.
 * wire/README.md §6.
 */
import {leafSize} from '../limit.ts';
import type {CodecName} from '../platform/compression.ts';
import {type ObjectKind, objectKind} from './frame.ts';

export type Form = {readonly codec: CodecName; readonly level: number};

/** By number, from 1. Few: a source may have to keep a file in each of them. */
const forms: readonly Form[] = [
	{codec: 'deflate', level: 6},
	{codec: 'brotli', level: 5},
	{codec: 'zstd', level: 6},
	{codec: 'deflate', level: 1},
	{codec: 'brotli', level: 1},
	{codec: 'zstd', level: 1},
];

/** Leaves are compressed in groups, each made and kept as one. */
export const compressedGroupCount = 8;
/** Octets of content in a group, and of addresses that its compressed leaves have. */
export const compressedGroupSize = compressedGroupCount * leafSize;

/** Octets of one entry of sizes. */
export const sizeSize = 2;

/** A leaf is worth compressing if that saves a sixteenth of it. */
export const savedMin = 1 / 16;

export const formCount = forms.length;
export const objectKindMax = objectKind.sums + 2 * forms.length;

export function formAt(number: number): Form | undefined {
	return forms[number - 1];
}

/** Number of the form of `codec` whose level is nearest. */
export function formOf(codec: CodecName, level = Infinity): number {
	let best = 0;
	const distance = (index: number) => Math.abs(forms[index]!.level - Math.min(level, 99));
	forms.forEach((form, index) => {
		if (form.codec !== codec) return;
		if (best === 0 || distance(index) < distance(best - 1)) best = index + 1;
	});
	return best;
}

export function sizesKind(form: number): ObjectKind {
	return (objectKind.sums + 2 * form - 1) as ObjectKind;
}

export function compressedKind(form: number): ObjectKind {
	return (objectKind.sums + 2 * form) as ObjectKind;
}

/** Number of the form that an object is of; 0: of none. */
export function formOfKind(kind: number): number {
	return kind > objectKind.sums ? Math.ceil((kind - objectKind.sums) / 2) : 0;
}

export function isSizes(kind: number): boolean {
	return kind > objectKind.sums && (kind - objectKind.sums) % 2 === 1;
}

/** Whether a source makes such an object when it is wanted: each one in its own way. */
export function isMade(kind: number): boolean {
	return kind > objectKind.sums;
}

/** The `index`th of 16-bit numbers. */
export function sizeAt(sizes: Uint8Array, index: number): number {
	return (sizes[sizeSize * index]! << 8) | sizes[sizeSize * index + 1]!;
}
