/**
 * Getting an answer at all: which hello goes out when, and what is done about those who answer
 * something else. Nothing that comes here is proved, so nothing ends the contact but time: the
 * worst that a stranger can say improves the message of the time-out, or, said three times, brings
 * it forward to a moment from now.
 */
import {type ErrorCode, ShoalError} from '../error.ts';
import type {Crypto} from '../platform/crypto.ts';
import type {Address} from '../platform/datagram.ts';
import {earlier, later, type Micros, millis} from '../unit.ts';
import {Attempt} from './attempt.ts';
import type {DropReason} from './drop.ts';
import {decodeVersionList, noticeCode, protocolVersion, type SuiteName} from './handshake.ts';
import type {Pattern} from './noise.ts';
import {type KnownHost, provenHost} from './proof.ts';
import {delegationRole, openDelegation} from './statement.ts';

export type ContactOptions = {
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
};

export class Contact {
	readonly #options: ContactOptions;
	readonly #versions: readonly number[];
	/** The newest last; an answer to the one before it is still good. */
	#attempts: readonly Attempt[] = [];
	#startCount = 0;
	#deadline: Micros;
	/** What to say when the deadline comes, if more than silence is known. */
	#suspicion: {readonly code: ErrorCode; readonly text: string} | undefined;
	#suspicionCount = 0;

	constructor(options: ContactOptions) {
		this.#options = options;
		this.#versions = options.versions ?? [protocolVersion];
		this.#deadline = later(options.now, options.contactTimeout ?? contactTimeoutDefault);
		const version = this.#versions[0] ?? protocolVersion;
		const known = this.#keptHost();
		if (known === undefined) this.#start('NX', undefined, version, options.now);
		else this.startKnown(known, version, options.now);
	}

	attemptOf(connection: number): Attempt | undefined {
		return this.#attempts.find(attempt => attempt.connection === connection);
	}

	/** The hello that is due. */
	pollHello(now: Micros): Uint8Array | undefined {
		return this.#newest.dueAt > now ? undefined : this.#newest.take(now);
	}

	/** Why the contact has failed, if its time is over. */
	handleTimeout(now: Micros): ShoalError | undefined {
		if (now >= this.#deadline) {
			const {now: startedAt, peer} = this.#options;
			const seconds = Math.round((now - startedAt) / 1e6);
			const text = `no answer from ${peer} in ${seconds} s`;
			const {code, text: said} = this.#suspicion ?? {code: 'PATH_SILENT', text};
			return new ShoalError(code, said);
		}
		const {dueAt, sentCount, known, version} = this.#newest;
		// A host that has changed its key may be silent about it.
		if (dueAt <= now && sentCount >= knownTries && known !== undefined) {
			this.#start('NX', undefined, version, now);
		}
		return undefined;
	}

	pollTimeout(): Micros {
		return earlier(this.#deadline, this.#newest.dueAt);
	}

	handleVersionList(data: Uint8Array, now: Micros): DropReason | undefined {
		const list = decodeVersionList(data);
		if (list === undefined) return 'malformed';
		const attempt = this.attemptOf(list.connection);
		// A list that has what was asked is not an answer to it.
		if (attempt === undefined || list.versions.includes(attempt.version)) return 'stranger';
		const common = this.#versions.find(version => list.versions.includes(version));
		if (common === undefined) {
			const text = `this side speaks ${this.#versions}, the other ${list.versions}`;
			this.suspect('PEER_VERSION_UNKNOWN', `no common version: ${text}`, now);
		} else if (this.#attempts.every(each => each.version !== common)) {
			this.#start(attempt.pattern, attempt.known, common, now);
		}
		return undefined;
	}

	handleNotice(attempt: Attempt, code: number, now: Micros): void {
		const known = attempt.known !== undefined && this.#startCount < startsMax;
		if (code === noticeCode.unreadable && known) {
			this.askAnew(attempt, now);
		} else if (code === noticeCode.otherIdentity) {
			this.suspect('PEER_AUTH_FAILED', 'the source has another identity', now);
		} else {
			this.suspect('PEER_AUTH_FAILED', 'the source cannot read what was asked', now);
		}
	}

	/** Asks anew, and has everything proved: what is known of the host leads nowhere. */
	askAnew(attempt: Attempt, now: Micros): void {
		if (attempt !== this.#newest || this.#startCount >= startsMax) return;
		this.#start('NX', undefined, attempt.version, now);
	}

	/** Unproved, and once may be an accident: asks again soon, and believes what is repeated. */
	suspect(code: ErrorCode, text: string, now: Micros): void {
		this.#suspicion = {code, text};
		this.#newest.hurry(now);
		if (++this.#suspicionCount < suspicionsEnough) return;
		this.#deadline = earlier(this.#deadline, later(now, suspicionTime));
	}

	/**
	 * Who this side is, is for the pinned identity and its own hosts to know: anyone can say to be a
	 * relay, and an identity that nobody has pinned is anyone's, too.
	 */
	mayShowKey({identity, delegation}: KnownHost): boolean {
		const {key, identity: pinned} = this.#options;
		const isProven = pinned !== undefined && identity !== undefined;
		return key !== undefined && isProven && delegation.role === delegationRole.source;
	}

	/** Asks again, hidden, and under this side's key if that may be shown. */
	startKnown(known: KnownHost, version: number, now: Micros): void {
		this.#start(this.mayShowKey(known) ? 'IK' : 'NK', known, version, now);
	}

	get #newest(): Attempt {
		return this.#attempts.at(-1)!;
	}

	/** The host whose delegation was kept, if that is still good and of the pinned identity. */
	#keptHost(): KnownHost | undefined {
		const {crypto, delegation, identity, module, wallMs} = this.#options;
		if (delegation === undefined || identity === undefined) return undefined;
		const hostKey = openDelegation(crypto, delegation)?.host;
		if (hostKey === undefined) return undefined;
		const proof = {pinned: identity, rotations: [], delegation, hostKey, module};
		const host = provenHost(crypto, {...proof, wallMs: wallMs()});
		return typeof host === 'string' ? undefined : host;
	}

	#start(pattern: Pattern, known: KnownHost | undefined, version: number, now: Micros): void {
		const {crypto, suite, identity, key, module, sequence} = this.#options;
		const attempt = new Attempt({
			crypto,
			pattern,
			known,
			version,
			versions: this.#versions,
			suite: suite ?? crypto.preferred,
			identity: identity ?? known?.identity,
			key,
			module,
			sequence,
			now,
		});
		this.#startCount++;
		if (attempt.usable) this.#attempts = [...this.#attempts.slice(-1), attempt];
		else this.#start('NX', undefined, version, now);
	}
}

export const contactTimeoutDefault = millis(30_000);
/** Hellos under a kept delegation that may stay unanswered. */
const knownTries = 3;
/** Times that a notice may make it start again. */
const startsMax = 5;
const suspicionsEnough = 3;
/** How long the truth may be behind a lie. */
const suspicionTime = millis(1500);
