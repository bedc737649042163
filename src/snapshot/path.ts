/**
 * Paths are octets: whole, without a leading slash, never decoded except to be shown. Valid means
 * no empty, `.` or `..` component and no NUL; the empty path is the tree's root.
 */
import {pathSizeMax} from '../limit.ts';

export {decodeUtf8, escapePath} from '../escape.ts';

const slash = 0x2f;
const dot = 0x2e;

/** Order of octets: negative, zero or positive. */
export function comparePaths(a: Uint8Array, b: Uint8Array): number {
	const size = Math.min(a.length, b.length);
	for (let index = 0; index < size; index++) {
		const difference = a[index]! - b[index]!;
		if (difference !== 0) return difference;
	}
	return a.length - b.length;
}

export function equalOctets(a: Uint8Array, b: Uint8Array): boolean {
	if (a.length !== b.length) return false;
	for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
	return true;
}

/** Octets at the start that are the same. */
export function sharedSize(a: Uint8Array, b: Uint8Array): number {
	const size = Math.min(a.length, b.length);
	let shared = 0;
	while (shared < size && a[shared] === b[shared]) shared++;
	return shared;
}

/** True for a path that an entry may have; the root's empty path included. */
export function isValidPath(path: Uint8Array): boolean {
	if (path.length > pathSizeMax) return false;
	if (path.length === 0) return true;
	let start = 0;
	for (let index = 0; index <= path.length; index++) {
		const octet = index === path.length ? slash : path[index]!;
		if (octet === 0) return false;
		if (octet !== slash) continue;
		if (!isValidName(path, start, index)) return false;
		start = index + 1;
	}
	return true;
}

/** Whether `path[start, end)`, without a slash in it, may be one component. */
export function isValidName(path: Uint8Array, start: number, end: number): boolean {
	const size = end - start;
	if (size > 2) return true;
	if (size === 0) return false;
	return !(path[start] === dot && (size === 1 || path[start + 1] === dot));
}

/** The directory that holds `path`: a view, empty for what is at the root. */
export function parentPath(path: Uint8Array): Uint8Array {
	return path.subarray(0, Math.max(0, path.lastIndexOf(slash)));
}

/** Last component of `path`: a view. */
export function baseName(path: Uint8Array): Uint8Array {
	return path.subarray(path.lastIndexOf(slash) + 1);
}

/** Whether `path` is `directory` itself or below it. */
export function isWithin(path: Uint8Array, directory: Uint8Array): boolean {
	if (directory.length === 0) return true;
	if (path.length < directory.length) return false;
	for (let index = 0; index < directory.length; index++) {
		if (path[index] !== directory[index]) return false;
	}
	return path.length === directory.length || path[directory.length] === slash;
}

export function joinPath(directory: Uint8Array, name: Uint8Array): Uint8Array {
	if (directory.length === 0) return name;
	const path = new Uint8Array(directory.length + 1 + name.length);
	path.set(directory);
	path[directory.length] = slash;
	path.set(name, directory.length + 1);
	return path;
}

/** Components of a path, as views; the root has none. */
export function splitPath(path: Uint8Array): Uint8Array[] {
	const names: Uint8Array[] = [];
	let start = 0;
	while (start < path.length) {
		const found = path.indexOf(slash, start);
		const end = found === -1 ? path.length : found;
		names.push(path.subarray(start, end));
		start = end + 1;
	}
	return names;
}
