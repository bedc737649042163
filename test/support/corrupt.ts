import {spawnSync} from 'node:child_process';
import {closeSync, openSync, readSync, rmSync, writeSync} from 'node:fs';

/** Flips a bit at each place, and leaves size, times and inode of the file as they were. */
export function corrupt(path: string, places: readonly number[]): void {
	spawnSync('cp', ['-p', path, `${path}.reference`]);
	const file = openSync(path, 'r+');
	const octet = new Uint8Array(1);
	for (const place of places) {
		readSync(file, octet, 0, 1, place);
		octet[0]! ^= 4;
		writeSync(file, octet, 0, 1, place);
	}
	closeSync(file);
	spawnSync('touch', ['-r', `${path}.reference`, path]);
	rmSync(`${path}.reference`);
}
