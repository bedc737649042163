/**
 * The side that is dialled: answers polls from memory without keeping anything, and makes a
 * session when a ticket comes back. Until then whoever dials costs this side no memory; until it
 * has a valid mac1, no public-key work; above a rate, none before it has proved its address.
 */
import {assert} from '../assert.ts';
import {datagramSizeInitial} from '../limit.ts';
import type {Crypto} from '../platform/crypto.ts';
import type {Address, DatagramSizes, Transmit} from '../platform/datagram.ts';
import {earlier, type Micros, millis} from '../unit.ts';
import {AddressTokens} from './address-token.ts';
import type {Authority, Host} from './authority.ts';
import {type DropCounts, type DropReason, noDrops} from './drop.ts';
import type {Endpoint} from './endpoint.ts';
import {
	decodeHello,
	encodeNotice,
	encodeToken,
	encodeVersionList,
	firstOctet,
	type Hello,
	handshakeType,
	hasMac1,
	helloSizeMax,
	macKeyOf,
	noticeCode,
	protocolVersion,
} from './handshake.ts';
import {PacketBuffer} from './packet-buffer.ts';
import {plainHeaderSize, plainPrefix, readU32, saltPrefix} from './packet-header.ts';
import {initiatorSecret, PacketKeys, responderSecret, saltSize} from './packet-keys.ts';
import {PathAllowance} from './path-allowance.ts';
import {closeCode} from './payload.ts';
import {RateLimit} from './rate-limit.ts';
import {reply} from './reply.ts';
import {Session} from './session.ts';
import {type OnDefect, SessionTable} from './session-table.ts';
import {openRotation, same} from './statement.ts';
import {type Ticket, TicketBox, type TicketUse} from './ticket.ts';

export {
	type Answer,
	type Ask,
	type Authority,
	type Host,
	type Refusal,
	refusalCode,
} from './authority.ts';

export type ResponderOptions = {
	readonly crypto: Crypto;
	readonly now: Micros;
	/** The first answers hellos that name no identity. */
	readonly hosts: readonly Host[];
	readonly authority: Authority;
	/** Sessions at a time. */
	readonly sessionsMax?: number;
	/** Microseconds without a packet of the peer until a session is forgotten. */
	readonly idleTimeout?: number;
	/** Packets sealed under one key before it is changed. */
	readonly updateAfter?: number;
	/**
	 * Told of a bug that ended one session, and of the first that datagrams of no session have met;
	 * without it, a bug passes and ends everything.
	 */
	readonly onDefect?: OnDefect;
	/** How large datagrams may become; absent: they stay at the initial size. */
	readonly sizes?: DatagramSizes;
};

export class Responder implements Endpoint {
	readonly #options: ResponderOptions;
	readonly #crypto: Crypto;
	/** Whose hellos are read: every host by its identity and its former ones. */
	#names: readonly {readonly host: Host; readonly macKey: Uint8Array}[] = [];
	readonly #noMacKey: Uint8Array;
	readonly #tokens: AddressTokens;
	readonly #tickets: TicketBox;
	readonly #sessions: SessionTable;
	readonly #buffer = new PacketBuffer();
	/** Answers to hellos: the rest goes through the sessions' turns. */
	readonly #replies: Transmit[] = [];
	readonly #looks: RateLimit;
	readonly #untokenedHellos: RateLimit;
	/** The same while there are sessions, whose work goes first. */
	readonly #hellosBeside: RateLimit;
	readonly #hellos: RateLimit;
	readonly #notices: RateLimit;
	readonly #lists: RateLimit;
	readonly #refusals: RateLimit;
	/** What was dropped, by reason. */
	readonly dropped: DropCounts = noDrops();
	/** Hellos answered, and sessions made. */
	readonly counts = {answered: 0, refused: 0, sessions: 0};

