/** The names of `--files-from`: paths of the source that an image is made of, and nothing else. */
import {ShoalError} from '../error.ts';
import {escapePath} from '../escape.ts';
import {splitPath} from './path.ts';
import {splitLines} from './text-lines.ts';

/** A path of a list of names. */
export type ListedName = {
	/** Relative to the root of the transfer, whose own path is empty. */
	readonly path: Uint8Array;
	/** A slash was at its end: with what the directory holds. */
	readonly withContents: boolean;
};

const dot = 0x2e;

/**
 * Reads names one a line, or ended by NULs, as rsync(1) does: slashes in front are dropped, `..`
 * goes up but never above the root.
 * @throws ShoalError OPTION_UNBUILT for `/./` within a name, which would shorten it in DEST
 */
export function parseNames(octets: Uint8Array, nulLines: boolean): ListedName[] {
	return [...splitLines(octets, nulLines)].map(readName);
}

function readName(name: Uint8Array): ListedName {
	const parts = splitPath(name).filter(part => part.length > 0);
	const last = parts[parts.length - 1];
	const kept: Uint8Array[] = [];
	for (const [at, part] of parts.entries()) {
		if (isDots(part, 1)) {
			if (kept.length === 0 || (at === parts.length - 1 && name[name.length - 1] === dot)) continue;
			const detail = `--files-from: ${escapePath(name)}: /./ would give it another path in DEST`;
			throw new ShoalError('OPTION_UNBUILT', detail);
		}
		if (isDots(part, 2)) kept.pop();
		else kept.push(part);
	}
	const isDirectory = last === undefined || isDots(last, 1) || isDots(last, 2);
	const withContents = isDirectory || name[name.length - 1] === 0x2f;
	return {path: joinParts(kept), withContents};
}

function isDots(part: Uint8Array, count: number): boolean {
	return part.length === count && part.every(octet => octet === dot);
}

function joinParts(parts: readonly Uint8Array[]): Uint8Array {
	const size = parts.reduce((sum, part) => sum + part.length + 1, 0);
	const path = new Uint8Array(Math.max(0, size - 1));
	let at = 0;
	for (const part of parts) {
		path.set(part, at);
		at += part.length;
		if (at < path.length) path[at++] = 0x2f;
	}
	return path;
}
