/** Trees of many small files, as a mirror of packages has them, and a copy that needs no room. */
import {spawnSync} from 'node:child_process';
import {mkdirSync, readdirSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

/** Names in a directory: what archives of packages have in the mean. */
const perDirectory = 20;
const groups = 100;

/** Makes a tree of about `entries` names, its root among them. */
export function makeTree(root: string, entries: number): void {
	mkdirSync(root);
	let count = 1;
	for (let index = 0; index < groups; index++, count++) mkdirSync(groupOf(root, index));
	for (let index = 0; count < entries; index++, count++) {
		const directory = join(groupOf(root, index), `lib${index}`);
		mkdirSync(directory);
		for (let file = 0; file < perDirectory && count + 1 < entries; file++, count++) {
			const name = `lib${index}-${file}_1.${index % 7}-3_amd64.deb`;
			writeFileSync(join(directory, name), `${index} ${file}`);
		}
	}
}

function groupOf(root: string, index: number): string {
	return join(root, `group-${String(index % groups).padStart(2, '0')}`);
}

/** The same tree again under hard links: times and all are those of the first. */
export function copyTree(from: string, to: string): void {
	const {status, stderr} = spawnSync('cp', ['-al', '--', from, to], {encoding: 'utf8'});
	if (status !== 0) throw new Error(`cp: ${stderr}`);
}

/**
 * Changes one file in `every`, spread over all of the tree, to `size` octets at least that are those
 * of no other; answers their relative paths.
 */
export function changeSome(root: string, every: number, seconds: number, size = 0): string[] {
	const changed: string[] = [];
	let at = 0;
	for (const group of readdirSync(root)) {
		for (const directory of readdirSync(join(root, group))) {
			for (const name of readdirSync(join(root, group, directory))) {
				if (at++ % every !== 0) continue;
				const path = join(group, directory, name);
				const content = `${path} ${seconds}`;
				writeFileSync(join(root, path), content.repeat(Math.ceil(size / content.length) || 1));
				utimesSync(join(root, path), seconds, seconds);
				changed.push(path);
			}
		}
	}
	return changed;
}