	constructor(options: ResponderOptions) {
		const {crypto, now, hosts} = options;
		this.#options = options;
		this.#crypto = crypto;
		this.answerFor(hosts);
		this.#noMacKey = macKeyOf(crypto, undefined);
		this.#sessions = new SessionTable(options.onDefect);
		this.#tokens = new AddressTokens(crypto);
		this.#tickets = new TicketBox(crypto);
		this.#looks = new RateLimit(looksPerSecond, now);
		this.#hellosBeside = new RateLimit(hellosBesidePerSecond, now);
		this.#untokenedHellos = new RateLimit(untokenedHellosPerSecond, now);
		this.#hellos = new RateLimit(hellosPerSecond, now);
		this.#notices = new RateLimit(noticesPerSecond, now);
		this.#lists = new RateLimit(listsPerSecond, now);
		this.#refusals = new RateLimit(refusalsPerSecond, now);
	}

	/** Sessions that are open. */
	get sessionCount(): number {
		return this.#sessions.openCount;
	}

	/** Hosts whose hellos are answered from now on; sessions go on as they are. */
	answerFor(hosts: readonly Host[]): void {
		assert(hosts.length > 0, 'somebody to answer for');
		this.#names = hosts.flatMap(host =>
			namesOf(this.#crypto, host).map(name => ({host, macKey: macKeyOf(this.#crypto, name)})),
		);
	}

	/** Ends every session: tells the peers why, this side being about to go unless said otherwise. */
	closeAll(text = 'shutting down'): void {
		this.#sessions.closeAll(closeCode.shuttingDown, text);
	}

	handleDatagram(data: Uint8Array, from: Address, now: Micros): void {
		const reason = this.#handleWalled(data, from, now);
		if (reason !== undefined) this.dropped[reason]++;
	}

	handleTimeout(now: Micros): void {
		this.#tickets.handleTimeout(now);
		this.#sessions.handleTimeout(now);
	}

	pollTransmit(now: Micros): Transmit | undefined {
		return this.#replies.shift() ?? this.#sessions.pollTransmit(now);
	}

	/** A refusal that waits among the replies lies in the buffer, too. */
	recycle(): void {
		if (this.#replies.length === 0) this.#buffer.recycle();
	}

	pollTimeout(): Micros {
		return earlier(this.#tickets.pollTimeout(), this.#sessions.pollTimeout());
	}

	/** A bug that a stranger can reach costs that datagram; told once, as it can be had again. */
	#handleWalled(data: Uint8Array, from: Address, now: Micros): DropReason | undefined {
		try {
			return this.#handle(data, from, now);
		} catch (error) {
			if (this.#options.onDefect === undefined) throw error;
			if (this.dropped.defect === 0) this.#options.onDefect(from, error, 'datagram');
			return 'defect';
		}
	}

	#handle(data: Uint8Array, from: Address, now: Micros): DropReason | undefined {
		const first = data[0];
		if (first === undefined) return 'short';
		if ((first & 0xfe) === firstOctet.plain) return this.#handlePlain(data, from, now);
		if (first === firstOctet.ticket) return this.#handleTicket(data, from, now);
		if (first === protocolVersion) {
			if (data[1] !== handshakeType.hello) return 'unknown';
			return this.#handleHello(data, from, now);
		}
		if (data.length < datagramSizeInitial || first >= firstOctet.plain) return 'unknown';
		if (this.#lists.take(now)) {
			this.#reply(encodeVersionList(data, [protocolVersion]), this.#stranger(data, from));
		}
		return 'unknown';
	}

	#handlePlain(data: Uint8Array, from: Address, now: Micros): DropReason | undefined {
		if (data.length < plainHeaderSize) return 'short';
		const connection = readU32(data, 1);
		const session = this.#sessions.get(connection);
		if (session === undefined) return 'stranger';
		const reason = this.#deliver(session, data, plainHeaderSize, data[0]! & 1, from, now);
		// Who names this side's connection id has read it, and the salt with it.
		if (reason === undefined && !session.confirmed) session.confirm();
		return reason;
	}

