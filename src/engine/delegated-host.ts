/**
 * The host of an identity whose secret is at hand: its delegation is signed anew long before it
 * ends, however long the process runs. A relay answers for an origin, and is delegated by itself.
 */
import type {Clock} from '../platform/clock.ts';
import type {Crypto, KeyPair} from '../platform/crypto.ts';
import type {WebTransportPlace} from '../session/answer.ts';
import type {Host} from '../session/responder.ts';
import {delegationRole, signDelegation} from '../session/statement.ts';

/** A delegation holds for 30 days from its signature: as long as a host can do without another. */
const lifeMs = 30 * 86_400_000;

/** Receivers keep it for their next hello, so what they are shown is never old. */
const renewMs = 86_400_000;

export type DelegatedHostOptions = {
	readonly crypto: Crypto;
	readonly clock: Pick<Clock, 'wallMs'>;
	readonly identity: KeyPair;
	readonly hostKey: KeyPair;
	readonly webTransport?: () => WebTransportPlace | undefined;
	/** Signed, oldest first. */
	readonly rotations?: readonly Uint8Array[];
	/** Whom it is a relay of, and what leads to that identity. */
	readonly origin?: {readonly identity: Uint8Array; readonly rotations: readonly Uint8Array[]};
};

export class DelegatedHost implements Host {
	readonly identity: Uint8Array;
	readonly hostKey: KeyPair;
	readonly rotations: readonly Uint8Array[];
	readonly #options: DelegatedHostOptions;
	#delegation: Uint8Array = new Uint8Array(0);
	#signedMs = Number.NEGATIVE_INFINITY;

	constructor(options: DelegatedHostOptions) {
		this.#options = options;
		this.identity = options.origin?.identity ?? options.identity.public;
		this.hostKey = options.hostKey;
		this.rotations = options.origin?.rotations ?? options.rotations ?? [];
	}

	get webTransport(): WebTransportPlace | undefined {
		return this.#options.webTransport?.();
	}

	/** Signed a day ago at most, also if the clock was set back meanwhile. */
	get delegation(): Uint8Array {
		const {crypto, clock, identity, hostKey, origin} = this.#options;
		const wallMs = clock.wallMs();
		if (Math.abs(wallMs - this.#signedMs) < renewMs) return this.#delegation;
		this.#signedMs = wallMs;
		this.#delegation = signDelegation(crypto, identity.secret, {
			identity: identity.public,
			host: hostKey.public,
			role: origin === undefined ? delegationRole.source : delegationRole.relay,
			notAfterMs: wallMs + lifeMs,
			modules: [],
		});
		return this.#delegation;
	}
}
