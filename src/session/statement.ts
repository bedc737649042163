/**
 * The signed statements: what a source's identity says about snapshots (head), hosts (delegation)
 * and itself (rotation). Fields and order: wire/README.md §7. Whether a statement is acceptable now
 * (its age, its sequence) is the caller's to decide; here it is only authentic or nothing.
 */

import {assert} from '../assert.ts';
import {concatenate} from '../concatenate.ts';
import {digestSize, keySize, listSizeMax, moduleNameMax} from '../limit.ts';
import type {Crypto, KeyPair} from '../platform/crypto.ts';
import {Reader, varintMax, Writer} from '../wire/codec.ts';

/** The newest snapshot of a module. */
export type Head = {
	readonly identity: Uint8Array;
	readonly module: Uint8Array;
	readonly sequence: number;
	readonly issuedMs: number;
	readonly expiresMs: number;
	readonly root: Uint8Array;
	/** Octets of the list. */
	readonly size: number;
	/** Octets of its first node, with the header. */
	readonly top: number;
	readonly entries: number;
	readonly contentBytes: number;
	/** Root of the predecessor, or zeros. */
	readonly previous: Uint8Array;
	/** UTF-8, for people. */
	readonly label: Uint8Array;
};

export const delegationRole = {source: 1, relay: 2} as const;
export type DelegationRole = (typeof delegationRole)[keyof typeof delegationRole];

/** The right of a host's X25519 key to serve for an identity. */
export type Delegation = {
	readonly identity: Uint8Array;
	readonly host: Uint8Array;
	readonly role: DelegationRole;
	readonly notAfterMs: number;
	/** Empty: all. */
	readonly modules: readonly Uint8Array[];
};

/** An identity's successor, in its own words and in those of the successor. */
export type Rotation = {
	readonly from: Uint8Array;
	readonly to: Uint8Array;
	readonly sequence: number;
};

type Signer = Pick<Crypto, 'sign' | 'verify'>;

export function signHead(crypto: Signer, secret: Uint8Array, head: Head): Uint8Array {
	return sign(crypto, [secret], headKind, to => {
		to.put(head.identity);
		to.opaque(head.module);
		putU64(to, head.sequence);
		putU64(to, head.issuedMs);
		putU64(to, head.expiresMs);
		to.put(head.root);
		to.varint(head.size);
		to.varint(head.top);
		to.varint(head.entries);
		to.varint(head.contentBytes);
		to.put(head.previous);
		assert(head.label.length <= labelMax, 'a label is one short line');
		to.opaque(head.label);
	});
}

/** The head in `statement`, copied out of it, if it is well formed and signed by its identity. */
export function openHead(crypto: Signer, statement: Uint8Array): Head | undefined {
	return open(crypto, headKind, statement, from => {
		const identity = copy(from.take(keySize));
		const head: Head = {
			identity,
			module: copy(from.opaque(moduleNameMax)),
			sequence: takeU64(from),
			issuedMs: takeU64(from),
			expiresMs: takeU64(from),
			root: copy(from.take(digestSize)),
			size: from.varint(),
			top: from.varint(),
			entries: from.varint(),
			contentBytes: from.varint(),
			previous: copy(from.take(digestSize)),
			label: copy(from.opaque(labelMax)),
		};
		const {issuedMs, expiresMs, top, size} = head;
		const sane = issuedMs <= expiresMs && top <= size && size <= listSizeMax;
		return sane ? {value: head, signers: [identity]} : undefined;
	});
}

export function signDelegation(
	crypto: Signer,
	secret: Uint8Array,
	delegation: Delegation,
): Uint8Array {
	return sign(crypto, [secret], delegationKind, to => {
		to.put(delegation.identity);
		to.put(delegation.host);
		to.u8(delegation.role);
		putU64(to, delegation.notAfterMs);
		to.varint(delegation.modules.length);
		for (const module of delegation.modules) to.opaque(module);
	});
}

/** The delegation in `statement`, copied, if it is well formed and signed by its identity. */
export function openDelegation(crypto: Signer, statement: Uint8Array): Delegation | undefined {
	return open(crypto, delegationKind, statement, from => {
		const identity = copy(from.take(keySize));
		const host = copy(from.take(keySize));
		const role = from.u8() as DelegationRole;
		const notAfterMs = takeU64(from);
		const count = from.varint();
		if (count > delegationModulesMax) return undefined;
		const modules: Uint8Array[] = [];
		for (let index = 0; index < count && !from.failed; index++) {
			modules.push(copy(from.opaque(moduleNameMax)));
		}
		if (role !== delegationRole.source && role !== delegationRole.relay) return undefined;
		return {value: {identity, host, role, notAfterMs, modules}, signers: [identity]};
	});
}

