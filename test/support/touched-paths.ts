/** What an updater that keeps a log would say it touched, found by looking before and after. */
import {lstatSync, readdirSync} from 'node:fs';
import type {Prng} from './prng.ts';

/** By path (Latin-1, relative): what is there, and of which file it is a name. */
type Seen = ReadonlyMap<string, Look>;
type Look = {
	readonly look: string;
	readonly file: string;
	readonly isDirectory: boolean;
	readonly time: bigint;
};

export function seeTree(root: string): Seen {
	const seen = new Map<string, Look>();
	const visit = (path: string): void => {
		const place = Buffer.from(path === '' ? root : `${root}/${path}`, 'latin1');
		for (const entry of readdirSync(place, {encoding: 'buffer'})) {
			const name = entry.toString('latin1');
			if (path === '' && name === '.shoal') continue;
			const below = path === '' ? name : `${path}/${name}`;
			const stat = lstatSync(Buffer.from(`${root}/${below}`, 'latin1'), {bigint: true});
			const isDirectory = stat.isDirectory();
			// Of a directory only what somebody did to itself: its time changes with what is in it.
			const look = `${stat.ino} ${stat.mode} ${isDirectory ? '' : `${stat.size} ${stat.mtimeNs}`}`;
			seen.set(below, {look, file: `${stat.ino}`, isDirectory, time: stat.mtimeNs});
			if (isDirectory) visit(below);
		}
	};
	visit('');
	return seen;
}

/** Paths that differ; of those that are names of one file, sometimes only one. */
export function touched(before: Seen, after: Seen, prng: Prng): string[] {
	const named = new Set<string>();
	const paths: string[] = [];
	for (const path of new Set([...before.keys(), ...after.keys()])) {
		const [old, now] = [before.get(path), after.get(path)];
		if (old?.look === now?.look) {
			// Something has come and gone there in between: the log has that, too.
			if (now?.isDirectory && old?.time !== now.time) paths.push(`${path}/came and went`);
			continue;
		}
		if (old !== undefined && now !== undefined && old.file === now.file && !now.isDirectory) {
			if (named.has(now.file) && prng.chance(0.5)) continue;
			named.add(now.file);
		}
		paths.push(path);
	}
	return paths;
}
