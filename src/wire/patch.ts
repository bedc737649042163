/**
 * Patches as objects: what a receiver lacks of a leaf of which it holds the rest. It names what it
 * lacks; the patch is that, compressed with the rest as its context, so it is an object of file,
 * leaf and what is named alone, the same for all who lack the same. wire/README.md §6.
 */
import {concatenate} from '../concatenate.ts';
import {leafSize} from '../limit.ts';
import {Reader, Writer} from './codec.ts';

/** What of a leaf is lacked. */
export type LeafPart = {
	readonly leaf: number;
	/** As `packStretches` makes it. */
	readonly lacked: Uint8Array;
};

/** Of the leaf in stretches from its start: lacked from, to, from, to, … rising and apart. */
export type Stretches = ArrayLike<number>;

/** The first octet of a patch: how the others stand for what is lacked. */
export const patchForm = {
	/** They are it. */
	plain: 0,
	/** Deflate, with what `contextOf` says as its dictionary. */
	deflate: 1,
	/** Brotli, of what is lacked alone. */
	brotli: 2,
} as const;

/** Octets of which all or none are lacked: what a block of the finest sums is a multiple of. */
const unit = 128;

/** More are joined: what is between two of them travels, too. */
const stretchesMax = 64;

/** Two numbers each: only those of 64 units and more have two octets, and a leaf has 512 units. */
export const lackedSizeMax = 2 * stretchesMax + leafSize / unit / 64;

const contextSizeMax = 32_768;

/** A patch that saves nothing has one octet more than it stands for. */
export const patchSizeMax = 1 + leafSize;

/**
 * Names stretches of a leaf: runs of units that are not lacked and that are, by turns. The
 * stretches grow to whole units, and those beyond `stretchesMax` to their neighbours.
 */
export function packStretches(stretches: Stretches): Uint8Array {
	const units: number[] = [];
	for (let at = 0; at < stretches.length; at += 2) {
		const from = Math.floor(stretches[at]! / unit);
		const to = Math.ceil(stretches[at + 1]! / unit);
		if (units.length > 0 && from <= units.at(-1)!) units[units.length - 1] = to;
		else units.push(from, to);
	}
	while (units.length > 2 * stretchesMax) joinNearest(units);
	const octets = new Writer(new Uint8Array(lackedSizeMax));
	let end = 0;
	for (const edge of units) {
		octets.varint(edge - end);
		end = edge;
	}
	return octets.written().slice();
}

/** Stretches of a leaf of `length` octets; undefined: these name none. */
export function unpackStretches(octets: Uint8Array, length: number): number[] | undefined {
	if (octets.length > lackedSizeMax) return undefined;
	const from = new Reader(octets);
	const edges: number[] = [];
	let end = 0;
	while (from.left > 0) {
		const run = from.varint();
		// Only the leaf's start may be lacked after nothing that is not.
		if (run === 0 && edges.length > 0) return undefined;
		end += run;
		edges.push(Math.min(length, end * unit));
	}
	const isWhole = !from.failed && edges.length > 0 && edges.length % 2 === 0;
	const lastFrom = (end - 1) * unit;
	return isWhole && edges.length <= 2 * stretchesMax && lastFrom < length ? edges : undefined;
}

/** The octets of a leaf in stretches. */
export function lackedOf(leaf: Uint8Array, stretches: Stretches): Uint8Array {
	const octets = new Uint8Array(sizeOf(stretches));
	let size = 0;
	for (let at = 0; at < stretches.length; at += 2) {
		octets.set(leaf.subarray(stretches[at]!, stretches[at + 1]!), size);
		size += stretches[at + 1]! - stretches[at]!;
	}
	return octets;
}

/**
 * Of the others those that are no further from a stretch than the greatest distance at which there
 * are 32 KiB of them at most: what a dictionary of deflate holds. It is next to a change that
 * content resembles it.
 */
export function contextOf(leaf: Uint8Array, stretches: Stretches): Uint8Array {
	const lackedSize = sizeOf(stretches);
	let [low, high] = [0, leaf.length];
	while (low < high) {
		const middle = (low + high + 1) >> 1;
		const size = sizeOf(widened(stretches, middle, leaf.length)) - lackedSize;
		if (size <= contextSizeMax) low = middle;
		else high = middle - 1;
	}
	const context: Uint8Array[] = [];
	const wide = widened(stretches, low, leaf.length);
	let next = 0;
	for (let at = 0; at < wide.length; at += 2) {
		let from = wide[at]!;
		for (; next < stretches.length && stretches[next]! < wide[at + 1]!; next += 2) {
			context.push(leaf.subarray(from, stretches[next]!));
			from = stretches[next + 1]!;
		}
		context.push(leaf.subarray(from, wide[at + 1]!));
	}
	return concatenate(context);
}

/** Octets in stretches. */
export function sizeOf(stretches: Stretches): number {
	let size = 0;
	for (let at = 0; at < stretches.length; at += 2) size += stretches[at + 1]! - stretches[at]!;
	return size;
}

/** What is no further than `distance` from a stretch. */
function widened(stretches: Stretches, distance: number, length: number): number[] {
	const wide: number[] = [];
	for (let at = 0; at < stretches.length; at += 2) {
		const from = Math.max(0, stretches[at]! - distance);
		const to = Math.min(length, stretches[at + 1]! + distance);
		if (wide.length > 0 && from <= wide.at(-1)!) wide[wide.length - 1] = to;
		else wide.push(from, to);
	}
	return wide;
}

function joinNearest(units: number[]): void {
	let best = 1;
	for (let at = 1; at + 1 < units.length; at += 2) {
		if (units[at + 1]! - units[at]! < units[best + 1]! - units[best]!) best = at;
	}
	units.splice(best, 2);
}
