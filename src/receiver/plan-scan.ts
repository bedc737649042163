/** Plans from all of DEST: entries, what is there, and what the record knows, in one walk. */
import {comparePaths, equalOctets, isWithin} from '../snapshot/path.ts';
import {Image, type ImageCursor} from './image.ts';
import type {PlanBuilder} from './plan-builder.ts';
import type {Present} from './present.ts';
import type {PublishRecord} from './publish-record.ts';
import type {Removals} from './removals.ts';

export type ScanPlanOptions = {
	readonly image: Image;
	readonly present: Present;
	readonly record: PublishRecord | undefined;
	readonly builder: PlanBuilder;
	/** Whether what is not in the image goes. */
	readonly remove: boolean;
	/** Of these, the ones that go; undefined: all. */
	readonly removals: Removals | undefined;
	/** Directories of ours below DEST, in order: they and what is in them stay. */
	readonly protectedPaths: readonly Uint8Array[];
};

const none = new Uint8Array(0);

/** What the publish record knows of a path. */
export type Fact = {
	/** Content digest of what is there, if its stat is still as it was; else empty. */
	digest: Uint8Array;
	/** The record has this path as a file, whatever has become of it. */
	recorded: boolean;
};

export function planFromScan(options: ScanPlanOptions): void {
	const {image, present, builder} = options;
	const facts = new FactWalk(options.record, present);
	const fact: Fact = {digest: none, recorded: false};
	let at = 0;
	const passBefore = (path: Uint8Array | undefined): void => {
		while (at < present.count) {
			const there = present.path(at);
			if (path !== undefined && comparePaths(there, path) >= 0) return;
			if (options.remove && goes(at, there, options)) builder.remove(at);
			at++;
		}
	};
	const entries = image.entries();
	while (entries.next()) {
		const {path} = entries;
		passBefore(path);
		const isThere = at < present.count && equalOctets(present.path(at), path);
		const index = isThere ? at++ : -1;
		facts.look(path, index, fact);
		builder.consider(entries, index, fact);
	}
	passBefore(undefined);
}

function goes(
	index: number,
	path: Uint8Array,
	{removals, protectedPaths}: ScanPlanOptions,
): boolean {
	if (removals !== undefined) return removals.goes[index] === 1;
	return !protectedPaths.some(each => isWithin(path, each));
}

/** Walks a record beside another walk in path order. */
export class FactWalk {
	readonly #record: PublishRecord | undefined;
	readonly #present: Present;
	readonly #recorded: ImageCursor | undefined;
	#more = false;

	constructor(record: PublishRecord | undefined, present: Present) {
		this.#record = record;
		this.#present = present;
		const image = record && Image.of(record.list, record.subPath, none);
		// A record of a single file has its own path, not that in DEST.
		if (image?.fileName !== undefined) return;
		this.#recorded = image?.entries();
		this.#more = this.#recorded?.next() ?? false;
	}

	/** Paths come in order. `index` is where `present` has what is there. */
	look(path: Uint8Array, index: number, into: Fact): void {
		into.digest = none;
		into.recorded = false;
		const recorded = this.#recorded;
		if (recorded === undefined) return;
		let order = -1;
		while (this.#more) {
			order = comparePaths(recorded.path, path);
			if (order >= 0) break;
			this.#more = recorded.next();
		}
		if (!this.#more || order !== 0 || recorded.entry.digest.length === 0) return;
		into.recorded = this.#record!.columns.ino[recorded.index] !== 0n;
		if (index < 0 || this.#record!.columns.verified[recorded.index] === 0) return;
		if (!this.#record!.isUntouched(recorded.index, this.#present.stat, index)) return;
		into.digest = recorded.entry.digest;
	}
}
