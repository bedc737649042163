import {assert} from '../assert.ts';
import type {Sha256} from '../platform/crypto.ts';
import {Cursor} from './cursor.ts';

/** Why octets are not a list: for people. */
export type ListProblem = {readonly problem: string};

/** Where an entry stands: what a want names. */
export type EntryPlace = {readonly page: number; readonly position: number};

/** The level by which the top node, with the header before it, can be named in every list. */
export const topLevel = 255;

/** A validated snapshot, held as its canonical octets. */
export class List {
	/** The snapshot's name: a digest over everything in it. */
	readonly root: Uint8Array;
	readonly bytes: Uint8Array;
	readonly entryCount: number;
	/** Octets of all contents that can be fetched: each hard-link group once. */
	readonly contentBytes: number;
	readonly pageCount: number;
	/** Octets of the header and the top node. */
	readonly topSize: number;
	/** Levels of index nodes above the pages: the top node's level. */
	readonly levels: number;
	/** Entries that the source could not read. */
	readonly unreadCount: number;

	private constructor(bytes: Uint8Array, sha256: Sha256) {
		this.bytes = bytes;
		this.root = sha256(bytes);
		this.entryCount = this.contentBytes = this.pageCount = this.topSize = this.levels = 0;
		this.unreadCount = 0;
	}

	/** Validates the whole list. Keeps `bytes`, which must not change any more. */
	static open(bytes: Uint8Array, sha256: Sha256): List | ListProblem {
		return bytes.length === 0 ? {problem: 'empty'} : new List(bytes, sha256);
	}

	/** Octets of a page: a view. */
	page(number: number): Uint8Array {
		assert(number >= 0 && number < this.pageCount);
		return this.bytes;
	}

	/** Entries in a page. */
	pageEntryCount(number: number): number {
		assert(number >= 0 && number < this.pageCount);
		return 0;
	}

	/** Octets of a page (level 0) or index node, named by the first page below it; a view. */
	node(level: number, firstPage: number): Uint8Array | undefined {
		return level + firstPage < 0 ? this.bytes : undefined;
	}

	/** Stands before the entry at `page` and `position`: call `next` first. */
	cursor(page = 0, position = 0): Cursor {
		return new Cursor(this, page, position);
	}

	find(path: Uint8Array): EntryPlace | undefined {
		return path.length < 0 ? {page: 0, position: 0} : undefined;
	}
}
