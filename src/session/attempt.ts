/** One hello and its repeats: what is asked, under which pattern and version. */
import type {Crypto} from '../platform/crypto.ts';
import {earlier, later, type Micros} from '../unit.ts';
import {Writer} from '../wire/codec.ts';
import {encodeFrame} from '../wire/frame.ts';
import {
	encodeHello,
	type HelloParameters,
	initiatorRole,
	macKeyOf,
	prologue,
	type SuiteName,
} from './handshake.ts';
import {Handshake, type Pattern} from './noise.ts';
import {readU32} from './packet-header.ts';
import type {KnownHost} from './proof.ts';

export type AttemptOptions = {
	readonly crypto: Crypto;
	readonly pattern: Pattern;
	/** The host, where the pattern wants its key known. */
	readonly known: KnownHost | undefined;
	readonly version: number;
	readonly versions: readonly number[];
	readonly suite: SuiteName;
	/** Keys mac1. */
	readonly identity: Uint8Array | undefined;
	/** This side's X25519 secret, where the pattern wants one. */
	readonly key: Uint8Array | undefined;
	readonly module: Uint8Array;
	readonly sequence: number;
	readonly now: Micros;
};

export class Attempt {
	readonly pattern: Pattern;
	readonly known: KnownHost | undefined;
	readonly version: number;
	readonly suite: SuiteName;
	readonly connection: number;
	/** False: the host's key is a point of low order, with which there is no secret. */
	readonly usable: boolean;
	/** After message 1: read an answer with a fork of it. */
	readonly handshake: Handshake;

	readonly #crypto: Crypto;
	readonly #parameters: HelloParameters;
	readonly #macKey: Uint8Array;
	readonly #noise: Uint8Array;
	#token = new Uint8Array(0);
	#tokenCount = 0;
	#pause = pauseFirst;
	#dueAt: Micros;
	#sentAt: Micros;
	#sentCount = 0;
	/** How often what is sent now was sent. */
	#sameCount = 0;

	constructor(options: AttemptOptions) {
		const {crypto, pattern, known, version, versions, suite, key} = options;
		this.#crypto = crypto;
		this.pattern = pattern;
		this.known = known;
		this.version = version;
		this.suite = suite;
		this.#dueAt = options.now;
		this.#sentAt = options.now;
		this.connection = this.#random();
		const role = initiatorRole.receiver;
		this.#parameters = {version, suite, pattern, role, connection: this.connection, versions};
		this.#macKey = macKeyOf(crypto, options.identity);
		this.handshake = new Handshake({
			crypto,
			pattern,
			cipher: suite,
			hash: 'SHA256',
			initiator: true,
			prologue: prologue(this.#parameters),
			...(known === undefined ? {} : {remoteStatic: known.delegation.host}),
			...(pattern === 'IK' && key !== undefined
				? {static: {secret: key, public: crypto.dhPublic(key)}}
				: {}),
		});
		const noise = this.handshake.write(ask(options.module, options.sequence));
		this.usable = noise !== undefined;
		this.#noise = noise ?? new Uint8Array(0);
	}

	/** When the hello is to be sent (again). */
	get dueAt(): Micros {
		return this.#dueAt;
	}

	get sentCount(): number {
		return this.#sentCount;
	}

	/** The hello, in memory of its own. */
	take(now: Micros): Uint8Array {
		this.#sentAt = now;
		this.#sentCount++;
		this.#sameCount++;
		// RFC 8085 §3.1.1: longer each time, and never in step with others.
		const jitter = 0.75 + (0.5 * this.#random()) / 2 ** 32;
		this.#dueAt = later(now, this.#pause * jitter);
		this.#pause = Math.min(1.5 * this.#pause, pauseMax);
		const hello = {...this.#parameters, token: this.#token, noise: this.#noise};
		return encodeHello(this.#crypto, hello, this.#macKey);
	}

	/** The responder wants the address proved: the hello goes again, now. False: too often. */
	accept(token: Uint8Array, now: Micros): boolean {
		if (this.#tokenCount >= tokensMax) return false;
		this.#tokenCount++;
		this.#token = new Uint8Array(token);
		this.#sameCount = 0;
		this.#dueAt = now;
		return true;
	}

	/** Repeats the hello sooner: something has come back, so the path is not the trouble. */
	hurry(now: Micros): void {
		if (this.#sentCount > 0) this.#dueAt = earlier(this.#dueAt, later(now, hurryPause));
	}

	/** Microseconds to the answer that came now, if it is clear what it answers. */
	roundTrip(now: Micros): number | undefined {
		return this.#sameCount === 1 ? now - this.#sentAt : undefined;
	}

	#random(): number {
		const octets = new Uint8Array(4);
		this.#crypto.random(octets);
		return readU32(octets, 0);
	}
}

/** Padded, so that its size does not tell the module's name. */
function ask(module: Uint8Array, sequence: number): Uint8Array {
	const to = new Writer(new Uint8Array(1024));
	encodeFrame('ask', {module, sequence}, to);
	to.zero(askSizeStep - (to.offset % askSizeStep));
	return to.written();
}

/**
 * Microseconds until the first repeat. RFC 8085 §3.1.1 and RFC 6298 §2 take a second; a hello is
 * one datagram, and a lost one must not cost ten round trips of a short path.
 */
const pauseFirst = 300_000;
const pauseMax = 3_000_000;
const hurryPause = 300_000;
/** Tokens that are taken from whoever says to be the responder. */
const tokensMax = 4;
const askSizeStep = 64;
