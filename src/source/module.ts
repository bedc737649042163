/**
 * A published tree under a name: what it offers now, what sessions that began earlier still read
 * from, and how many of them there may be.
 */
import type {DirHandle} from '../platform/tree.ts';
import type {Published} from './published.ts';

/** Reads saved leaf hashes and sums of file versions; undefined where nothing is saved. */
export type SavedObjects = {
	leaves(digest: Uint8Array): Uint8Array | undefined;
	sums(digest: Uint8Array): Uint8Array | undefined;
};

export type ModuleOptions = {
	readonly name: string;
	/** The tree, held open: content is read below it and nowhere else. */
	readonly root: DirHandle;
	readonly saved: SavedObjects;
	readonly sessionsMax?: number;
	/** Octets a second for each session. */
	readonly rateMax?: number;
};

/** A session costs a few KB and its read-ahead, at most 1 MiB. */
const sessionsMaxDefault = 1024;

/**
 * Snapshots that a ticket may still name although a newer one is offered. A ticket is redeemed
 * within a round trip or two, so only an operator who publishes several times a second could need
 * more; then the receiver is told to ask again.
 */
const formerMax = 4;

export class Module {
	readonly name: string;
	readonly saved: SavedObjects;
	readonly sessionsMax: number;
	readonly rateMax: number | undefined;
	/** Sessions open now. */
	sessionCount = 0;
	#root: DirHandle;
	#published: Published | undefined;
	#former: Published[] = [];

	constructor(options: ModuleOptions) {
		this.name = options.name;
		this.#root = options.root;
		this.saved = options.saved;
		this.sessionsMax = options.sessionsMax ?? sessionsMaxDefault;
		this.rateMax = options.rateMax;
	}

	/** What contents are read from, whatever snapshot they are wanted of: the newest tree. */
	get root(): DirHandle {
		return this.#root;
	}

	/** What is offered now. */
	get published(): Published | undefined {
		return this.#published;
	}

	/** No further session may be opened. */
	get isFull(): boolean {
		return this.sessionCount >= this.sessionsMax;
	}

	/** Offers another snapshot from now on; sessions on the one before finish on it. */
	publish(published: Published, root = this.#root): void {
		this.#root = root;
		if (this.#published !== undefined) {
			this.#former = [this.#published, ...this.#former].slice(0, formerMax);
		}
		this.#published = published;
	}

	withSequence(sequence: number): Published | undefined {
		if (this.#published?.head.sequence === sequence) return this.#published;
		return this.#former.find(each => each.head.sequence === sequence);
	}
}
