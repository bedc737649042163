/**
 * Answers for the modules of one host: polls from memory, wants from the snapshot they name. It
 * holds no list of what any client has, evaluates nothing that a client sends, and never looks at
 * a tree unless content of it is wanted.
 */
import {escapePath} from '../escape.ts';
import {toHex} from '../hex.ts';
import {keySize} from '../limit.ts';
import type {Clock} from '../platform/clock.ts';
import type {Copy} from '../platform/copy.ts';
import type {Address} from '../platform/datagram.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import {closeCode, type Payload, type SessionHandle} from '../session/payload.ts';
import type {Answer, Ask, Authority, Refusal} from '../session/responder.ts';
import {refusalCode} from '../session/responder.ts';
import type {OnDefect} from '../session/session-table.ts';
import type {ReadBatch, ReadResult} from '../task/read.ts';
import {Reader, Writer} from '../wire/codec.ts';
import type {Admission} from './admission.ts';
import type {Module} from './module.ts';
import {ServedSession} from './served-session.ts';
import {SharedReads} from './shared-reads.ts';

export type SessionTold = {
	readonly state: 'open' | 'closed';
	readonly peer: Address;
	readonly module: string;
	readonly bytesOut: number;
	readonly elapsedMs: number;
	/** Escaped: it may be the receiver's own words. */
	readonly reason?: string;
};

export type SourceOptions = {
	readonly modules: readonly Module[];
	/** Shared by all who answer for the same modules. */
	readonly admission: Admission;
	/** Shared likewise; default: its own. */
	readonly reads?: SharedReads;
	readonly clock: Clock;
	/** The run: each session's send queue becomes a part of it. */
	readonly task: ActiveTask;
	/** Reads ranges of files, in a thread, when it is the session's turn. */
	readonly read: (batch: ReadBatch, order: JobOptions) => Promise<ReadResult>;
	/** Copies what was read to packets. */
	readonly copy?: Copy;
	/** A session has something to send. */
	readonly wake: () => void;
	/** Told of a bug that ended one session; without it, it passes. */
	readonly onDefect?: OnDefect;
	readonly onSession?: (told: SessionTold) => void;
};

/**
 * Octets of a ticket's context: the module's place in the table, the snapshot's sequence, and the
 * receiver's key, if it has shown one.
 */
const contextSize = 12 + keySize;

function indicesByName(modules: readonly Module[]): Map<string, number[]> {
	const byName = new Map<string, number[]>();
	for (const [index, {name}] of modules.entries()) {
		byName.set(name, [...(byName.get(name) ?? []), index]);
	}
	return byName;
}

/** The first snapshot of a tree may be a while. */
const unpublishedRetryMs = 30_000;

export class Source implements Authority {
	readonly #modules: readonly Module[];
	/** Several sources may have a module of one name. */
	readonly #byName: ReadonlyMap<string, readonly number[]>;
	readonly #admission: Admission;
	readonly #clock: Clock;
	readonly #task: ActiveTask;
	readonly #read: SourceOptions['read'];
	readonly #reads: SharedReads;
	readonly #copy: Copy | undefined;
	readonly #wake: () => void;
	readonly #onDefect: OnDefect | undefined;
	readonly #onSession: (told: SessionTold) => void;
	readonly #sessions = new Set<ServedSession>();
	/** Those in which something has happened since their last turn. */
	#touched = new Set<ServedSession>();

	constructor(options: SourceOptions) {
		this.#modules = options.modules;
		this.#byName = indicesByName(options.modules);
		this.#admission = options.admission;
		this.#clock = options.clock;
		this.#task = options.task;
		this.#read = options.read;
		this.#reads = options.reads ?? new SharedReads(options.admission);
		this.#copy = options.copy;
		this.#wake = options.wake;
		this.#onDefect = options.onDefect;
		this.#onSession = options.onSession ?? (() => undefined);
	}

