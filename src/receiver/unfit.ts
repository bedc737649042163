import type {ErrorCode} from '../error.ts';
import {fileSizeMax, nameSizeMax} from '../limit.ts';

const slash = 0x2f;

/** Why an entry can be made in no file system here, as a problem to add; undefined: it can. */
export function whyUnfit(
	size: number,
	path: Uint8Array,
): [code: ErrorCode, path: Uint8Array, message: string] | undefined {
	if (hasLongName(path)) return ['NAME_UNSUPPORTED', path, 'a name in it is too long'];
	return size > fileSizeMax ? ['FILE_UNSUPPORTED', path, 'it has more than 16 TiB'] : undefined;
}

function hasLongName(path: Uint8Array): boolean {
	if (path.length <= nameSizeMax) return false;
	let start = 0;
	while (path.length - start > nameSizeMax) {
		const found = path.indexOf(slash, start);
		if (found === -1 || found - start > nameSizeMax) return true;
		start = found + 1;
	}
	return false;
}
