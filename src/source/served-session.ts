/**
 * One receiver's session at the source: resolves wants against the snapshots it was shown, and
 * feeds its sender with what they ask for. Reads of a turn go to a thread as one batch.
 */
import {ShoalError} from '../error.ts';
import type {Copy} from '../platform/copy.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import {closeCode, type Payload, type SessionHandle} from '../session/payload.ts';
import {type ReadBatch, type ReadResult, readCost} from '../task/read.ts';
import type {ProvenFlight} from '../transfer/proven-path.ts';
import {RateCap} from '../transfer/rate-cap.ts';
import {type ReadRequest, Sender, type Want} from '../transfer/sender.ts';
import type {Micros} from '../unit.ts';
import type {Writer} from '../wire/codec.ts';
import {isSizes} from '../wire/compressed.ts';
import {objectKind, refuseCode} from '../wire/frame.ts';
import type {Admission} from './admission.ts';
import {otherwise} from './file-place.ts';
import type {Module} from './module.ts';
import type {Published} from './published.ts';
import {makeBatch} from './read-batch.ts';
import {ServedCompressed} from './served-compressed.ts';
import {ServedMade} from './served-made.ts';
import {ServedPatches} from './served-patches.ts';
import type {ServedLaterOptions} from './served-queue.ts';
import {SharedRead, type SharedReads} from './shared-reads.ts';

export type ServedOptions = {
	readonly module: Module;
	readonly published: Published;
	readonly session: SessionHandle;
	/** What all sessions of the source may do together. */
	readonly admission: Admission;
	readonly parent: ActiveTask;
	readonly now: Micros;
	readonly read: (batch: ReadBatch, order: JobOptions) => Promise<ReadResult>;
	/** Shared by all sessions. */
	readonly reads: SharedReads;
	readonly copy: Copy | undefined;
	/** What the receiver's address has proved before. */
	readonly lent: ProvenFlight | undefined;
	/** Something has happened in the session: its `turn` is due. */
	readonly touched: (session: ServedSession) => void;
	/** A read has ended: there is something to send. */
	readonly wake: () => void;
	/** A bug has shown between two turns. */
	readonly broken: (error: unknown) => void;
	readonly closed: (code: number, text: string) => void;
};

/** Ranges in one batch: enough that crossing to a thread costs little beside reading them. */
const batchCountMax = 256;
/** Octets in one batch: enough for a disk, few enough that the first of them is soon sent. */
const batchBytesMax = 512 * 1024;

/** Heads shown in one session: a want names them by number, so they stay in memory with it. */
const headsMax = 16;

export class ServedSession implements Payload {
	readonly module: Module;
	readonly session: SessionHandle;
	readonly openedAt: Micros;
	readonly skips = true;
	readonly #sender: Sender;
	/** Its reads take turns with those of other sessions. */
	readonly #task: ActiveTask;
	readonly #options: ServedOptions;
	/** What this session sends. */
	readonly #rate: RateCap;
	/** By the number that a want names them with. */
	readonly #shown: Published[];
	readonly #compressed: ServedCompressed;
	readonly #patches: ServedPatches;
	/** Sums and leaf hashes that have to be made first. */
	readonly #made: ServedMade;
	/** What was to be read for another session, and was not. */
	#again: ReadRequest[] = [];
	#isInTurn = false;
	/** Something was handed over in this turn. */
	#hasSettled = false;
	#isClosed = false;

