/**
 * The datagrams of the handshake as octets: wire/README.md §1 and §2. Whether a hello is welcome
 * and what an answer says is decided elsewhere.
 */
import {datagramSizeInitial, keySize} from '../limit.ts';
import type {CipherName, Crypto} from '../platform/crypto.ts';
import {Reader, Writer} from '../wire/codec.ts';
import type {Pattern} from './noise.ts';

/** The version that this program speaks, and the first octet of its handshake. */
export const protocolVersion = 1;

/** First octets of datagrams; the lowest bit of those of packets is the key phase. */
export const firstOctet = {versionList: 0x00, plain: 0x80, salt: 0xc0, ticket: 0xe0} as const;

/** Second octets of handshake datagrams. */
export const handshakeType = {hello: 1, answer: 2, more: 3, token: 4, notice: 5} as const;

/** What a notice may say, without any authenticity. */
export const noticeCode = {otherIdentity: 1, unreadable: 2} as const;

export type SuiteName = CipherName;
const suites: readonly SuiteName[] = ['AESGCM', 'ChaChaPoly'];
const patterns: readonly Pattern[] = ['NX', 'NK', 'IK'];

export const initiatorRole = {receiver: 1, source: 2} as const;

export type HelloParameters = {
	readonly version: number;
	readonly suite: SuiteName;
	readonly pattern: Pattern;
	readonly role: number;
	/** The initiator's. */
	readonly connection: number;
	readonly versions: readonly number[];
};

export type Hello = HelloParameters & {
	readonly token: Uint8Array;
	readonly noise: Uint8Array;
};

/** A hello of at least 1200 octets; `identity` keys its mac1, none: zeros do. */
export function encodeHello(crypto: Crypto, hello: Hello, macKey: Uint8Array): Uint8Array {
	const fixed = helloHeadSize + hello.versions.length + hello.token.length + hello.noise.length;
	const size = Math.max(datagramSizeInitial, fixed + macSize);
	const to = new Writer(new Uint8Array(size));
	to.u8(hello.version);
	to.u8(handshakeType.hello);
	putParameters(to, hello);
	to.opaque(hello.token);
	to.opaque(hello.noise);
	to.zero(size - macSize - to.offset);
	to.put(mac1(crypto, macKey, to.written()));
	return to.bytes;
}

/** A view of the hello in `data`, whose first two octets and mac1 were looked at before. */
export function decodeHello(data: Uint8Array): Hello | undefined {
	const from = new Reader(data, 2, data.length - macSize);
	const suite = suites[from.u8() - 1];
	const pattern = patterns[from.u8() - 1];
	const role = from.u8();
	const connection = from.u32();
	const count = from.varint();
	if (count > versionsMax) return undefined;
	const versions = [...from.take(count)];
	const token = from.opaque(addressTokenMax);
	const noise = from.opaque();
	if (from.failed || suite === undefined || pattern === undefined) return undefined;
	for (let index = from.offset; index < from.end; index++) if (data[index] !== 0) return undefined;
	return {version: data[0]!, suite, pattern, role, connection, versions, token, noise};
}

/** All that both sides must have seen alike: a forged list of versions breaks the handshake. */
export function prologue(parameters: HelloParameters): Uint8Array {
	const to = new Writer(new Uint8Array(64));
	to.put(encoder.encode(`shoal/${parameters.version}`));
	putParameters(to, parameters);
	return to.written();
}

/** Key of mac1 for a hello that names an identity; without one it is zeros. */
export function macKeyOf(crypto: Crypto, identity: Uint8Array | undefined): Uint8Array {
	return identity === undefined
		? new Uint8Array(32)
		: crypto.sha256(encoder.encode('shoal mac1'), identity);
}

/** Whether the last 16 octets of `data` are its mac1 under `macKey`. */
export function hasMac1(crypto: Crypto, macKey: Uint8Array, data: Uint8Array): boolean {
	const end = data.length - macSize;
	return crypto.equal(mac1(crypto, macKey, data.subarray(0, end)), data.subarray(end));
}

/** An answer, a token or a notice: all but `more` are a connection id and one field. */
export type Reply =
	| {readonly type: 'answer'; readonly connection: number; readonly noise: Uint8Array}
	| {readonly type: 'token'; readonly connection: number; readonly token: Uint8Array}
	| {readonly type: 'notice'; readonly connection: number; readonly code: number}
	| {readonly type: 'more'; readonly connection: number; readonly index: number};

