/**
 * An initiator and a responder over a bad path in virtual time: loss, delay, reordering, repeats
 * and corruption, all from one seed.
 */

import type {Crypto, KeyPair} from '../../src/platform/crypto.ts';
import type {Address, Transmit} from '../../src/platform/datagram.ts';
import type {Answer, Ask, Authority, Host, Refusal} from '../../src/session/authority.ts';
import type {Endpoint} from '../../src/session/endpoint.ts';
import {decodeHello, encodeAnswer, prologue} from '../../src/session/handshake.ts';
import {
	Initiator,
	type InitiatorEvent,
	type InitiatorOptions,
} from '../../src/session/initiator.ts';
import {Handshake} from '../../src/session/noise.ts';
import type {Payload, SessionHandle} from '../../src/session/payload.ts';
import {Responder, type ResponderOptions} from '../../src/session/responder.ts';
import {
	type DelegationRole,
	delegationRole,
	type Head,
	signDelegation,
	signHead,
} from '../../src/session/statement.ts';
import {later, type Micros, micros, never} from '../../src/unit.ts';
import type {Writer} from '../../src/wire/codec.ts';
import type {Prng} from './prng.ts';

export type BadPath = {
	/** Microseconds one way. */
	readonly delay: number;
	/** Up to so many more, at random: reorders. */
	readonly jitter: number;
	readonly loss: number;
	readonly repeat: number;
	readonly corrupt: number;
};

export const goodPath: BadPath = {delay: 10_000, jitter: 0, loss: 0, repeat: 0, corrupt: 0};

type Flight = {readonly at: Micros; readonly to: Address; from: Address; data: Uint8Array};

/** Endpoints by address, and the datagrams between them. */
export class Network {
	now: Micros = micros(1_000_000);
	path: BadPath;
	/** Sees every datagram as it is sent; false: it is lost. */
	onSend: (data: Uint8Array, from: Address, to: Address) => boolean = () => true;
	readonly #prng: Prng;
	readonly #endpoints = new Map<Address, Endpoint>();
	#flights: Flight[] = [];
	steps = 0;

	constructor(prng: Prng, path: BadPath = goodPath) {
		this.#prng = prng;
		this.path = path;
	}

	add(address: Address, endpoint: Endpoint): void {
		this.#endpoints.set(address, endpoint);
	}

	/** The endpoint at `from` goes on at `to`: what is on its way to the old address is lost. */
	move(from: Address, to: Address): void {
		const endpoint = this.#endpoints.get(from)!;
		this.#endpoints.delete(from);
		this.#endpoints.set(to, endpoint);
	}

