import {nameSizeMax} from '../limit.ts';

const slash = 0x2f;

/** Whether a path has a name that no file system here can hold. */
export function hasLongName(path: Uint8Array): boolean {
	if (path.length <= nameSizeMax) return false;
	let start = 0;
	while (path.length - start > nameSizeMax) {
		const found = path.indexOf(slash, start);
		if (found === -1 || found - start > nameSizeMax) return true;
		start = found + 1;
	}
	return false;
}