export function encodeAnswer(connection: number, noise: Uint8Array): Uint8Array {
	const to = startReply(handshakeType.answer, connection, noise.length + 2);
	to.opaque(noise);
	return to.written();
}

export function encodeToken(connection: number, token: Uint8Array): Uint8Array {
	const to = startReply(handshakeType.token, connection, token.length + 2);
	to.opaque(token);
	return to.written();
}

export function encodeNotice(connection: number, code: number): Uint8Array {
	const to = startReply(handshakeType.notice, connection, 1);
	to.u8(code);
	return to.written();
}

/** Octets of `more` before its sealed payload. */
export const moreHeaderSize = 7;

/** Writes the header of `more`: its payload and tag follow. */
export function putMoreHeader(to: Writer, connection: number, index: number): void {
	to.u8(protocolVersion);
	to.u8(handshakeType.more);
	to.u32(connection);
	to.u8(index);
}

/** What a responder sends before there are packets; undefined if it is none of that. */
export function decodeReply(data: Uint8Array): Reply | undefined {
	const from = new Reader(data, 1);
	const type = from.u8();
	const connection = from.u32();
	if (type === handshakeType.more) {
		const index = from.u8();
		return from.failed ? undefined : {type: 'more', connection, index};
	}
	const reply = decodeWhole(type, connection, from);
	return from.failed || from.left > 0 ? undefined : reply;
}

function decodeWhole(type: number, connection: number, from: Reader): Reply | undefined {
	switch (type) {
		case handshakeType.answer:
			return {type: 'answer', connection, noise: from.opaque()};
		case handshakeType.token:
			return {type: 'token', connection, token: from.opaque(addressTokenMax)};
		case handshakeType.notice:
			return {type: 'notice', connection, code: from.u8()};
		default:
			return undefined;
	}
}

/** Where every version's first datagram has the connection id that a version list echoes. */
const echoOffset = 5;

export function encodeVersionList(unknown: Uint8Array, versions: readonly number[]): Uint8Array {
	const to = new Writer(new Uint8Array(6 + versions.length));
	to.u8(firstOctet.versionList);
	to.put(unknown.subarray(echoOffset, echoOffset + 4));
	to.varint(versions.length);
	for (const version of versions) to.u8(version);
	return to.written();
}

export function decodeVersionList(
	data: Uint8Array,
): {readonly connection: number; readonly versions: readonly number[]} | undefined {
	const from = new Reader(data, 1);
	const connection = from.u32();
	const count = from.varint();
	if (count > versionsMax) return undefined;
	const versions = [...from.take(count)];
	return from.failed || from.left > 0 ? undefined : {connection, versions};
}

function putParameters(to: Writer, parameters: HelloParameters): void {
	to.u8(suites.indexOf(parameters.suite) + 1);
	to.u8(patterns.indexOf(parameters.pattern) + 1);
	to.u8(parameters.role);
	to.u32(parameters.connection);
	to.varint(parameters.versions.length);
	for (const version of parameters.versions) to.u8(version);
}

function startReply(type: number, connection: number, size: number): Writer {
	const to = new Writer(new Uint8Array(6 + size));
	to.u8(protocolVersion);
	to.u8(type);
	to.u32(connection);
	return to;
}

function mac1(crypto: Crypto, macKey: Uint8Array, octets: Uint8Array): Uint8Array {
	return crypto.hmac('SHA256', macKey, octets).subarray(0, macSize);
}

const encoder = new TextEncoder();
const macSize = 16;
/** Octets of a hello before its noise, without versions and token: two varints of two octets. */
const helloHeadSize = 2 + 3 + 4 + 1 + 2 + 2;
const versionsMax = 16;
/** Longest address token. */
export const addressTokenMax = 64;
/** Largest hello that is read: one that was made of a longest module name is smaller. */
export const helloSizeMax = 1500;

/** Octets that `answer` has besides the payload of its Noise message, by pattern. */
export const answerOverhead: Record<Pattern, number> = {
	NX: 8 + keySize + keySize + 16 + 16,
	NK: 8 + keySize + 16,
	IK: 8 + keySize + 16,
};
