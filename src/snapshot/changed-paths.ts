/** Paths that an updater says it touched: `snapshot --changed`. */
import {ShoalError} from '../error.ts';
import {escapePath} from '../escape.ts';
import {isValidPath} from './path.ts';

const slash = 0x2f;
const backslash = 0x5c;
const hash = 0x23;

/**
 * Paths relative to the tree's root, from lines, or from what NULs end. In lines an octet may be
 * written `\#ooo`, as rsync(1) and shoal print names; a carriage return at the end is no part of
 * it. Comments there are none: any name may be a file's. What begins with a slash must be below
 * `root`, the tree's absolute path.
 * @throws ShoalError OPTION_INVALID
 */
export function parseChanged(octets: Uint8Array, nuls: boolean, root: Uint8Array): Uint8Array[] {
	const paths: Uint8Array[] = [];
	const end = nuls ? 0 : 0x0a;
	for (let start = 0; start < octets.length; ) {
		const found = octets.indexOf(end, start);
		let stop = found === -1 ? octets.length : found;
		const next = stop + 1;
		if (!nuls && stop > start && octets[stop - 1] === 0x0d) stop--;
		const said = octets.subarray(start, stop);
		start = next;
		if (said.length > 0) paths.push(relative(nuls ? said : plainOctets(said), root));
	}
	return paths;
}

/** Without `.` components, doubled slashes, or one at the end. */
function relative(said: Uint8Array, root: Uint8Array): Uint8Array {
	let from = said;
	if (said[0] === slash) {
		const size = root.length === 1 ? 0 : root.length;
		const isBelow = root.subarray(0, size).every((octet, index) => said[index] === octet);
		if (!isBelow || (said.length > size && said[size] !== slash)) throw invalid(said, 'not below');
		from = said.subarray(size);
	}
	const path = new Uint8Array(from.length);
	let size = 0;
	for (let start = 0; start <= from.length; ) {
		const found = from.indexOf(slash, start);
		const stop = found === -1 ? from.length : found;
		const part = from.subarray(start, stop);
		start = stop + 1;
		if (part.length === 0 || (part.length === 1 && part[0] === 0x2e)) continue;
		if (size > 0) path[size++] = slash;
		path.set(part, size);
		size += part.length;
	}
	const clean = path.slice(0, size);
	if (!isValidPath(clean)) throw invalid(said, 'no path of');
	return clean;
}

/** `\#ooo` as the octet that it stands for. */
function plainOctets(said: Uint8Array): Uint8Array {
	if (!said.includes(backslash)) return said;
	const plain = new Uint8Array(said.length);
	let size = 0;
	for (let at = 0; at < said.length; at++) {
		const octet = said[at] === backslash && said[at + 1] === hash ? octal(said, at + 2) : undefined;
		plain[size++] = octet ?? said[at]!;
		if (octet !== undefined) at += 4;
	}
	return plain.slice(0, size);
}

function octal(said: Uint8Array, at: number): number | undefined {
	let value = 0;
	for (let index = at; index < at + 3; index++) {
		const digit = (said[index] ?? 0) - 0x30;
		if (digit < 0 || digit > 7) return undefined;
		value = value * 8 + digit;
	}
	return value <= 255 ? value : undefined;
}

function invalid(said: Uint8Array, why: string): ShoalError {
	return new ShoalError('OPTION_INVALID', `--changed: ${escapePath(said)} is ${why} the tree`);
}
