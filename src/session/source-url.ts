/**
 * `shoal://[KEY@]host[:port][/module[/path]][?webtransport=PORT[&certificate=HASH]…]`, the name of
 * a source. Names are octets, so a path is percent-decoded to octets; a module's name is UTF-8. A
 * path in the empty module has two slashes. Behind the question mark stands where the host answers
 * WebTransport, and the SHA-256 of the certificates that it is met with there.
 */

import {ShoalError} from '../error.ts';
import {fromHex, toHex} from '../hex.ts';
import {digestSize, moduleNameMax, pathSizeMax, portDefault} from '../limit.ts';
import type {WebTransportPlace} from './answer.ts';
import {formatKey, parseKey} from './key-text.ts';

/** A source as its parts. Names are octets but for the host and the module. */
export type SourceUrl = {
	/** Name or address, IPv6 without brackets. */
	readonly host: string;
	readonly port: number;
	/** The identity to prove; undefined: what is known of the host decides. */
	readonly identity: Uint8Array | undefined;
	/** Empty: what `serve DIR` serves. */
	readonly module: string;
	/** Octets without leading or trailing slash; empty: the whole module. */
	readonly path: Uint8Array;
	/** Where it answers WebTransport; undefined: what is known of the host decides. */
	readonly webTransport?: WebTransportPlace;
};

export const sourceScheme = 'shoal://';

/** Takes a URL apart. @throws ShoalError SOURCE_INVALID, which says what is wrong. */
export function parseSourceUrl(text: string): SourceUrl {
	if (!text.startsWith(sourceScheme)) return refuse(`it does not begin with ${sourceScheme}`);
	const question = text.indexOf('?');
	const rest = text.slice(sourceScheme.length, question < 0 ? undefined : question);
	const slash = rest.indexOf('/');
	const authority = slash < 0 ? rest : rest.slice(0, slash);
	const at = authority.lastIndexOf('@');
	const {host, port} = parseHost(authority.slice(at + 1));
	const names = slash < 0 ? '' : rest.slice(slash + 1);
	const split = names.indexOf('/');
	return {
		host,
		port,
		identity: at < 0 ? undefined : parseIdentity(authority.slice(0, at)),
		module: parseModule(split < 0 ? names : names.slice(0, split)),
		path: parsePath(split < 0 ? '' : names.slice(split + 1)),
		...(question >= 0 && {webTransport: parsePlace(text.slice(question + 1))}),
	};
}

/** The shortest text that parses to `url`. */
export function formatSourceUrl(url: SourceUrl): string {
	const key = url.identity === undefined ? '' : `${formatKey(url.identity)}@`;
	const host = url.host.includes(':') ? `[${url.host}]` : url.host;
	const port = url.port === portDefault ? '' : `:${url.port}`;
	const module = escapePart(new TextEncoder().encode(url.module));
	const path = url.path.length === 0 ? '' : `/${escapePart(url.path, slashCode)}`;
	const names = module === '' && path === '' ? '' : `/${module}${path}`;
	return `${sourceScheme}${key}${host}${port}${names}${formatPlace(url.webTransport)}`;
}

function formatPlace(place: WebTransportPlace | undefined): string {
	if (place === undefined) return '';
	const certificates = place.certificates.map(hash => `&certificate=${toHex(hash)}`);
	return `?webtransport=${place.port}${certificates.join('')}`;
}

function parsePlace(text: string): WebTransportPlace {
	let port: number | undefined;
	const certificates: Uint8Array[] = [];
	for (const word of text.split('&')) {
		const [name, value = ''] = word.split('=', 2);
		if (name === 'webtransport' && port === undefined && /^\d{1,5}$/.test(value)) {
			port = parsePort(value);
		} else if (name === 'certificate') {
			const hash = fromHex(value);
			if (hash?.length !== digestSize) return refuse('a certificate is not 64 hexadecimal digits');
			certificates.push(hash);
		} else {
			return refuse('behind the ? stands webtransport=PORT, and certificate=HASH once or twice');
		}
	}
	if (port === undefined) return refuse('certificates without webtransport=PORT');
	if (certificates.length > certificatesMax) return refuse('it has too many certificates');
	return {port, certificates};
}

