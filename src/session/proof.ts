/**
 * Whether a host may speak for an identity: its delegation, and the rotations that lead to the one
 * of today. A relay's delegation is of an identity of its own; that it speaks for another one is
 * proved by that one's statement alone.
 */
import type {Crypto} from '../platform/crypto.ts';
import {
	type Delegation,
	delegates,
	delegationRole,
	type Head,
	openDelegation,
	openRotation,
	same,
} from './statement.ts';

export type Proof = {
	/** Undefined: any identity will do, for somebody else decides about it. */
	readonly pinned: Uint8Array | undefined;
	/** Signed, oldest first. */
	readonly rotations: readonly Uint8Array[];
	/** Signed. */
	readonly delegation: Uint8Array;
	/** The X25519 key that the host has shown to have. */
	readonly hostKey: Uint8Array;
	readonly module: Uint8Array;
	readonly wallMs: number;
};

/** A host that has proved, or is believed, to speak for an identity. */
export type KnownHost = {
	/** Who has to have signed what it offers; undefined: anyone may, for none was pinned. */
	readonly identity: Uint8Array | undefined;
	readonly delegation: Delegation;
	/** The delegation as it was signed. */
	readonly statement: Uint8Array;
	/** Signed rotations that lead from the pinned identity to the delegation's, oldest first. */
	readonly rotations: readonly Uint8Array[];
};

/** The host, or what is wrong with the proof. */
export function provenHost(crypto: Crypto, proof: Proof): KnownHost | string {
	const delegation = openDelegation(crypto, proof.delegation);
	if (delegation === undefined) return 'the delegation of the host is not authentic';
	if (!same(delegation.host, proof.hostKey)) return 'the delegation is for another host';
	const isRelay = delegation.role === delegationRole.relay;
	const {pinned, rotations} = proof;
	if (!isRelay && pinned !== undefined && !leads(crypto, pinned, rotations, delegation.identity)) {
		return 'the source has another identity';
	}
	if (delegation.notAfterMs <= proof.wallMs) return 'the delegation of the host has expired';
	if (!delegates(delegation, proof.module)) return 'the host may not serve this module';
	const identity = isRelay ? pinned : delegation.identity;
	return {identity, delegation, statement: proof.delegation, rotations};
}

/**
 * A relay whose answer has this head, signed by whom the head says: it speaks for that identity if
 * none was pinned, or the rotations lead there from the pin. Undefined: it does not.
 */
export function relayOf(crypto: Crypto, host: KnownHost, head: Head): KnownHost | undefined {
	const {identity: pinned, rotations} = host;
	if (pinned !== undefined && !leads(crypto, pinned, rotations, head.identity)) return undefined;
	return {...host, identity: head.identity};
}

function leads(
	crypto: Crypto,
	pinned: Uint8Array,
	rotations: readonly Uint8Array[],
	last: Uint8Array,
): boolean {
	return followed(crypto, pinned, rotations, last) !== undefined;
}

/**
 * Those of the rotations that lead from the pin to `last`, each signed by the identity before it;
 * any others are whoever's added them. Undefined: they do not lead there.
 */
export function followed(
	crypto: Crypto,
	pinned: Uint8Array,
	rotations: readonly Uint8Array[],
	last: Uint8Array,
): Uint8Array[] | undefined {
	const links: Uint8Array[] = [];
	let identity = pinned;
	for (const statement of rotations) {
		if (same(identity, last)) break;
		const rotation = openRotation(crypto, statement);
		if (rotation === undefined || !same(rotation.from, identity)) continue;
		links.push(statement);
		identity = rotation.to;
	}
	return same(identity, last) ? links : undefined;
}
