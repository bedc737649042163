/**
 * What a responder does with a welcome hello: reads message 1, asks the authority, and makes the
 * datagrams of the answer. Keeps nothing.
 */
import {assert} from '../assert.ts';
import {datagramSizeInitial, moduleNameMax} from '../limit.ts';
import type {Crypto} from '../platform/crypto.ts';
import type {Micros} from '../unit.ts';
import {Reader, Writer} from '../wire/codec.ts';
import {decodeFrame} from '../wire/frame.ts';
import {
	EarlyObjects,
	earlyKey,
	encodeMore,
	putGranted,
	putProof,
	putRefusal,
	type Refusal,
	rotationsMax,
} from './answer.ts';
import {type Answer, type Authority, type Host, refusalCode} from './authority.ts';
import {answerOverhead, encodeAnswer, type Hello, initiatorRole, prologue} from './handshake.ts';
import {Handshake} from './noise.ts';
import type {PathAllowance} from './path-allowance.ts';
import type {TicketBox} from './ticket.ts';

export type ReplyOptions = {
	readonly crypto: Crypto;
	readonly authority: Authority;
	readonly tickets: TicketBox;
	readonly hello: Hello;
	readonly host: Host;
	/** To whoever said hello: what it may be sent. */
	readonly path: PathAllowance;
	readonly now: Micros;
};

export type Replied = {readonly datagrams: readonly Uint8Array[]; readonly refused: boolean};

/** The answer, or why there is none. */
export function reply(options: ReplyOptions): Replied | 'unreadable' | 'malformed' {
	const {crypto, hello, host, path} = options;
	const handshake = new Handshake({
		crypto,
		pattern: hello.pattern,
		cipher: hello.suite,
		hash: 'SHA256',
		initiator: false,
		prologue: prologue(hello),
		static: host.hostKey,
	});
	const payload = handshake.read(hello.noise);
	if (payload === undefined) return 'unreadable';
	const said = decide(options, payload, handshake.remoteStatic);
	if (said === undefined) return 'malformed';
	const early = new EarlyObjects('code' in said ? [] : said.early);
	let refused = false;
	const noise = handshake.write(() => {
		const room = datagramSizeInitial - answerOverhead[hello.pattern];
		const to = new Writer(new Uint8Array(room));
		const rotations = host.rotations?.slice(-rotationsMax) ?? [];
		if (hello.pattern === 'NX') putProof(to, rotations, host.delegation);
		refused = !putSaid(options, to, said, handshake);
		if (!refused) early.put(to);
		return to.written();
	});
	if (noise === undefined) return 'unreadable';
	const datagrams = [encodeAnswer(hello.connection, noise)];
	assert(path.take(datagrams[0]!.length), 'an answer is smaller than its hello');
	if (refused || !early.left) return {datagrams, refused};
	const key = earlyKey(crypto, hello.suite, handshake.split().k2);
	for (let index = 0; index < moreMax; index++) {
		const more = encodeMore(key, hello.connection, index, early, path);
		if (more === undefined || !path.take(more.length)) break;
		datagrams.push(more);
	}
	return {datagrams, refused};
}

/** What the authority says to the ask; undefined if there is no ask. */
function decide(
	{authority, hello, host, path}: ReplyOptions,
	payload: Uint8Array,
	clientKey: Uint8Array | undefined,
): Answer | Refusal | undefined {
	if (hello.role !== initiatorRole.receiver) return pushRefused;
	const from = new Reader(payload);
	const ask = decodeFrame(from);
	if (ask?.name !== 'ask' || ask.module.length > moduleNameMax) return undefined;
	if (decodeFrame(from) !== undefined || from.failed) return undefined;
	const {sequence} = ask;
	const module = new Uint8Array(ask.module);
	return authority.answer({
		module,
		sequence,
		clientKey,
		from: path.address,
		identity: host.identity,
	});
}

/** False if a refusal was written. */
function putSaid(
	{tickets, hello, host, path, now}: ReplyOptions,
	to: Writer,
	said: Answer | Refusal,
	handshake: Handshake,
): boolean {
	if ('code' in said) {
		putRefusal(to, said);
		return false;
	}
	const {suite, connection} = hello;
	const {statement, diffs, context} = said;
	const addressHash = tickets.addressHash(path.address);
	const ticket = tickets.seal(
		{suite, connection, keys: handshake.split(), addressHash, context},
		now,
	);
	const {webTransport} = host;
	if (putGranted(to, {statement, diffs, ticket, webTransport})) return true;
	putRefusal(to, tooLarge);
	return false;
}

const pushRefused: Refusal = {
	code: refusalCode.accessDenied,
	retryMs: 0,
	text: 'this source takes no trees',
};
const tooLarge: Refusal = {
	code: refusalCode.busy,
	retryMs: 0,
	text: 'the statement does not fit a datagram',
};
/** What an initiator looks at; the ×3 bound lets through fewer. */
const moreMax = 8;