function parsePort(digits: string): number {
	const port = Number(digits);
	return port >= 1 && port <= 65_535 ? port : refuse(`there is no port ${port}`);
}

function parseIdentity(text: string): Uint8Array {
	return parseKey(text) ?? refuse('the key has a slip in it, or is cut off');
}

function parseHost(text: string): {host: string; port: number} {
	const match = /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text);
	if (match === null) return refuse(`${JSON.stringify(text)} is not host or host:port`);
	const host = match[1]?.replace('%25', '%') ?? match[2] ?? '';
	if (host === '') return refuse('it names no host');
	if (match[1] !== undefined && !/^[0-9a-f:.]+(?:%[\w.-]+)?$/i.test(host)) {
		return refuse('what stands in brackets is not an IPv6 address');
	}
	if (match[2] !== undefined && !/^[\p{L}\p{N}._-]+$/u.test(host)) {
		return refuse('the host has characters that no host has');
	}
	if (host.startsWith('-')) return refuse('the host begins with a dash');
	return {host, port: match[3] === undefined ? portDefault : parsePort(match[3])};
}

function parseModule(text: string): string {
	const octets = unescapePart(text);
	if (octets.length > moduleNameMax) return refuse('the name of the module is too long');
	try {
		return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(octets);
	} catch (cause) {
		throw new ShoalError('SOURCE_INVALID', 'the name of the module is not UTF-8', {cause});
	}
}

function parsePath(text: string): Uint8Array {
	const parts = text.replace(/\/+$/, '').split('/');
	if (parts.length === 1 && parts[0] === '') return new Uint8Array(0);
	for (const part of parts) {
		const octets = unescapePart(part);
		if (octets.length === 0) return refuse('the path has an empty component');
		if (octets.includes(0) || octets.includes(slashCode)) {
			return refuse('the path has an octet that no name has');
		}
		if (octets[0] === dotCode && (octets.length === 1 || isDots(octets))) {
			return refuse('the path has a component . or ..');
		}
	}
	const path = unescapePart(parts.join('/'));
	if (path.length > pathSizeMax) return refuse('the path is too long');
	return path;
}

function isDots(octets: Uint8Array): boolean {
	return octets.length === 2 && octets[1] === dotCode;
}

function unescapePart(text: string): Uint8Array {
	const octets: number[] = [];
	const raw = new TextEncoder().encode(text);
	for (let index = 0; index < raw.length; index++) {
		if (raw[index] !== percentCode) {
			octets.push(raw[index]!);
			continue;
		}
		const digits = String.fromCharCode(raw[index + 1] ?? 0, raw[index + 2] ?? 0);
		if (!/^[0-9a-f]{2}$/i.test(digits)) return refuse('a % without two hexadecimal digits');
		octets.push(Number.parseInt(digits, 16));
		index += 2;
	}
	return Uint8Array.from(octets);
}

/** RFC 3986 §2.3: what is not unreserved is written as %XX; `keep` stays. */
function escapePart(octets: Uint8Array, keep?: number): string {
	let text = '';
	for (const octet of octets) {
		const letter = String.fromCharCode(octet);
		const plain = octet === keep || /[A-Za-z0-9._~-]/.test(letter);
		text += plain ? letter : `%${octet.toString(16).padStart(2, '0').toUpperCase()}`;
	}
	return text;
}

function refuse(problem: string): never {
	throw new ShoalError('SOURCE_INVALID', problem);
}

/** The one that is shown now, and the next. */
const certificatesMax = 2;

const slashCode = 0x2f;
const dotCode = 0x2e;
const percentCode = 0x25;
