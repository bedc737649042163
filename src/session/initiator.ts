/**
 * The side that dials: asks for the newest statement in its first datagram, and goes on with the
 * session that the answer's ticket holds if a payload is attached. Until an answer is proved it is
 * all `Contact`'s; from then on what is wrong is wrong for good.
 */
import {assert} from '../assert.ts';
import {type ErrorCode, ShoalError} from '../error.ts';
import type {Crypto} from '../platform/crypto.ts';
import type {Address, DatagramSizes, Transmit} from '../platform/datagram.ts';
import {later, type Micros, millis, never} from '../unit.ts';
import {
	type AnswerPayload,
	type Diff,
	type EarlyBlock,
	earlyKey,
	type Granted,
	openMore,
	parseAnswer,
	type WebTransportPlace,
} from './answer.ts';
import type {Attempt} from './attempt.ts';
import {refusalCode} from './authority.ts';
import {Contact, type ContactOptions, contactTimeoutDefault} from './contact.ts';
import {type DropCounts, type DropReason, noDrops} from './drop.ts';
import type {Endpoint} from './endpoint.ts';
import {decodeReply, firstOctet, protocolVersion} from './handshake.ts';
import type {Handshake} from './noise.ts';
import {PacketBuffer} from './packet-buffer.ts';
import {
	plainHeaderSize,
	plainPrefix,
	readU32,
	saltHeaderSize,
	ticketPrefix,
} from './packet-header.ts';
import {
	initiatorSecret,
	type PacketKey,
	PacketKeys,
	responderSecret,
	saltSize,
} from './packet-keys.ts';
import {PathAllowance} from './path-allowance.ts';
import {closeCode, type Payload, type SessionHandle} from './payload.ts';
import {type KnownHost, provenHost, relayOf} from './proof.ts';
import {Session, type SessionEnd} from './session.ts';
import {delegationRole, type Head, openHead, same} from './statement.ts';
import {ticketLifetime, ticketSizeMax} from './ticket.ts';

export type {Diff, EarlyBlock, WebTransportPlace} from './answer.ts';
export type {SuiteName} from './handshake.ts';

export type InitiatorOptions = ContactOptions & {
	/** Microseconds without a packet of the peer until SESSION_IDLE. */
	readonly idleTimeout?: number;
	/** Packets sealed under one key before it is changed. */
	readonly updateAfter?: number;
	/** What a payload that probes the path may try. */
	readonly sizes?: DatagramSizes;
};

export type InitiatorEvent =
	| {
			readonly type: 'answered';
			/** Signed by `identity`, for the module asked. Age and sequence are not judged. */
			readonly head: Head;
			readonly statement: Uint8Array;
			readonly diffs: readonly Diff[];
			readonly early: readonly EarlyBlock[];
			/** The host's, signed: worth keeping. */
			readonly delegation: Uint8Array;
			/** The identity proved: the pinned one, or its successor, or the one to decide about. */
			readonly identity: Uint8Array;
			/** Signed rotations that lead from the pinned identity to `identity`, oldest first. */
			readonly rotations: readonly Uint8Array[];
			/** Where the host answers WebTransport, if it says so; octets are views. */
			readonly webTransport: WebTransportPlace | undefined;
			/** Microseconds from the hello to its answer; undefined if the hello was repeated. */
			readonly roundTrip: number | undefined;
	  }
	/** More octets of the answer's objects: they may come after it, or never. */
	| {readonly type: 'early'; readonly early: readonly EarlyBlock[]}
	| {
			readonly type: 'refused';
			readonly code: number;
			readonly retryMs: number;
			readonly text: string;
	  }
	| {readonly type: 'failed'; readonly error: ShoalError}
	/** The peer ended the session. */
	| {readonly type: 'closed'; readonly code: number; readonly text: string};

export class Initiator implements Endpoint {
	readonly #options: InitiatorOptions;
	readonly #crypto: Crypto;
	readonly #contact: Contact;
	readonly #events: InitiatorEvent[] = [];
	readonly #buffer = new PacketBuffer();
	/** What was dropped, by reason. */
	readonly dropped: DropCounts = noDrops();