	/** What one session throws ends that one. */
	#deliver(
		session: Session,
		data: Uint8Array,
		headerSize: number,
		phase: number,
		from: Address,
		now: Micros,
	): DropReason | undefined {
		try {
			return session.handlePacket(data, headerSize, phase, from, now);
		} catch (error) {
			this.#sessions.abandon(session, error);
			return undefined;
		}
	}

	#handleHello(data: Uint8Array, from: Address, now: Micros): DropReason | undefined {
		if (data.length < datagramSizeInitial) return 'short';
		if (data.length > helloSizeMax) return 'malformed';
		if (!this.#looks.take(now)) return 'full';
		const crypto = this.#crypto;
		const path = this.#stranger(data, from);
		const named = this.#names.find(name => hasMac1(crypto, name.macKey, data));
		if (named === undefined && !hasMac1(crypto, this.#noMacKey, data)) {
			const hello = decodeHello(data);
			if (hello === undefined) return 'malformed';
			this.#notice(hello, noticeCode.otherIdentity, path, now);
			return 'mac';
		}
		const hello = decodeHello(data);
		if (hello === undefined) return 'malformed';
		const proved = this.#tokens.accepts(hello.token, from, now);
		const unproved = this.sessionCount > 0 ? this.#hellosBeside : this.#untokenedHellos;
		if (!proved && (named === undefined || !unproved.take(now))) {
			this.#reply(encodeToken(hello.connection, this.#tokens.make(from, now)), path);
			return 'token';
		}
		if (!this.#hellos.take(now)) return 'full';
		return this.#answer(hello, named?.host ?? this.#names[0]!.host, path, now);
	}

	#answer(hello: Hello, host: Host, path: PathAllowance, now: Micros): DropReason | undefined {
		if (this.#replies.length >= repliesMax) return 'full';
		const {authority} = this.#options;
		const tickets = this.#tickets;
		const answer = reply({crypto: this.#crypto, authority, tickets, hello, host, path, now});
		if (typeof answer === 'string') {
			if (answer === 'unreadable') this.#notice(hello, noticeCode.unreadable, path, now);
			return answer;
		}
		if (answer.refused) this.counts.refused++;
		else this.counts.answered++;
		for (const data of answer.datagrams) this.#replies.push({data, to: path.address});
		return undefined;
	}

	/** Whoever sent `data`, of whom nothing is known: what may be sent back. */
	#stranger(data: Uint8Array, from: Address): PathAllowance {
		const path = new PathAllowance(from, false);
		path.received(data.length);
		return path;
	}

	/** Says in clear why a hello is not read. */
	#notice(hello: Hello, code: number, path: PathAllowance, now: Micros): void {
		if (this.#notices.take(now)) this.#reply(encodeNotice(hello.connection, code), path);
	}

	/** Answers in clear. */
	#reply(data: Uint8Array, path: PathAllowance): void {
		if (this.#replies.length >= repliesMax || !path.take(data.length)) return;
		this.#replies.push({data, to: path.address});
	}

	#handleTicket(data: Uint8Array, from: Address, now: Micros): DropReason | undefined {
		if (data.length < 3) return 'short';
		const size = (data[1]! << 8) | data[2]!;
		const headerSize = 3 + size + 4;
		if (data.length < headerSize) return 'short';
		const sealed = data.subarray(3, 3 + size);
		const use = this.#tickets.find(sealed, now);
		if (use === undefined) return 'ticket';
		if (use.session !== undefined) {
			const session = this.#sessions.get(use.session);
			if (session === undefined) return 'stranger';
			return this.#deliver(session, data, headerSize, 0, from, now);
		}
		const ticket = this.#tickets.open(sealed, now);
		if (ticket === undefined) return 'ticket';
		return this.#redeem(ticket, use, data, headerSize, from, now);
	}

	/** The first packet of a ticket: it makes the session only if it is authentic itself. */
	#redeem(
		ticket: Ticket,
		use: TicketUse,
		data: Uint8Array,
		headerSize: number,
		from: Address,
		now: Micros,
	): DropReason | undefined {
		// Whoever can copy a ticket can make it be tried: the work is bounded like that of hellos.
		if (!this.#hellos.take(now)) return 'full';
		const full = this.#sessions.size >= (this.#options.sessionsMax ?? sessionsMaxDefault);
		if (full && !this.#refusals.take(now)) return 'full';
		const connection = this.#freeConnection();
		const session = this.#makeSession(ticket, connection, full, from, now);
		const reason = this.#deliver(session, data, headerSize, 0, from, now);
		if (reason !== undefined) return reason;
		if (full) {
			// Told so under a salt of its own, and forgotten.
			const refusal = session.pollTransmit(now);
			if (refusal !== undefined) this.#replies.push(refusal);
			return 'full';
		}
		this.#tickets.redeem(use, connection);
		this.#sessions.add(connection, session);
		this.counts.sessions++;
		return undefined;
	}

	#makeSession(
		ticket: Ticket,
		connection: number,
		full: boolean,
		from: Address,
		now: Micros,
	): Session {
		const crypto = this.#crypto;
		const {authority, updateAfter, idleTimeout} = this.#options;
		const salt = new Uint8Array(saltSize);
		crypto.random(salt);
		// The closures keep these, but not the ticket: its keys are done with.
		const {addressHash, context} = ticket;
		const isHome = (address: Address) => same(this.#tickets.addressHash(address), addressHash);
		const session: Session = new Session({
			crypto,
			now,
			keys: new PacketKeys({
				crypto,
				suite: ticket.suite,
				sendSecret: responderSecret(crypto, ticket.keys.k2, salt),
				openSecret: initiatorSecret(crypto, ticket.keys.k1),
				...(updateAfter === undefined ? {} : {updateAfter}),
			}),
			path: new PathAllowance(from, isHome(from)),
			prefix: saltPrefix(ticket.connection, connection, salt),
			buffer: this.#buffer,
			idleTimeout: idleTimeout ?? idleTimeoutDefault,
			plainPrefix: plainPrefix(ticket.connection),
			isHome,
			sizes: this.#options.sizes,
			accept: () => (full ? undefined : authority.open(context, session)),
			onWake: () => this.#sessions.wake(session),
			onEnd: () => this.#sessions.noteEnd(session),
		});
		return session;
	}

	#freeConnection(): number {
		const octets = new Uint8Array(4);
		for (;;) {
			this.#crypto.random(octets);
			const connection = readU32(octets, 0);
			if (!this.#sessions.has(connection)) return connection;
		}
	}
}

/** The identity of a host, and those that it has succeeded. */
function namesOf(crypto: Crypto, host: Host): Uint8Array[] {
	const former = (host.rotations ?? []).map(statement => openRotation(crypto, statement)?.from);
	return [host.identity, ...former.filter(name => name !== undefined)];
}

/** A hello costs about 200 us, most of it public-key work: less than half a core for strangers. */
const untokenedHellosPerSecond = 2000;
/** A twelfth of a core: who then has to prove an address pays a round trip, and no session does. */
const hellosBesidePerSecond = 250;
/** Hellos of which mac1 is looked at: 4 us each, and 4 more for a token; the rest is dropped. */
const looksPerSecond = 10_000;
/** Whoever asks: sessions go on meanwhile. */
const hellosPerSecond = 3000;
const noticesPerSecond = 10;
const listsPerSecond = 100;
/** Tickets that find no room and are told so. */
const refusalsPerSecond = 100;
/** Datagrams that wait for the link: a link that stands still collects no more. */
const repliesMax = 1024;
/** A session is 17 KB with a source's payload (test/unit/source/thousand-sessions.test.ts). */
const sessionsMaxDefault = 10_000;
const idleTimeoutDefault = millis(60_000);