/** Whether the delegation speaks for `module`. */
export function delegates(delegation: Delegation, module: Uint8Array): boolean {
	return delegation.modules.length === 0 || delegation.modules.some(each => same(each, module));
}

/**
 * Signed by both: without the old one anybody could take its place, and without the new one anybody
 * could make another's identity the heir of theirs, and of the sequences that were seen of it.
 */
export function signRotation(
	crypto: Signer,
	old: KeyPair,
	successor: KeyPair,
	sequence: number,
): Uint8Array {
	return sign(crypto, [old.secret, successor.secret], rotationKind, to => {
		to.put(old.public);
		to.put(successor.public);
		putU64(to, sequence);
	});
}

/** The rotation in `statement`, copied, if it is well formed and signed by both identities. */
export function openRotation(crypto: Signer, statement: Uint8Array): Rotation | undefined {
	return open(crypto, rotationKind, statement, input => {
		const from = copy(input.take(keySize));
		const to = copy(input.take(keySize));
		const value = {from, to, sequence: takeU64(input)};
		return same(from, to) ? undefined : {value, signers: [from, to]};
	});
}

/** Whether two runs of octets are equal; not in constant time: for what is public. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
	if (a.length !== b.length) return false;
	for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
	return true;
}

function sign(
	crypto: Signer,
	secrets: readonly Uint8Array[],
	{context, sizeMax}: Kind,
	fill: (to: Writer) => void,
): Uint8Array {
	const to = new Writer(new Uint8Array(sizeMax));
	fill(to);
	const message = concatenate([context, to.written()]);
	for (const secret of secrets) to.put(crypto.sign(secret, message));
	assert(!to.overflowed, `a statement of more than ${sizeMax} octets`);
	return copy(to.written());
}

function open<T>(
	crypto: Signer,
	{context, sizeMax, signatures = 1}: Kind,
	statement: Uint8Array,
	parse: (from: Reader) => {value: T; signers: readonly Uint8Array[]} | undefined,
): T | undefined {
	const end = statement.length - signatures * signatureSize;
	if (statement.length > sizeMax || end < 0) return undefined;
	const from = new Reader(statement, 0, end);
	const parsed = parse(from);
	if (parsed === undefined || from.failed || from.left > 0) return undefined;
	const message = concatenate([context, statement.subarray(0, end)]);
	const isSigned = parsed.signers.every((signer, index) => {
		const at = end + index * signatureSize;
		return crypto.verify(signer, message, statement.subarray(at, at + signatureSize));
	});
	return isSigned ? parsed.value : undefined;
}

/** Octets of its own: `slice` of a Buffer would be a view. */
function copy(octets: Uint8Array): Uint8Array {
	return new Uint8Array(octets);
}

function putU64(to: Writer, value: number): void {
	to.u32(Math.floor(value / 0x1_0000_0000));
	to.u32(value >>> 0);
}

/** At most 2^53 - 1; more is refused. */
function takeU64(from: Reader): number {
	const value = from.u32() * 0x1_0000_0000 + from.u32();
	if (value > varintMax) from.take(from.left + 1);
	return value > varintMax ? 0 : value;
}

const signatureSize = 64;
/** Longest label: one line for people. */
const labelMax = 64;
const delegationModulesMax = 64;

const encoder = new TextEncoder();
/** Sizes are such that an answer with all its statements fits a datagram of 1200 octets. */
type Kind = {
	readonly context: Uint8Array;
	readonly sizeMax: number;
	/** Default: 1. */
	readonly signatures?: number;
};
const headKind: Kind = {context: encoder.encode('shoal head 1\0'), sizeMax: 600};
/** A source whose module names do not fit delegates all. */
const delegationKind: Kind = {context: encoder.encode('shoal delegation 1\0'), sizeMax: 256};
const rotationKind: Kind = {
	context: encoder.encode('shoal rotation 2\0'),
	sizeMax: 200,
	signatures: 2,
};