	#state: 'contacting' | 'answered' | 'open' | 'over' = 'contacting';
	/** This side's id, of the answered attempt. */
	#connection = 0;
	#keys: PacketKeys | undefined;
	#k2: Uint8Array | undefined;
	#salt: Uint8Array | undefined;
	#session: Session | undefined;
	#answeredAt: Micros;
	#earlyKey: PacketKey | undefined;
	#moreSeen = 0;
	/** `more` that overtook its answer. */
	#moreKept: {readonly data: Uint8Array; readonly connection: number; readonly index: number}[] =
		[];

	constructor(options: InitiatorOptions) {
		this.#options = options;
		this.#crypto = options.crypto;
		this.#contact = new Contact(options);
		this.#answeredAt = options.now;
	}

	/** The session, from the event `answered` on. */
	get session(): SessionHandle | undefined {
		return this.#session;
	}

	/** What happened, oldest first; drain after every `handle*`. */
	pollEvent(): InitiatorEvent | undefined {
		return this.#events.shift();
	}

	/**
	 * Goes on with the session of the answer, after the event `answered`; within a minute of it, or
	 * the ticket is worth nothing any more and the session fails at once.
	 */
	attach(payload: Payload, now: Micros): void {
		assert(this.#state === 'answered' && this.#session !== undefined, 'nothing was answered');
		if (now > later(this.#answeredAt, ticketLifetime)) {
			payload.closed(closeCode.unavailable, 'the ticket has expired');
			this.#fail('SESSION_CLOSED', 'the ticket of the session has expired');
			return;
		}
		this.#state = 'open';
		this.#session.attach(payload, now);
	}

	/** Ends it: tells the peer if there is a session, which pollTransmit then sends. */
	close(code: number, text: string): void {
		if (this.#state === 'open') this.#session?.close(code, text);
		else this.#state = 'over';
	}

	handleDatagram(data: Uint8Array, from: Address, now: Micros): void {
		const reason = this.#handle(data, from, now);
		if (reason !== undefined) this.dropped[reason]++;
	}

	/** A packet of a session is read in the call; answers and what comes with them are kept. */
	isThrough(data: Uint8Array): boolean {
		return (data[0]! & 0xfe) === firstOctet.plain;
	}

	handleTimeout(now: Micros): void {
		if (this.#state === 'open') {
			this.#session?.handleTimeout(now);
			return;
		}
		const error = this.#state === 'contacting' ? this.#contact.handleTimeout(now) : undefined;
		if (error !== undefined) this.#fail(error);
	}

	recycle(): void {
		this.#buffer.recycle();
	}

	pollTransmit(now: Micros): Transmit | undefined {
		if (this.#state === 'open') return this.#session?.pollTransmit(now);
		if (this.#state !== 'contacting') return undefined;
		const data = this.#contact.pollHello(now);
		return data && {data, to: this.#options.peer};
	}

	pollTimeout(): Micros {
		if (this.#state === 'open') return this.#session?.pollTimeout() ?? never;
		return this.#state === 'contacting' ? this.#contact.pollTimeout() : never;
	}

	#handle(data: Uint8Array, from: Address, now: Micros): DropReason | undefined {
		if (this.#state === 'over') return 'stranger';
		if (data.length < 6) return 'short';
		const first = data[0]!;
		if ((first & 0xfe) === firstOctet.plain) return this.#handlePlain(data, from, now);
		if ((first & 0xfe) === firstOctet.salt) return this.#handleSalt(data, from, now);
		if (from !== this.#options.peer) return 'stranger';
		if (first === firstOctet.versionList && this.#state === 'contacting') {
			return this.#contact.handleVersionList(data, now);
		}
		if (first !== protocolVersion) return 'unknown';
		const reply = decodeReply(data);
		if (reply === undefined) return 'malformed';
		const {connection} = reply;
		if (reply.type === 'more') return this.#handleMore(data, connection, reply.index);
		const attempt = this.#attemptOf(connection);
		if (attempt === undefined) return 'stranger';
		if (reply.type === 'answer') return this.#handleAnswer(attempt, reply.noise, now);
		if (reply.type === 'token') return attempt.accept(reply.token, now) ? undefined : 'malformed';
		this.#contact.handleNotice(attempt, reply.code, now);
		return undefined;
	}

	#handlePlain(data: Uint8Array, from: Address, now: Micros): DropReason | undefined {
		if (this.#state !== 'open' || !this.#session?.confirmed) return 'stranger';
		if (data.length < plainHeaderSize) return 'short';
		if (readU32(data, 1) !== this.#connection) return 'stranger';
		return this.#session.handlePacket(data, plainHeaderSize, data[0]! & 1, from, now);
	}

	/** The salt is in clear: what opens under it has proved it, and from then on it is the one. */
	#handleSalt(data: Uint8Array, from: Address, now: Micros): DropReason | undefined {
		const session = this.#session;
		if (this.#state !== 'open' || session === undefined) return 'stranger';
		if (data.length < saltHeaderSize) return 'short';
		if (readU32(data, 1) !== this.#connection) return 'stranger';
		const salt = new Uint8Array(data.subarray(9, 9 + saltSize));
		if (this.#salt === undefined) {
			this.#keys!.startOpening(responderSecret(this.#crypto, this.#k2!, salt));
		}
		const peerConnection = readU32(data, 5);
		const reason = session.handlePacket(data, saltHeaderSize, data[0]! & 1, from, now);
		if (reason === undefined && this.#salt === undefined) {
			this.#salt = salt;
			session.confirm(plainPrefix(peerConnection));
		}
		return reason;
	}

	#handleAnswer(attempt: Attempt, noise: Uint8Array, now: Micros): DropReason | undefined {
		const handshake = attempt.handshake.fork();
		const payload = handshake.read(noise);
		if (payload === undefined) return 'unreadable';
		const answer = parseAnswer(payload);
		let host = attempt.known;
		if (host === undefined) {
			// Nothing is proved yet: anyone can have sealed this.
			if (answer?.delegation === undefined) return 'malformed';
			const proof = provenHost(this.#crypto, {
				pinned: this.#options.identity,
				rotations: answer.rotations,
				delegation: answer.delegation,
				hostKey: handshake.remoteStatic!,
				module: this.#options.module,
				wallMs: this.#options.wallMs(),
			});
			if (typeof proof === 'string') {
				this.#contact.suspect('PEER_AUTH_FAILED', proof, now);
				return 'unreadable';
			}
			host = proof;
		}
		if (answer !== undefined && host.delegation.role === delegationRole.relay) {
			const relay = this.#provenRelay(attempt, host, answer, now);
			if (relay === undefined) return 'unreadable';
			host = relay;
		}
		this.#connection = attempt.connection;
		this.#moreKept = this.#moreKept.filter(each => each.connection === attempt.connection);
		if (answer === undefined) this.#fail('PEER_FRAME_INVALID', 'the answer is malformed');
		else this.#handleProven(attempt, handshake, answer, host, now);
		return undefined;
	}

	/**
	 * Anyone can be a relay: until a statement of the identity shows what it is a relay of, nothing
	 * is proved. A refusal needs no proof, as whoever can give it could as well be silent; nothing is
	 * shown because of it.
	 */
	#provenRelay(
		attempt: Attempt,
		host: KnownHost,
		{said}: AnswerPayload,
		now: Micros,
	): KnownHost | undefined {
		if ('code' in said) return host;
		const head = openHead(this.#crypto, said.statement);
		const relay = head && relayOf(this.#crypto, host, head);
		if (relay !== undefined) return relay;
		// Its source may have another key by now, and the proof of that is in an answer to NX.
		if (attempt.known !== undefined) this.#contact.askAnew(attempt, now);
		else this.#contact.suspect('PEER_AUTH_FAILED', 'the host is a relay of another source', now);
		return undefined;
	}

	/** From here on the peer has proved who it is: what is wrong now is wrong for good. */
	#handleProven(
		attempt: Attempt,
		handshake: Handshake,
		answer: AnswerPayload,
		host: KnownHost,
		now: Micros,
	): void {
		const {module} = this.#options;
		const {said} = answer;
		if ('code' in said) {
			const isHidden = attempt.pattern === 'NX' && this.#contact.mayShowKey(host);
			if (said.code === refusalCode.accessDenied && isHidden) {
				this.#contact.startKnown(host, attempt.version, now);
			} else {
				this.#state = 'over';
				this.#events.push({type: 'refused', ...said});
			}
			return;
		}
		const head = openHead(this.#crypto, said.statement);
		if (head === undefined || !same(head.identity, host.identity!)) {
			this.#fail('PEER_AUTH_FAILED', 'the statement is not signed by the identity');
			return;
		}
		if (!same(head.module, module)) {
			this.#fail('PEER_AUTH_FAILED', 'the statement is for another module');
			return;
		}
		if (said.ticket.length > ticketSizeMax) {
			this.#fail('PEER_FRAME_INVALID', 'the ticket is too large');
			return;
		}
		this.#prepare(attempt, handshake, said, now);
		this.#events.push({
			type: 'answered',
			head,
			statement: said.statement,
			diffs: said.diffs,
			early: answer.early,
			delegation: host.statement,
			identity: head.identity,
			rotations: host.rotations,
			webTransport: said.webTransport,
			roundTrip: attempt.roundTrip(now),
		});
		for (const {data, connection, index} of this.#moreKept) {
			const reason = this.#handleMore(data, connection, index);
			if (reason !== undefined) this.dropped[reason]++;
		}
		this.#moreKept = [];
	}

	/** Makes the session, which stays silent until a payload is attached. */
	#prepare(attempt: Attempt, handshake: Handshake, said: Granted, now: Micros): void {
		const crypto = this.#crypto;
		const keys = handshake.split();
		const suite = attempt.suite;
		const {updateAfter, contactTimeout, idleTimeout} = this.#options;
		this.#state = 'answered';
		this.#answeredAt = now;
		this.#k2 = keys.k2;
		this.#earlyKey = earlyKey(crypto, suite, keys.k2);
		this.#keys = new PacketKeys({
			crypto,
			suite,
			sendSecret: initiatorSecret(crypto, keys.k1),
			...(updateAfter === undefined ? {} : {updateAfter}),
		});
		this.#session = new Session({
			crypto,
			now,
			keys: this.#keys,
			path: new PathAllowance(this.#options.peer, true),
			prefix: ticketPrefix(said.ticket),
			buffer: this.#buffer,
			sizes: this.#options.sizes,
			idleTimeout: idleTimeout ?? idleTimeoutDefault,
			confirmTimeout: contactTimeout ?? contactTimeoutDefault,
			onEnd: end => this.#ended(end),
		});
	}

	#handleMore(data: Uint8Array, connection: number, index: number): DropReason | undefined {
		if (this.#earlyKey === undefined) {
			if (this.#attemptOf(connection) === undefined) return 'stranger';
			if (this.#moreKept.length >= moreMax) return 'full';
			this.#moreKept.push({data, connection, index});
			return undefined;
		}
		if (connection !== this.#connection || index >= moreMax) return 'stranger';
		if ((this.#moreSeen & (1 << index)) !== 0) return 'replayed';
		const early = openMore(this.#earlyKey, data, index);
		if (early === undefined) return 'forged';
		this.#moreSeen |= 1 << index;
		this.#events.push({type: 'early', early});
		return undefined;
	}

	#ended({by, code, text}: SessionEnd): void {
		if (by === 'peer') this.#events.push({type: 'closed', code, text});
		else if (by === 'idle') this.#fail('SESSION_IDLE', `silence from ${this.#options.peer}`);
		else if (by === 'silent') this.#fail('PATH_SILENT', `${this.#options.peer} is silent again`);
		else if (by === 'limit') this.#fail('SESSION_CLOSED', text);
		else if (by === 'malformed') {
			if (code === closeCode.idle) {
				this.#fail('SOURCE_STALLED', `${this.#options.peer} answers and sends nothing more`);
				return;
			}
			const lied = code === closeCode.forgedReceipt;
			this.#fail(lied ? 'PEER_MISBEHAVED' : 'PEER_FRAME_INVALID', `what the peer sent is ${text}`);
		}
	}

	#fail(error: ShoalError): void;
	#fail(code: ErrorCode, text: string): void;
	#fail(why: ShoalError | ErrorCode, text = ''): void {
		const error = typeof why === 'string' ? new ShoalError(why, text) : why;
		this.#events.push({type: 'failed', error});
		if (this.#state !== 'open') this.#state = 'over';
	}

	#attemptOf(connection: number): Attempt | undefined {
		if (this.#state !== 'contacting') return undefined;
		return this.#contact.attemptOf(connection);
	}
}

const idleTimeoutDefault = millis(60_000);
/** `more` datagrams of one answer: the ×3 bound of a hello lets through two. */
const moreMax = 8;
