/**
 * A published tree under a name: what it offers now, what sessions that began earlier still read
 * from, and how many of them there may be.
 */
import type {DirHandle} from '../platform/tree.ts';
import {same} from '../session/statement.ts';
import {RateCap} from '../transfer/rate-cap.ts';
import type {Micros} from '../unit.ts';
import type {Compressor} from './compressor.ts';
import type {ObjectMaker} from './object-maker.ts';
import type {Patcher} from './patcher.ts';
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
	/** It is served for somebody else: what the tree lacks of it is elsewhere. */
	readonly isRelayed?: boolean;
	/** None: contents are sent as they are. */
	readonly compressor?: Compressor | undefined;
	/** None: what is lacked of a leaf is sent as it is. */
	readonly patcher?: Patcher | undefined;
	/** Makes what of leaf hashes and sums is not saved; none: it is not to be had. */
	readonly maker?: ObjectMaker | undefined;
} & ModuleLimits;

/** Absent: no limit, or the default. */
export type ModuleLimits = {
	/** Sessions at a time. */
	readonly sessionsMax?: number | undefined;
	/** Octets a second for each session, and for all of the module together. */
	readonly rateMax?: number | undefined;
	readonly rateTotalMax?: number | undefined;
};

/** A session costs 17 KB and what is read ahead for it, an equal part (`admission.ts`). */
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
	readonly isRelayed: boolean;
	readonly compressor: Compressor | undefined;
	readonly patcher: Patcher | undefined;
	readonly maker: ObjectMaker | undefined;
	/** What all sessions of the module send together. */
	readonly rate = new RateCap();
	#limits: ModuleLimits;
	/** Sessions open now. */
	sessionCount = 0;
	#root: DirHandle;
	#published: Published | undefined;
	#former: Published[] = [];

	constructor(options: ModuleOptions) {
		this.name = options.name;
		this.#root = options.root;
		this.saved = options.saved;
		this.isRelayed = options.isRelayed ?? false;
		this.compressor = options.compressor;
		this.patcher = options.patcher;
		this.maker = options.maker;
		this.#limits = options;
		this.rate.setRate(options.rateTotalMax ?? Infinity, 0);
	}

	get sessionsMax(): number {
		return this.#limits.sessionsMax ?? sessionsMaxDefault;
	}

	/** Octets a second for each session. */
	get rateMax(): number {
		return this.#limits.rateMax ?? Infinity;
	}

	/** From now on; sessions that are open stay, and are to be told of a rate. */
	setLimits(limits: ModuleLimits, now: Micros): void {
		this.#limits = limits;
		this.rate.setRate(limits.rateTotalMax ?? Infinity, now);
	}

	/** What contents are read from, whatever snapshot they are wanted of: the newest tree. */
	get root(): DirHandle {
		return this.#root;
	}

	/** What is offered now. */
	get published(): Published | undefined {
		return this.#published;
	}

	/** Whether it is what whoever asks `identity` for this name means. */
	isOf(identity: Uint8Array): boolean {
		const signer = this.#published?.head.identity;
		return signer !== undefined && same(signer, identity);
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

	/** Nothing is offered until something is published; sessions finish. */
	withdraw(): void {
		this.#published = undefined;
	}

	withSequence(sequence: number): Published | undefined {
		if (this.#published?.head.sequence === sequence) return this.#published;
		return this.#former.find(each => each.head.sequence === sequence);
	}
}
