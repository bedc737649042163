/** Whether a host may speak for an identity: the delegation, and the rotations that lead to it. */
import type {Crypto} from '../platform/crypto.ts';
import {
	type Delegation,
	delegates,
	delegationRole,
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
	if (proof.pinned !== undefined && !leads(crypto, proof.pinned, proof.rotations, delegation)) {
		return 'the source has another identity';
	}
	if (delegation.role !== delegationRole.source) return 'the host is a relay of another identity';
	if (delegation.notAfterMs <= proof.wallMs) return 'the delegation of the host has expired';
	if (!delegates(delegation, proof.module)) return 'the host may not serve this module';
	return {delegation, statement: proof.delegation, rotations: proof.rotations};
}

/** Whether each rotation, signed by the identity before, leads from the pin to the delegation's. */
function leads(
	crypto: Crypto,
	pinned: Uint8Array,
	rotations: readonly Uint8Array[],
	delegation: Delegation,
): boolean {
	let identity = pinned;
	for (const statement of rotations) {
		if (same(identity, delegation.identity)) break;
		const rotation = openRotation(crypto, statement);
		if (rotation !== undefined && same(rotation.from, identity)) identity = rotation.to;
	}
	return same(identity, delegation.identity);
}
