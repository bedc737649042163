/**
 * The side that dials: asks for the newest statement in its first datagram, and goes on with the
 * session that the answer's ticket holds if a payload is attached. Nothing that arrives before the
 * answer is proved can end it: the worst that a stranger can say improves the message of a
 * time-out, or brings it forward to a few seconds from now.
 */
import {assert} from '../assert.ts';
import {type ErrorCode, ShoalError} from '../error.ts';
import type {Crypto} from '../platform/crypto.ts';
import type {Address, Transmit} from '../platform/datagram.ts';
import {earlier, later, type Micros, millis, never} from '../unit.ts';
import {
	type AnswerPayload,
	type Diff,
	type EarlyBlock,
	earlyKey,
	type Granted,
	openMore,
	parseAnswer,
} from './answer.ts';
import {Attempt} from './attempt.ts';
import {refusalCode} from './authority.ts';
import {type DropCounts, type DropReason, noDrops} from './drop.ts';
import type {Endpoint} from './endpoint.ts';
import {
	decodeReply,
	decodeVersionList,
	firstOctet,
	noticeCode,
	protocolVersion,
	type SuiteName,
} from './handshake.ts';
import type {Handshake, Pattern} from './noise.ts';
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
import {provenIdentity} from './proof.ts';
import {Session, type SessionEnd} from './session.ts';
import {type Delegation, type Head, openDelegation, openHead, same} from './statement.ts';
import {ticketSizeMax} from './ticket.ts';

export type {Diff, EarlyBlock} from './answer.ts';
export type {SuiteName} from './handshake.ts';