	/** Puts a datagram on its way, as if `from` had sent it. */
	send(data: Uint8Array, from: Address, to: Address): void {
		if (!this.onSend(data, from, to)) return;
		const {delay, jitter, loss, repeat, corrupt} = this.path;
		if (this.#prng.chance(loss)) return;
		const copies = this.#prng.chance(repeat) ? 2 : 1;
		for (let copy = 0; copy < copies; copy++) {
			const octets = new Uint8Array(data);
			if (this.#prng.chance(corrupt)) {
				octets[this.#prng.below(octets.length)]! ^= 1 << this.#prng.below(8);
			}
			const at = later(this.now, delay + this.#prng.float() * jitter);
			this.#flights.push({at, to, from, data: octets});
		}
	}

	/** Lets all run until nothing is due before `until`, or `done` says so. */
	run(until: Micros, done: () => boolean = () => false): void {
		this.#drain();
		while (!done()) {
			const at = this.#next();
			if (at > until) {
				this.now = until;
				return;
			}
			if (++this.steps > stepsMax) throw new Error(`no end after ${stepsMax} steps`);
			if (at > this.now) this.now = at;
			const due = this.#flights.filter(flight => flight.at <= this.now);
			this.#flights = this.#flights.filter(flight => flight.at > this.now);
			due.sort((a, b) => a.at - b.at);
			for (const {to, from, data} of due) {
				this.#endpoints.get(to)?.handleDatagram(data, from, this.now);
			}
			for (const endpoint of this.#endpoints.values()) {
				if (endpoint.pollTimeout() <= this.now) endpoint.handleTimeout(this.now);
			}
			this.#drain();
		}
	}

	runFor(delay: number, done?: () => boolean): void {
		this.run(later(this.now, delay), done);
	}

	#next(): Micros {
		let at = never;
		for (const endpoint of this.#endpoints.values()) {
			if (endpoint.pollTimeout() < at) at = endpoint.pollTimeout();
		}
		for (const flight of this.#flights) if (flight.at < at) at = flight.at;
		return at;
	}

	#drain(): void {
		for (const [address, endpoint] of this.#endpoints) {
			for (let count = 0; ; count++) {
				if (count > burstMax) throw new Error(`more than ${burstMax} datagrams at once`);
				const transmit = endpoint.pollTransmit(this.now);
				if (transmit === undefined) break;
				this.send(transmit.data, address, transmit.to);
			}
		}
	}
}

const stepsMax = 200_000;
const burstMax = 5000;

export const module = new TextEncoder().encode('mirror');
export const wallMs = 1_700_000_000_000;

export type TestSourceOptions = {
	readonly notAfterMs?: number;
	readonly modules?: readonly Uint8Array[];
	readonly role?: DelegationRole;
};

/** A source's keys and statements, and an authority that answers from them. */
export class TestSource implements Authority {
	readonly crypto: Crypto;
	readonly identity: KeyPair;
	host: Host;
	/** What `answer` says beside the statement. */
	says: Partial<Answer> = {};
	refuse: (ask: Ask) => Refusal | undefined = () => undefined;
	/** Whether tickets make sessions. */
	opens = true;
	/** What the first session sends from its start. */
	readonly queue: Uint8Array[] = [];
	readonly asks: Ask[] = [];
	/** Of every session that was opened. */
	readonly payloads: TestPayload[] = [];
	readonly sessions: SessionHandle[] = [];
	readonly contexts: Uint8Array[] = [];
	readonly #options: TestSourceOptions;

	constructor(crypto: Crypto, options: TestSourceOptions = {}) {
		this.crypto = crypto;
		this.identity = crypto.signGenerate();
		this.#options = options;
		this.host = this.#makeHost();
	}

	/** A host key of its own, delegated. */
	#makeHost(): Host {
		const {crypto, identity} = this;
		const {notAfterMs, modules, role} = this.#options;
		const hostKey = crypto.dhGenerate();
		const delegation = signDelegation(crypto, identity.secret, {
			identity: identity.public,
			host: hostKey.public,
			role: role ?? delegationRole.source,
			notAfterMs: notAfterMs ?? wallMs + 1_000_000,
			modules: modules ?? [],
		});
		return {identity: identity.public, hostKey, delegation};
	}

	changeHostKey(): void {
		this.host = this.#makeHost();
	}

	/** The head of the module, signed. */
	statement(changes: Partial<Head> = {}): Uint8Array {
		return signHead(this.crypto, this.identity.secret, {
			identity: this.identity.public,
			module,
			sequence: 7,
			issuedMs: wallMs - 1000,
			expiresMs: wallMs + 1_000_000,
			root: new Uint8Array(32).fill(1),
			size: 5000,
			top: 500,
			entries: 20,
			contentBytes: 1_000_000,
			previous: new Uint8Array(32),
			label: new TextEncoder().encode('a test'),
			...changes,
		});
	}

	answer(ask: Ask): Answer | Refusal {
		this.asks.push(ask);
		const context = Uint8Array.of(1, 2, 3);
		const statement = this.statement();
		return this.refuse(ask) ?? {statement, diffs: [], early: [], context, ...this.says};
	}

	open(context: Uint8Array, session: SessionHandle): TestPayload | undefined {
		if (!this.opens) return undefined;
		const payload = new TestPayload(true);
		payload.queue.push(...this.queue.splice(0));
		this.contexts.push(context);
		this.payloads.push(payload);
		this.sessions.push(session);
		return payload;
	}

	responder(now: Micros, options: Partial<ResponderOptions> = {}): Responder {
		const {crypto, host} = this;
		return new Responder({crypto, now, hosts: [host], authority: this, ...options});
	}

	/** One that pins this source's identity, unless `identity` says undefined. */
	initiator(now: Micros, options: Dial = {}): Initiator {
		const {identity, ...rest} = {identity: this.identity.public, ...options};
		return new Initiator({
			crypto: this.crypto,
			now,
			wallMs: () => wallMs,
			peer: 'source:1',
			module,
			sequence: 0,
			...(identity === undefined ? {} : {identity}),
			...rest,
		});
	}
}

export type Dial = Omit<Partial<InitiatorOptions>, 'identity'> & {
	readonly identity?: Uint8Array | undefined;
};

/** Answers every hello with a payload of its own making, whatever it says, under the right keys. */
export class RawResponder implements Endpoint {
	readonly #source: TestSource;
	readonly #payload: Uint8Array;
	readonly #out: Transmit[] = [];

