/**
 * The trees of a DEST that is a symlink: `.NAME.shoal/trees/N` beside it, N counting up, and the
 * symlink that says which of them is current. Nothing here looks into a tree.
 */
import {ShoalError} from '../error.ts';
import {escapePath} from '../escape.ts';
import type {DirHandle, Name, TreeIo} from '../platform/tree.ts';
import {joinPath} from '../snapshot/path.ts';
import type {StateDir} from '../store/state-dir.ts';
import {fileFormat} from '../task/survey.ts';
import {invalid, openIfThere, split} from './destination.ts';
import type {RecordStore} from './publish-record.ts';

const encoder = new TextEncoder();
const latin1 = new TextDecoder('latin1');
const treesName = encoder.encode('trees');
const switchName = encoder.encode('switch');

/** More trees than can be published one a second for a million years. */
const numberPattern = /^[1-9]\d{0,14}$/;

/** A path that leads into a tree of somebody's. */
const inTree = /(?:^|\/)\.[^/]+\.shoal\/trees\/[1-9]\d*(?:\/|$)/;

/** Where DEST is, and what is beside it. */
export type TreePlace = {
	readonly path: string;
	readonly above: string;
	readonly name: Name;
	/** `.NAME.shoal`, and a path to it. */
	readonly homeName: Name;
	readonly homePath: string;
};

/** @throws ShoalError DESTINATION_INVALID for what has no name of its own */
export function placeOf(given: string): TreePlace {
	const place = namedPlace(given);
	if (place === undefined) throw invalid(given, 'has no name for a symlink');
	return place;
}

function namedPlace(given: string): TreePlace | undefined {
	const path = given.replace(/(?<=.)\/+$/, '');
	const {above, name} = split(path);
	const last = path.slice(path.lastIndexOf('/') + 1);
	if (['', '.', '..'].includes(last)) return undefined;
	const homeName = `.${last}.shoal`;
	const homePath = `${above === '/' ? '' : above}/${homeName}`;
	return {path, above, name, homeName: encoder.encode(homeName), homePath};
}

/** Whether a held directory is a tree, or in one: its files have names in other trees. */
export function isInTree(tree: TreeIo, dir: DirHandle): boolean {
	return inTree.test(latin1.decode(tree.pathOf(dir)));
}

/** Whether a path at which no directory is was published as trees, or leads into what was. */
export function hasTrees(tree: TreeIo, path: string): boolean {
	let above: DirHandle | undefined;
	let around = path;
	while (above === undefined) {
		around = split(around).above;
		above = openIfThere(tree, around);
	}
	try {
		if (isInTree(tree, above)) return true;
		const place = around === split(path).above ? namedPlace(path) : undefined;
		const home = place && tree.openDir(above, place.homeName);
		const trees = home && tree.openDir(home, treesName);
		if (home !== undefined) tree.closeDir(home);
		if (trees === undefined) return false;
		try {
			return tree.list(trees).length > 0;
		} finally {
			tree.closeDir(trees);
		}
	} finally {
		tree.closeDir(above);
	}
}

/** What the symlink at DEST says; `other`: something else has the name. */
export type Current = number | 'absent' | 'directory' | 'other';

export function readCurrent(tree: TreeIo, parent: DirHandle, place: TreePlace): Current {
	const stat = tree.stat(parent, place.name);
	if (stat === undefined) return 'absent';
	if (stat.format === fileFormat.directory) return 'directory';
	if (stat.format !== fileFormat.symlink) return 'other';
	const target = latin1.decode(tree.readLink(parent, place.name));
	const start = latin1.decode(targetOf(place, ''));
	const digits = target.startsWith(start) ? target.slice(start.length) : '';
	return numberPattern.test(digits) ? Number(digits) : 'other';
}

function targetOf({homeName}: TreePlace, number: number | ''): Uint8Array {
	return joinPath(joinPath(homeName, treesName), encoder.encode(`${number}`));
}

export class Trees {
	readonly #tree: TreeIo;
	readonly #parent: DirHandle;
	readonly #place: TreePlace;
	readonly #home: StateDir;
	readonly #trees: DirHandle | undefined;