	answer(ask: Ask): Answer | Refusal {
		const named = this.#byName.get(new TextDecoder().decode(ask.module));
		const index = named?.find(each => this.#modules[each]!.isOf(ask.identity)) ?? named?.[0];
		const module = index === undefined ? undefined : this.#modules[index];
		if (index === undefined || module === undefined) {
			return {code: refusalCode.moduleUnknown, retryMs: 0, text: ''};
		}
		const {published} = module;
		if (published === undefined) {
			return {code: refusalCode.busy, retryMs: unpublishedRetryMs, text: 'no snapshot yet'};
		}
		// Who has this snapshot only wants to hear so: that takes no session.
		if (ask.sequence !== published.head.sequence) {
			const key = ask.clientKey === undefined ? '' : toHex(ask.clientKey);
			const text = this.#admission.obstacle(module, {address: ask.from, key});
			if (text !== undefined) {
				const retryMs = this.#admission.retryMs(module, this.#clock.now());
				return {code: refusalCode.busy, retryMs, text};
			}
		}
		const to = new Writer(new Uint8Array(contextSize));
		to.u32(index);
		to.u32(Math.floor(published.head.sequence / 2 ** 32));
		to.u32(published.head.sequence >>> 0);
		if (ask.clientKey !== undefined) to.put(ask.clientKey);
		return {
			statement: published.statement,
			diffs: published.diffNames,
			early: published.earlyFor(ask.sequence),
			context: to.written(),
		};
	}

	open(context: Uint8Array, session: SessionHandle): Payload | undefined {
		const from = new Reader(context);
		const module = this.#modules[from.u32()];
		const published = module?.withSequence(from.u32() * 2 ** 32 + from.u32());
		if (module === undefined || published === undefined || !this.#task.isOpen) return undefined;
		const client = {address: session.peer, key: toHex(from.take(from.left))};
		// Many tickets may have been given while there was room for one session.
		if (this.#admission.obstacle(module, client) !== undefined) return undefined;
		const admitted = this.#admission.admit(module, client, this.#clock.now());
		const {paths} = this.#admission;
		const served = new ServedSession({
			module,
			published,
			session,
			admission: this.#admission,
			parent: this.#task,
			now: this.#clock.now(),
			read: this.#read,
			reads: this.#reads,
			copy: this.#copy,
			lent: session.validated ? paths.lend(session.peer, this.#clock.now()) : undefined,
			touched: each => this.#touched.add(each),
			wake: this.#wake,
			broken: error => this.#abandon(served, error),
			closed: (code, text) => {
				admitted.leave(this.#clock.now());
				const {proven} = served;
				if (proven !== undefined) paths.keep(session.peer, proven, this.#clock.now());
				this.#ended(served, code, text);
			},
		});
		this.#sessions.add(served);
		this.#onSession({
			state: 'open',
			peer: session.peer,
			module: module.name,
			bytesOut: 0,
			elapsedMs: 0,
		});
		return served;
	}

	/**
	 * Starts the reads that sessions have come to want; to be called after every turn. True when
	 * some session may have more to send at once.
	 */
	turn(): boolean {
		const touched = this.#touched;
		if (touched.size === 0) return false;
		this.#touched = new Set();
		let handedOver = false;
		for (const session of touched) {
			try {
				if (session.turn()) handedOver = true;
			} catch (error) {
				this.#abandon(session, error);
			}
		}
		return handedOver;
	}

	/** Tells the sessions of a module that it has a newer snapshot. */
	offer(module: Module): void {
		for (const session of this.#sessions) if (session.module === module) session.offer();
	}

	/** Tells the sessions that limits have changed. */
	limit(): void {
		for (const session of this.#sessions) session.limit(this.#clock.now());
		this.#wake();
	}

	/** A bug in one session ends that one. */
	#abandon(served: ServedSession, error: unknown): void {
		if (this.#onDefect === undefined) throw error;
		this.#onDefect(served.session.peer, error, 'session');
		served.session.close(closeCode.unavailable, 'internal error');
	}

	#ended(served: ServedSession, code: number, text: string): void {
		this.#sessions.delete(served);
		this.#touched.delete(served);
		this.#onSession({
			state: 'closed',
			peer: served.session.peer,
			module: served.module.name,
			bytesOut: served.bytesOut,
			elapsedMs: (this.#clock.now() - served.openedAt) / 1000,
			...(code === closeCode.done ? {} : {reason: escapePath(new TextEncoder().encode(text))}),
		});
	}
}
