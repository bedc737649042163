/**
 * The sessions of a responder: by connection id, by whose timer is due, and by who may have
 * something to send, each in its turn.
 */
import type {Address, Transmit} from '../platform/datagram.ts';
import {type Micros, never} from '../unit.ts';
import type {Session} from './session.ts';
import {TimerHeap} from './timer-heap.ts';

/** Told of a bug that ended one session, or that one datagram of no session has met. */
export type OnDefect = (peer: Address, error: unknown, at: 'session' | 'datagram') => void;

export class SessionTable {
	readonly #byConnection = new Map<number, Session>();
	readonly #connections = new Map<Session, number>();
	readonly #timers = new TimerHeap<Session>();
	/** In order of turn. */
	readonly #ready = new Set<Session>();
	readonly #onDefect: OnDefect | undefined;
	#openCount = 0;

	/** Without `onDefect`, what a session throws passes. */
	constructor(onDefect?: OnDefect) {
		this.#onDefect = onDefect;
	}

	/** All that take memory: open ones, and closed ones that still tell stragglers. */
	get size(): number {
		return this.#byConnection.size;
	}

	get openCount(): number {
		return this.#openCount;
	}

	get(connection: number): Session | undefined {
		return this.#byConnection.get(connection);
	}

	has(connection: number): boolean {
		return this.#byConnection.has(connection);
	}

	add(connection: number, session: Session): void {
		this.#byConnection.set(connection, session);
		this.#connections.set(session, connection);
		if (session.open) this.#openCount++;
		this.wake(session);
	}

	/** `session` ended: it stays until nothing is left to say. */
	noteEnd(session: Session): void {
		if (this.#connections.has(session)) this.#openCount--;
		this.wake(session);
	}

	/** `session` may have something to send. */
	wake(session: Session): void {
		if (this.#connections.has(session)) this.#ready.add(session);
	}

	closeAll(code: number, text: string): void {
		for (const session of [...this.#byConnection.values()]) session.close(code, text);
	}

	handleTimeout(now: Micros): void {
		while (this.#timers.earliest <= now) {
			const session = this.#timers.first!;
			try {
				session.handleTimeout(now);
			} catch (error) {
				this.abandon(session, error);
			}
			this.#ready.add(session);
			// Its next instant is known when it has had its turn.
			this.#timers.set(session, never);
		}
	}

	/** The next session's turn to send one datagram. */
	pollTransmit(now: Micros): Transmit | undefined {
		for (const session of this.#ready) {
			this.#ready.delete(session);
			const transmit = this.#pollOne(session, now);
			if (transmit !== undefined) {
				this.#ready.add(session);
				return transmit;
			}
			if (session.ended) this.#delete(session);
		}
		return undefined;
	}

	pollTimeout(): Micros {
		return this.#timers.earliest;
	}

	/** `session` threw `error`: that ends this session, and no other. */
	abandon(session: Session, error: unknown): void {
		if (this.#onDefect === undefined) throw error;
		this.#onDefect(session.peer, error, 'session');
		try {
			session.abandon();
		} catch (another) {
			session.abandon();
			this.#onDefect(session.peer, another, 'session');
		}
		this.#ready.add(session);
	}

	/** What it sends now; if nothing, its timer is set. */
	#pollOne(session: Session, now: Micros): Transmit | undefined {
		try {
			const transmit = session.pollTransmit(now);
			if (transmit === undefined && !session.ended) {
				this.#timers.set(session, session.pollTimeout());
			}
			return transmit;
		} catch (error) {
			this.abandon(session, error);
			return undefined;
		}
	}

	#delete(session: Session): void {
		const connection = this.#connections.get(session);
		if (connection === undefined) return;
		this.#byConnection.delete(connection);
		this.#connections.delete(session);
		this.#timers.delete(session);
	}
}