export type InitiatorOptions = {
	readonly crypto: Crypto;
	readonly now: Micros;
	/** Unix milliseconds: judges the expiry of delegations. */
	readonly wallMs: () => number;
	readonly peer: Address;
	/** The identity that the answer must prove. None: the event carries the one that it proved. */
	readonly identity?: Uint8Array;
	/** A delegation kept from an earlier answer: saves showing the module's name to the path. */
	readonly delegation?: Uint8Array;
	/** X25519 secret that authenticates this side. */
	readonly key?: Uint8Array;
	readonly module: Uint8Array;
	/** Sequence of the newest statement known; 0: none. */
	readonly sequence: number;
	readonly suite?: SuiteName;
	/** Versions of the protocol that may be spoken, the first one first. */
	readonly versions?: readonly number[];
	/** Microseconds without an answer until PATH_SILENT. */
	readonly contactTimeout?: number;
	/** Microseconds without a packet of the peer until SESSION_IDLE. */
	readonly idleTimeout?: number;
	/** Packets sealed under one key before it is changed. */
	readonly updateAfter?: number;
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
	readonly #versions: readonly number[];
	readonly #events: InitiatorEvent[] = [];
	readonly #buffer = new PacketBuffer();
	/** What was dropped, by reason. */
	readonly dropped: DropCounts = noDrops();

	#state: 'contacting' | 'answered' | 'open' | 'over' = 'contacting';
	/** The newest last; an answer to the one before it is still good. */
	#attempts: readonly Attempt[] = [];
	#startCount = 0;
	#deadline: Micros;
	/** What to say when the deadline comes, if more than silence is known. */
	#suspicion: {readonly code: ErrorCode; readonly text: string} | undefined;
	#suspicionCount = 0;

	/** This side's id, of the answered attempt. */
	#connection = 0;
	#keys: PacketKeys | undefined;
	#k2: Uint8Array | undefined;
	#salt: Uint8Array | undefined;
	#session: Session | undefined;
	#earlyKey: PacketKey | undefined;
	#moreSeen = 0;
	/** `more` that overtook its answer. */
	#moreKept: {readonly data: Uint8Array; readonly connection: number; readonly index: number}[] =
		[];

	constructor(options: InitiatorOptions) {
		this.#options = options;
		this.#crypto = options.crypto;
		this.#versions = options.versions ?? [protocolVersion];
		this.#deadline = later(options.now, options.contactTimeout ?? contactTimeoutDefault);
		const known = this.#knownDelegation();
		if (known === undefined) this.#start('NX', undefined, this.#versions[0]!);
		else this.#startKnown(known, this.#versions[0]!);
	}

	/** The session, from the event `answered` on. */
	get session(): SessionHandle | undefined {
		return this.#session;
	}

	/** What happened, oldest first; drain after every `handle*`. */
	pollEvent(): InitiatorEvent | undefined {
		return this.#events.shift();
	}

	/** Goes on with the session of the answer, after the event `answered`. */
	attach(payload: Payload, now: Micros): void {
		assert(this.#state === 'answered' && this.#session !== undefined, 'nothing was answered');
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

	handleTimeout(now: Micros): void {
		if (this.#state === 'open') {
			this.#session?.handleTimeout(now);
			return;
		}
		if (this.#state !== 'contacting') return;
		if (now >= this.#deadline) {
			const silence = {code: 'PATH_SILENT', text: `no answer from ${this.#options.peer}`} as const;
			const {code, text} = this.#suspicion ?? silence;
			this.#fail(code, text);
			return;
		}
		const newest = this.#attempts.at(-1)!;
		// A host that has changed its key may be silent about it.
		if (newest.dueAt <= now && newest.sentCount >= knownTries && newest.delegation !== undefined) {
			this.#start('NX', undefined, newest.version, now);
		}
	}

	pollTransmit(now: Micros): Transmit | undefined {
		if (this.#state === 'open') return this.#session?.pollTransmit(now);
		if (this.#state !== 'contacting') return undefined;
		const newest = this.#attempts.at(-1)!;
		if (newest.dueAt > now) return undefined;
		return {data: newest.take(now), to: this.#options.peer};
	}

	pollTimeout(): Micros {
		if (this.#state === 'open') return this.#session?.pollTimeout() ?? never;
		if (this.#state !== 'contacting') return never;
		return earlier(this.#deadline, this.#attempts.at(-1)!.dueAt);
	}

	#handle(data: Uint8Array, from: Address, now: Micros): DropReason | undefined {
		if (this.#state === 'over') return 'stranger';
		if (data.length < 6) return 'short';
		const first = data[0]!;
		if ((first & 0xfe) === firstOctet.plain) return this.#handlePlain(data, from, now);
		if ((first & 0xfe) === firstOctet.salt) return this.#handleSalt(data, from, now);
		if (from !== this.#options.peer) return 'stranger';
		if (first === firstOctet.versionList) return this.#handleVersionList(data, now);
		if (first !== protocolVersion) return 'unknown';
		const reply = decodeReply(data);
		if (reply === undefined) return 'malformed';
		const {connection} = reply;
		if (reply.type === 'more') return this.#handleMore(data, connection, reply.index);
		const attempt = this.#attemptOf(connection);
		if (attempt === undefined) return 'stranger';
		if (reply.type === 'answer') return this.#handleAnswer(attempt, reply.noise, now);
		if (reply.type === 'token') return attempt.accept(reply.token, now) ? undefined : 'malformed';
		return this.#handleNotice(attempt, reply.code, now);
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

	#handleVersionList(data: Uint8Array, now: Micros): DropReason | undefined {
		const list = decodeVersionList(data);
		if (list === undefined) return 'malformed';
		const attempt = this.#attemptOf(list.connection);
		// A list that has what was asked is not an answer to it.
		if (attempt === undefined || list.versions.includes(attempt.version)) return 'stranger';
		const common = this.#versions.find(version => list.versions.includes(version));
		if (common === undefined) {
			const text = `this side speaks ${this.#versions}, the other ${list.versions}`;
			this.#suspect('PEER_VERSION_UNKNOWN', `no common version: ${text}`, now);
		} else if (this.#attempts.every(each => each.version !== common)) {
			this.#start(attempt.pattern, attempt.delegation, common, now);
		}
		return undefined;
	}

	#handleNotice(attempt: Attempt, code: number, now: Micros): DropReason | undefined {
		const known = attempt.delegation !== undefined && this.#startCount < startsMax;
		if (code === noticeCode.unreadable && known) {
			if (attempt === this.#attempts.at(-1)) this.#start('NX', undefined, attempt.version, now);
		} else if (code === noticeCode.otherIdentity) {
			this.#suspect('PEER_AUTH_FAILED', 'the source has another identity', now);
		} else {
			this.#suspect('PEER_AUTH_FAILED', 'the source cannot read what was asked', now);
		}
		return undefined;
	}

	#handleAnswer(attempt: Attempt, noise: Uint8Array, now: Micros): DropReason | undefined {
		const handshake = attempt.handshake.fork();
		const payload = handshake.read(noise);
		if (payload === undefined) return 'unreadable';
		const answer = parseAnswer(payload);
		let delegation = attempt.delegation;
		let statement = this.#options.delegation;
		if (delegation === undefined) {
			// Nothing is proved yet: anyone can have sealed this.
			if (answer?.delegation === undefined) return 'malformed';
			const proof = provenIdentity(this.#crypto, {
				pinned: this.#options.identity,
				rotations: answer.rotations,
				delegation: answer.delegation,
				hostKey: handshake.remoteStatic!,
				module: this.#options.module,
				wallMs: this.#options.wallMs(),
			});
			if (typeof proof === 'string') {
				this.#suspect('PEER_AUTH_FAILED', proof, now);
				return 'unreadable';
			}
			delegation = proof;
			statement = answer.delegation;
		}
		this.#connection = attempt.connection;
		this.#moreKept = this.#moreKept.filter(each => each.connection === attempt.connection);
		this.#handleProven(attempt, handshake, answer, {delegation, statement: statement!}, now);
		return undefined;
	}

	/** From here on the peer has proved who it is: what is wrong now is wrong for good. */
	#handleProven(
		attempt: Attempt,
		handshake: Handshake,
		answer: AnswerPayload | undefined,
		{delegation, statement}: {readonly delegation: Delegation; readonly statement: Uint8Array},
		now: Micros,
	): void {
		const {module, key} = this.#options;
		if (answer === undefined) {
			this.#fail('PEER_FRAME_INVALID', 'the answer is malformed');
			return;
		}
		const {said} = answer;
		if ('code' in said) {
			const hidden = key !== undefined && attempt.pattern === 'NX';
			if (said.code === refusalCode.accessDenied && hidden) {
				this.#startKnown(delegation, attempt.version, now);
			} else {
				this.#state = 'over';
				this.#events.push({type: 'refused', ...said});
			}
			return;
		}
		const head = openHead(this.#crypto, said.statement);
		if (head === undefined || !same(head.identity, delegation.identity)) {
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
			delegation: statement,
			identity: delegation.identity,
			rotations: answer.rotations,
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
			const lied = code === closeCode.forgedReceipt;
			this.#fail(lied ? 'PEER_MISBEHAVED' : 'PEER_FRAME_INVALID', `what the peer sent is ${text}`);
		}
	}

	#fail(code: ErrorCode, text: string): void {
		this.#events.push({type: 'failed', error: new ShoalError(code, text)});
		if (this.#state !== 'open') this.#state = 'over';
	}

	/** Unproved, and once may be an accident: asks again soon, and believes what is repeated. */
	#suspect(code: ErrorCode, text: string, now: Micros): void {
		this.#suspicion = {code, text};
		this.#attempts.at(-1)!.hurry(now);
		if (++this.#suspicionCount < suspicionsEnough) return;
		this.#deadline = earlier(this.#deadline, later(now, suspicionTime));
	}

	#attemptOf(connection: number): Attempt | undefined {
		if (this.#state !== 'contacting') return undefined;
		return this.#attempts.find(attempt => attempt.connection === connection);
	}

	/** The delegation that was kept, if it is still good and of the pinned identity. */
	#knownDelegation(): Delegation | undefined {
		const {delegation, identity, module, wallMs} = this.#options;
		if (delegation === undefined || identity === undefined) return undefined;
		const opened = openDelegation(this.#crypto, delegation);
		if (opened === undefined || !same(opened.identity, identity)) return undefined;
		const proof = {pinned: identity, rotations: [], delegation, module, wallMs: wallMs()};
		const good = provenIdentity(this.#crypto, {...proof, hostKey: opened.host});
		return typeof good === 'string' ? undefined : good;
	}

	#startKnown(delegation: Delegation, version: number, now = this.#options.now): void {
		const pattern = this.#options.key === undefined ? 'NK' : 'IK';
		this.#start(pattern, delegation, version, now);
	}

	#start(
		pattern: Pattern,
		delegation: Delegation | undefined,
		version: number,
		now = this.#options.now,
	): void {
		const attempt = new Attempt({
			crypto: this.#crypto,
			pattern,
			delegation,
			version,
			versions: this.#versions,
			suite: this.#options.suite ?? 'AESGCM',
			identity: this.#options.identity ?? delegation?.identity,
			key: this.#options.key,
			module: this.#options.module,
			sequence: this.#options.sequence,
			now,
		});
		this.#startCount++;
		if (attempt.usable) this.#attempts = [...this.#attempts.slice(-1), attempt];
		else this.#start('NX', undefined, version, now);
	}
}

const contactTimeoutDefault = millis(30_000);
const idleTimeoutDefault = millis(60_000);
/** Hellos under a kept delegation that may stay unanswered. */
const knownTries = 3;
/** Times that a notice or a refusal may make it start again. */
const startsMax = 5;
const suspicionsEnough = 3;
/** How long the truth may be behind a lie. */
const suspicionTime = millis(1500);
/** `more` datagrams of one answer: the ×3 bound of a hello lets through two. */
const moreMax = 8;
