/**
 * What threads have read of files, for all sessions: what one wants while it is being read for
 * another, or soon after, is not read again. Kept by version of a file, in the stretches in which
 * it was read, so whatever is wanted of it, no octet is read twice while it is here. What is here
 * was as the snapshot has it when it was read, so a file that has changed since is none the worse.
 */
import {ShoalError} from '../error.ts';
import type {ReadResult} from '../task/read.ts';
import {ReadBuffers} from './read-buffers.ts';
import {assemble, type SharedWant, Stretch} from './stretch.ts';

/** How many sessions there are: one alone shares nothing. */
export type Audience = {readonly sessionCount: number};

export class SharedReads {
	readonly buffers = new ReadBuffers();
	readonly #audience: Audience;
	/** By version: stretches that are here or on their way, in order, none over another. */
	readonly #files = new Map<string, Stretch[]>();
	/** Done and kept; the one that was wanted last is last. */
	readonly #kept = new Set<SharedRead>();
	#keptSize = 0;

	constructor(audience: Audience) {
		this.#audience = audience;
	}

	/** What is kept in memory for whoever wants it next, in octets. */
	get keptSize(): number {
		return this.#keptSize;
	}

	/** Gives `want` what is here, or will be; the rest is added to `read`, which must be started. */
	take(want: SharedWant, read: SharedRead): void {
		const parts: Stretch[] = [];
		const stretches = this.#stretchesOf(want.file);
		const end = want.offset + want.length;
		let at = want.offset;
		for (let index = firstPast(stretches, at); at < end; index++) {
			let next = stretches[index];
			if (next === undefined || next.offset > at) {
				const gap = Math.min(end, next?.offset ?? end) - at;
				next = new Stretch(read, want.file, at, gap);
				stretches.splice(index, 0, next);
				read.add(next);
			}
			parts.push(next);
			at = next.end;
		}
		for (const part of parts) this.#use(part.read);
		assemble(want, parts, read);
	}

	/** Lets go of what nobody has wanted since the last call. */
	sweep(): void {
		for (const read of this.#kept) {
			if (!read.wasUsed) this.#drop(read);
			read.wasUsed = false;
		}
	}

	/** What `read` has brought stays, as long as there is room. */
	keep(read: SharedRead): void {
		this.#kept.add(read);
		this.#keptSize += read.cost;
		const most = this.#audience.sessionCount > 1 ? keptMost : keptAlone;
		for (const oldest of this.#kept) {
			if (this.#keptSize <= most) break;
			this.#drop(oldest);
		}
	}

	/** Nobody finds the stretch any more. */
	forget(stretch: Stretch): void {
		const stretches = this.#files.get(stretch.file);
		if (stretches === undefined) return;
		const index = firstPast(stretches, stretch.offset);
		if (stretches[index] !== stretch) return;
		stretches.splice(index, 1);
		if (stretches.length === 0) this.#files.delete(stretch.file);
	}

	#stretchesOf(file: string): Stretch[] {
		let stretches = this.#files.get(file);
		if (stretches === undefined) {
			stretches = [];
			this.#files.set(file, stretches);
		}
		return stretches;
	}

	#use(read: SharedRead): void {
		read.wasUsed = true;
		if (this.#kept.delete(read)) this.#kept.add(read);
	}

	#drop(read: SharedRead): void {
		this.#kept.delete(read);
		this.#keptSize -= read.cost;
		for (const stretch of read.stretches) this.forget(stretch);
		read.release();
	}
}

/** Several stretches that a thread reads at once, and the memory that it reads them into. */
export class SharedRead {
	readonly stretches: Stretch[] = [];
	/** Octets that are to be read. */
	size = 0;
	/** Somebody has wanted of it since the last sweep. */
	wasUsed = true;
	readonly #reads: SharedReads;
	#buffer: Uint8Array | undefined;
	/** Who needs its octets: it does itself until it is dropped. */
	#users = 1;

	constructor(reads: SharedReads) {
		this.#reads = reads;
	}

	/** Octets of memory that it takes. */
	get memory(): number {
		return this.#buffer?.length ?? 0;
	}

	/** What keeping it costs: the memory, and what knows of it. */
	get cost(): number {
		return this.memory + this.stretches.length * stretchCost;
	}

	add(stretch: Stretch): void {
		this.stretches.push(stretch);
		this.size += stretch.length;
	}

	/**
	 * `run` reads the stretches, one after another, to the octets that it is given. Resolves when
	 * all who wait for them have been told.
	 */
	async start(run: (into: Uint8Array) => Promise<ReadResult>): Promise<void> {
		const {stretches} = this;
		const buffer = this.#reads.buffers.take(this.size);
		this.#buffer = buffer;
		try {
			const {status} = await run(buffer);
			this.#settle(buffer, status);
		} catch (error) {
			// A thread that hangs may still write: what it was given is not used again.
			this.#buffer = undefined;
			for (const stretch of stretches) {
				this.#reads.forget(stretch);
				stretch.isLost = true;
			}
			if (!(error instanceof ShoalError)) throw error;
		}
		for (const stretch of stretches) stretch.tell();
	}

	hold(): void {
		this.#users++;
	}

	release(): void {
		if (--this.#users > 0 || this.#buffer === undefined) return;
		this.#reads.buffers.give(this.#buffer);
		this.#buffer = undefined;
	}

	/** What could not be read may be there the next time. */
	#settle(buffer: Uint8Array, status: Uint8Array): void {
		let at = 0;
		this.stretches.forEach((stretch, index) => {
			stretch.octets = buffer.subarray(at, at + stretch.length);
			stretch.code = status[index]!;
			at += stretch.length;
			if (stretch.code !== 0) this.#reads.forget(stretch);
		});
		this.#reads.keep(this);
	}
}

/** Index of the first stretch that ends behind `offset`. */
function firstPast(stretches: readonly Stretch[], offset: number): number {
	let low = 0;
	let high = stretches.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (stretches[middle]!.end <= offset) low = middle + 1;
		else high = middle;
	}
	return low;
}

/**
 * Octets kept: 64 MiB hold the update of most trees, or some seconds of 100 Mbit/s, by which those
 * who fetch the same may be apart. For one session alone it is as much as keeps memory in use warm.
 */
const keptMost = 64 << 20;
const keptAlone = 4 << 20;

/** What knows of a stretch takes about as much: a million of one octet each would not be small. */
const stretchCost = 256;
