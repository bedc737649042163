/**
 * Where the peer is: the address that packets go to, and the questions that prove an address. A
 * peer that moves is believed when its new address has answered. wire/README.md §3.
 */
import type {Random} from '../platform/crypto.ts';
import type {Address} from '../platform/datagram.ts';
import type {Micros} from '../unit.ts';
import type {Writer} from '../wire/codec.ts';
import {encodeFrame} from '../wire/frame.ts';
import {PathAllowance} from './path-allowance.ts';
import {PathChallenge} from './path-challenge.ts';

export type PeerPathOptions = {
	readonly path: PathAllowance;
	readonly random: Random;
	readonly now: Micros;
	/** Whether an address is known to be the peer's without a challenge. */
	readonly isHome?: ((address: Address) => boolean) | undefined;
};

export class PeerPath {
	readonly #random: Random;
	readonly #isHome: ((address: Address) => boolean) | undefined;
	#main: PathAllowance;
	/** Asked of the peer's first address, if that was not validated. */
	#challenge: PathChallenge | undefined;
	/** Asked of an address that the peer seems to have moved to. */
	#candidate: PathChallenge | undefined;
	/** The peer's own question, and where it came from. */
	#response: {readonly data: Uint8Array; readonly to: Address} | undefined;

	constructor({path, random, now, isHome}: PeerPathOptions) {
		this.#main = path;
		this.#random = random;
		this.#isHome = isHome;
		if (!path.validated) this.#challenge = new PathChallenge(path, random, now);
	}

	/** Where packets go. */
	get main(): PathAllowance {
		return this.#main;
	}

	/** Where the peer may be, and is asked. */
	get candidate(): PathChallenge | undefined {
		return this.#candidate;
	}

	/** The question to the main address, if it is not proved. */
	get challenge(): PathChallenge | undefined {
		return this.#challenge;
	}

	/**
	 * A packet came from `from`: counts for the ×3 bound, and may show that the peer has moved.
	 * `newest`: no packet with a higher number came before. True: the main address is another one.
	 */
	onPacket(from: Address, size: number, newest: boolean, now: Micros): boolean {
		if (from === this.#main.address) {
			this.#main.received(size);
			return false;
		}
		if (newest && (this.#isHome?.(from) ?? false)) {
			this.#move(new PathAllowance(from, true));
			return true;
		}
		if (from !== this.#candidate?.path.address) {
			if (!newest) return false;
			const path = new PathAllowance(from, false);
			this.#candidate = new PathChallenge(path, this.#random, now);
		}
		this.#candidate.path.received(size);
		return false;
	}

	/** The peer asks whether this side receives. */
	onChallenge(data: Uint8Array, from: Address): void {
		this.#response = {data: new Uint8Array(data), to: from};
	}

	/** The peer has answered a question. True: the main address is another one. */
	onResponse(data: Uint8Array): boolean {
		if (this.#challenge?.isAnsweredBy(data)) {
			this.#challenge.path.validate();
			this.#challenge = undefined;
		}
		if (!this.#candidate?.isAnsweredBy(data)) return false;
		this.#move(this.#candidate.path);
		return true;
	}

	handleTimeout(): void {
		if (this.#candidate?.hopeless) this.#candidate = undefined;
	}

	/** Whether something is to be said to the candidate now. */
	isElsewhereDue(now: Micros): boolean {
		const candidate = this.#candidate;
		if (candidate === undefined) return false;
		return candidate.dueAt <= now || this.#response?.to === candidate.path.address;
	}

	/** Writes what is to be said to the candidate. */
	putElsewhere(to: Writer, now: Micros): void {
		const candidate = this.#candidate;
		if (candidate === undefined) return;
		if (this.#response?.to === candidate.path.address) this.#putResponse(to);
		if (candidate.dueAt <= now) put(candidate, to, now);
	}

	/** Writes what is to be said to the main address. */
	putMain(to: Writer, now: Micros): void {
		this.#putResponse(to);
		const challenge = this.#challenge;
		if (challenge !== undefined && challenge.dueAt <= now) put(challenge, to, now);
	}

	#putResponse(to: Writer): void {
		if (this.#response === undefined) return;
		encodeFrame('pathResponse', {data: this.#response.data}, to);
		this.#response = undefined;
	}

	/** The peer is at another address, and has shown it. */
	#move(path: PathAllowance): void {
		path.validate();
		this.#main = path;
		this.#challenge = undefined;
		this.#candidate = undefined;
	}
}

function put(challenge: PathChallenge, to: Writer, now: Micros): void {
	encodeFrame('pathChallenge', {data: challenge.data}, to);
	challenge.asked(now);
}