	constructor(source: TestSource, payload: Uint8Array) {
		this.#source = source;
		this.#payload = payload;
	}

	handleDatagram(data: Uint8Array, from: Address): void {
		const hello = decodeHello(data);
		if (hello === undefined) return;
		const handshake = new Handshake({
			crypto: this.#source.crypto,
			pattern: hello.pattern,
			cipher: hello.suite,
			hash: 'SHA256',
			initiator: false,
			prologue: prologue(hello),
			static: this.#source.host.hostKey,
		});
		handshake.read(hello.noise);
		const noise = handshake.write(this.#payload)!;
		this.#out.push({data: encodeAnswer(hello.connection, noise), to: from});
	}

	handleTimeout(): void {
		this.#out.length = 0;
	}

	pollTransmit(): Transmit | undefined {
		return this.#out.shift();
	}

	pollTimeout(): Micros {
		return never;
	}
}

/** Sends numbered messages, one in a packet, each when it is queued; notes what comes. */
export class TestPayload implements Payload {
	readonly skips: boolean;
	readonly received: Uint8Array[] = [];
	readonly numbers: number[] = [];
	readonly sent: number[] = [];
	readonly queue: Uint8Array[] = [];
	pathChanges = 0;
	timeouts = 0;
	dueAt = never;
	closedWith: {code: number; text: string} | undefined;
	/** Answered by handlePacket. */
	verdict: number | undefined;

	constructor(skips: boolean) {
		this.skips = skips;
	}

	handlePacket(number: number, payload: Uint8Array): number | undefined {
		this.numbers.push(number);
		if (payload.length > 0) this.received.push(new Uint8Array(payload));
		return this.verdict;
	}

	pollPacket(number: number, to: Writer): boolean {
		const next = this.queue.shift();
		if (next === undefined) return false;
		to.put(next.subarray(0, to.room));
		this.sent.push(number);
		return true;
	}

	pathChanged(): void {
		this.pathChanges++;
	}

	handleTimeout(): void {
		this.timeouts++;
	}

	pollTimeout(): Micros {
		return this.dueAt;
	}

	closed(code: number, text: string): void {
		this.closedWith = {code, text};
	}
}

/** All events of an initiator so far. */
export function drainEvents(initiator: Initiator): InitiatorEvent[] {
	const events: InitiatorEvent[] = [];
	for (let event = initiator.pollEvent(); event; event = initiator.pollEvent()) events.push(event);
	return events;
}

/** Octets of a frame that no session touches: 0x20 and more of `fill`. */
export function message(size: number, fill: number): Uint8Array {
	const octets = new Uint8Array(size).fill(fill);
	octets[0] = 0x20;
	return octets;
}