	constructor(options: ServedOptions) {
		this.#options = options;
		this.module = options.module;
		this.session = options.session;
		this.openedAt = options.now;
		this.#shown = [options.published];
		this.#rate = new RateCap(this.module.rateMax);
		this.#sender = new Sender({
			session: options.session,
			source: {
				resolve: want => this.#resolve(want),
				asked: () => this.offer(),
				...(options.copy && {copy: options.copy}),
			},
			now: options.now,
			caps: [this.#rate, this.module.rate, options.admission.rate],
			lent: options.lent,
		});
		const making: ServedLaterOptions = {
			module: this.module,
			shown: this.#shown,
			order: () => this.#task.order,
			answer: (request, result) => this.#sender.handleRead(request, result),
			answered: () => this.#woken(),
			broken: options.broken,
		};
		this.#compressed = new ServedCompressed(making);
		this.#patches = new ServedPatches(making);
		this.#made = new ServedMade(making, request => this.#fromMemory(request));
		this.#task = options.parent.open({
			kind: 'send',
			owner: options.session.peer,
			finishes: true,
			progress: () => ({done: this.bytesOut}),
			stopped: () => this.session.close(closeCode.shuttingDown, 'stopped'),
		});
	}

	/** Octets of datagrams sent. */
	get bytesOut(): number {
		return this.#sender.statistics.bytesOut;
	}

	/** What the receiver's address has proved by now. */
	get proven(): ProvenFlight | undefined {
		return this.#sender.proven;
	}

	/** The module's limits, or those of all, have changed. */
	limit(now: Micros): void {
		this.#rate.setRate(this.module.rateMax, now);
		this.session.wake();
	}

	/** Shows the module's newest snapshot, unless it has been. */
	offer(): void {
		const {published} = this.module;
		if (published === undefined || published === this.#shown.at(-1)) return;
		if (this.#shown.length === headsMax) return;
		this.#shown.push(published);
		this.#sender.offerHead(published.statement, published.diffNames);
		this.#woken();
	}

	/**
	 * Reads what the sender has come to want. True when some of it was in memory and could be
	 * handed over at once.
	 */
	turn(): boolean {
		if (this.#isClosed) return false;
		this.#isInTurn = true;
		this.#hasSettled = false;
		let reading = new Reading(this.#options.reads);
		for (let request = this.#next(); request !== undefined; request = this.#next()) {
			if (request.kind === objectKind.content) {
				this.#take(request, reading);
				if (!reading.isFull) continue;
				this.#start(reading);
				reading = new Reading(this.#options.reads);
			} else {
				const result = this.#makerOf(request).take(request);
				if (result === undefined) continue;
				this.#sender.handleRead(request, result);
				this.#hasSettled = true;
			}
		}
		this.#start(reading);
		this.#compressed.flush();
		this.#patches.flush();
		this.#made.flush();
		this.#isInTurn = false;
		return this.#hasSettled;
	}

	handlePacket(
		number: number,
		payload: Uint8Array,
		datagramSize: number,
		now: Micros,
	): number | undefined {
		this.#options.touched(this);
		return this.#sender.handlePacket(number, payload, datagramSize, now);
	}

	probeMax(now: Micros): number {
		return this.#sender.probeMax(now);
	}

	pollProbe(number: number, to: Writer, now: Micros): boolean {
		return this.#sender.pollProbe(number, to, now);
	}

	pollPacket(number: number, to: Writer, now: Micros): boolean {
		this.#options.touched(this);
		return this.#sender.pollPacket(number, to, now);
	}

	pathChanged(now: Micros): void {
		this.#sender.pathChanged(now);
	}

	handleTimeout(now: Micros): void {
		this.#sender.handleTimeout(now);
	}

	pollTimeout(): Micros {
		return this.#sender.pollTimeout();
	}

	closed(code: number, text: string): void {
		this.#isClosed = true;
		this.#compressed.close();
		this.#patches.close();
		this.#made.close();
		if (this.#task.isOpen) {
			if (code === closeCode.done) this.#task.done();
			else this.#task.abort(new ShoalError('SESSION_CLOSED', text));
		}
		this.#options.closed(code, text);
		this.#sender.closed(code, text);
	}

	#makerOf({kind, part}: ReadRequest): ServedMade | ServedCompressed | ServedPatches {
		if (part !== undefined) return this.#patches;
		return kind <= objectKind.sums ? this.#made : this.#compressed;
	}

	#resolve(want: Want): {sizes: ArrayLike<number>} | number {
		if (want.part !== undefined) return this.#patches.resolve(want);
		const isCompressed = want.kind > objectKind.sums && !isSizes(want.kind);
		if (isCompressed && want.count > 1) return this.#compressed.resolve(want);
		return this.#shown[want.snapshot]?.resolve(want) ?? refuseCode.invalid;
	}

	/** Undefined: it is not here. */
	#fromMemory(request: ReadRequest): Uint8Array | number | undefined {
		const {snapshot, kind, page, position, offset, length} = request;
		const published = this.#shown[snapshot]!;
		try {
			const object =
				kind < objectKind.content
					? published.inMemory(kind, page, position)
					: this.#saved(published, kind, page, position);
			return object?.subarray(offset, offset + length);
		} catch (error) {
			// A state directory that cannot be read is no reason to end what others are served.
			if (!(error instanceof ShoalError)) throw error;
			return refuseCode.unreadable;
		}
	}

	#saved(
		published: Published,
		kind: number,
		page: number,
		position: number,
	): Uint8Array | undefined {
		const digest = published.digestOf(page, position);
		const {saved} = this.module;
		return kind === objectKind.leaves ? saved.leaves(digest) : saved.sums(digest);
	}

	#woken(): void {
		this.session.wake();
		this.#options.touched(this);
		this.#options.wake();
	}

	#next(): ReadRequest | undefined {
		return this.#again.pop() ?? this.#sender.pollRead(this.#options.admission.readAheadMax);
	}

	/** What of a request is neither here nor on its way becomes a part of `reading`. */
	#take(request: ReadRequest, reading: Reading): void {
		const {page, position, offset, length, snapshot} = request;
		const version = this.#shown[snapshot]!.tables.get(page)!.version(position);
		const file = `${this.module.name}/${version}`;
		const settle = (result: Uint8Array | number, done?: () => void): void => {
			this.#settle(() => this.#sender.handleRead(request, result, done));
		};
		const again = (): void => this.#settle(() => this.#again.push(request));
		this.#options.reads.take({file, offset, length, settle, again}, reading.shared);
		reading.note(request);
	}

	/** A bug here is no reason to keep others from what they wait for. */
	#settle(act: () => void): void {
		try {
			act();
			if (this.#isInTurn) this.#hasSettled = true;
			else if (!this.#isClosed) this.#woken();
		} catch (error) {
			this.#options.broken(error);
		}
	}

	#start({shared, requests}: Reading): void {
		if (requests.length === 0) return;
		const reading = shared.start(into => {
			const {root, isRelayed} = this.module;
			const batch = makeBatch(root, requests, this.#shown, into, otherwise(isRelayed));
			return this.#options.read(batch, {...this.#task.order, cost: readCost(batch)});
		});
		reading.catch((error: unknown) => this.#options.broken(error));
	}
}

/** A batch that is being put together: of requests, only what has to be read. */
class Reading {
	readonly shared: SharedRead;
	readonly requests: ReadRequest[] = [];

	constructor(reads: SharedReads) {
		this.shared = new SharedRead(reads);
	}

	/** Stretches that `request` has added are read where it says. */
	note({snapshot, kind, page, position}: ReadRequest): void {
		for (const {offset, length} of this.shared.stretches.slice(this.requests.length)) {
			this.requests.push({snapshot, kind, page, position, offset, length});
		}
	}

	get isFull(): boolean {
		return this.requests.length >= batchCountMax || this.shared.size >= batchBytesMax;
	}
}