	/** `parent` and `home` are held open by the caller. `create`: makes what is missing. */
	constructor(parent: DirHandle, place: TreePlace, home: StateDir, create: boolean) {
		const {tree} = home.platform;
		this.#tree = tree;
		this.#parent = parent;
		this.#place = place;
		this.#home = home;
		let trees = tree.openDir(home.handle, treesName);
		if (trees === undefined && create) {
			tree.makeDir(home.handle, treesName, 0o711);
			trees = tree.openDir(home.handle, treesName)!;
			tree.setDirMode(trees, 0o711);
		}
		this.#trees = trees;
	}

	get current(): Current {
		return readCurrent(this.#tree, this.#parent, this.#place);
	}

	/** Upwards. */
	numbers(): number[] {
		if (this.#trees === undefined) return [];
		return this.#tree
			.list(this.#trees)
			.map(name => latin1.decode(name))
			.filter(digits => numberPattern.test(digits))
			.map(Number)
			.sort((a, b) => a - b);
	}

	/** Where the trees are. */
	get handle(): DirHandle {
		return this.#trees!;
	}

	nameOf(number: number): Name {
		return encoder.encode(`${number}`);
	}

	pathOf(number: number): string {
		return `${this.#place.homePath}/trees/${number}`;
	}

	open(number: number): DirHandle | undefined {
		return this.#trees && this.#tree.openDir(this.#trees, this.nameOf(number));
	}

	make(number: number): void {
		this.#tree.makeDir(this.handle, this.nameOf(number), 0o700);
	}

	renumber(from: number, to: number): void {
		this.#tree.rename(this.handle, this.nameOf(from), this.handle, this.nameOf(to));
	}

	/** A real directory at DEST becomes a tree; until `show`, DEST is absent. */
	adopt(number: number): void {
		this.#tree.rename(this.#parent, this.#place.name, this.handle, this.nameOf(number));
	}

	/** From this instant DEST is tree `number`: one rename, whatever was there before. */
	show(number: number, sync: boolean): void {
		const {handle} = this.#home;
		this.#tree.unlink(handle, switchName);
		this.#tree.makeSymlink(handle, switchName, targetOf(this.#place, number));
		if (sync) this.#tree.sync(this.handle);
		this.#tree.rename(handle, switchName, this.#parent, this.#place.name);
		if (sync) this.#tree.sync(this.#parent);
	}

	/** The record of one tree. */
	recordOf(number: number): RecordStore {
		return recordOf(this.#home, number);
	}

	close(): void {
		if (this.#trees !== undefined) this.#tree.closeDir(this.#trees);
	}
}

/** The record of one tree, whose state is `home`. */
export function recordOf(home: StateDir, number: number): RecordStore {
	const nameOf = (name: string) => `${name}-${number}`;
	return {
		readRecord: name => home.readRecord(nameOf(name)),
		writeRecord: (name, octets) => home.writeRecord(nameOf(name), octets),
		removeRecord: name => home.removeRecord(nameOf(name)),
	};
}

/** The current tree of a DEST, for who reads it only; its state is beside it. */
export type ShownTree = {
	/** Held open for the caller. */
	readonly root: DirHandle;
	readonly path: string;
	readonly above: string;
	readonly homeName: Name;
	readonly number: number;
};

/** Undefined: `path` is no symlink to a tree of shoal's. */
export function openShownTree(tree: TreeIo, path: string): ShownTree | undefined {
	const place = namedPlace(path);
	const parent = place && openIfThere(tree, place.above);
	if (place === undefined || parent === undefined) return undefined;
	const held: DirHandle[] = [parent];
	try {
		const current = readCurrent(tree, parent, place);
		if (typeof current !== 'number') return undefined;
		for (const name of [place.homeName, treesName]) {
			const next = tree.openDir(held.at(-1)!, name);
			if (next === undefined) return undefined;
			held.push(next);
		}
		const root = tree.openDir(held.at(-1)!, encoder.encode(`${current}`));
		const {above, homeName, homePath} = place;
		return root && {root, path: `${homePath}/trees/${current}`, above, homeName, number: current};
	} finally {
		for (const each of held) tree.closeDir(each);
	}
}

/** What an operator should do who means a DEST of trees and did not say so. */
export function isTrees(path: string): ShoalError {
	const shown = escapePath(encoder.encode(path));
	return new ShoalError('DESTINATION_WAY', `${shown} is published as trees, not in place`);
}
