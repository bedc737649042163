/**
 * What a receiver remembers of sources: which identity a host proved to have (as ssh's
 * known_hosts), the newest head seen of each module (so that an older one is refused), the
 * delegation that a host showed last (so that the next handshake hides the module's name), which
 * identity has succeeded which (so that one that was given up is believed no more), where a host
 * answers WebTransport (so that it is reached when UDP is not let through), and what the path to
 * it carried (so that the next session need not begin from nothing).
 *
 * Six text files, a line each. A file is read again right before it is replaced, so two pulls at
 * once lose at most a line that the next pull writes again.
 */
import type {PathRecord} from '../congestion/resume.ts';
import {ShoalError} from '../error.ts';
import {fromHex, toHex} from '../hex.ts';
import {knownPathsMax, pathLifetime} from '../limit.ts';
import type {WebTransportPlace} from '../session/answer.ts';
import {formatKey, parseKey} from '../session/key-text.ts';
import type {ConfigDirectory} from './config-directory.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const identities = 'known_sources';
const heads = 'known_heads';
const delegations = 'known_delegations';
const rotations = 'known_rotations';
const places = 'known_webtransport';
const paths = 'known_paths';

export class KnownSources {
	readonly #config: ConfigDirectory;

	constructor(config: ConfigDirectory) {
		this.#config = config;
	}

	/** The identity that `host` (`name:port`) is known by. @throws ShoalError KEY_INVALID */
	identity(host: string): Uint8Array | undefined {
		const text = this.#lines(identities).get(host);
		if (text === undefined) return undefined;
		const key = parseKey(text);
		if (key !== undefined) return key;
		const path = `${this.#config.path}/${identities}`;
		throw new ShoalError('KEY_INVALID', `${path}: the key of ${host} has a slip in it`);
	}

	rememberIdentity(host: string, identity: Uint8Array): void {
		this.#set(identities, host, formatKey(identity));
	}

	/** Highest sequence seen of a module; 0: none. */
	sequence(identity: Uint8Array, module: string): number {
		const value = Number(this.#lines(heads).get(headName(identity, module)));
		return Number.isSafeInteger(value) && value > 0 ? value : 0;
	}

	rememberSequence(identity: Uint8Array, module: string, sequence: number): void {
		if (this.sequence(identity, module) === sequence) return;
		this.#set(heads, headName(identity, module), String(sequence));
	}

	/** The signed delegation that `host` showed last for `identity`; not judged. */
	delegation(host: string, identity: Uint8Array): Uint8Array | undefined {
		const text = this.#lines(delegations).get(`${host}/${formatKey(identity)}`);
		return text === undefined ? undefined : fromHex(text);
	}

	rememberDelegation(host: string, identity: Uint8Array, statement: Uint8Array): void {
		const name = `${host}/${formatKey(identity)}`;
		const text = toHex(statement);
		if (this.#lines(delegations).get(name) !== text) this.#set(delegations, name, text);
	}

	/** The signed statements by which identities named their successors; not judged. */
	rotations(): Uint8Array[] {
		const texts = [...this.#lines(rotations).values()];
		return texts.map(fromHex).filter(statement => statement !== undefined);
	}

	rememberRotation(identity: Uint8Array, statement: Uint8Array): void {
		this.#set(rotations, formatKey(identity), toHex(statement));
	}

	/** Where `host` said last that it answers WebTransport. */
	webTransport(host: string): WebTransportPlace | undefined {
		const [port, ...hashes] = this.#lines(places).get(host)?.split(',') ?? [];
		const certificates = hashes.map(fromHex).filter(hash => hash !== undefined);
		return port === undefined || port === nowhere ? undefined : {port: Number(port), certificates};
	}

	rememberWebTransport(host: string, place: WebTransportPlace | undefined): void {
		const known = this.#lines(places).get(host);
		if (place === undefined && known === undefined) return;
		const text = place ? [place.port, ...place.certificates.map(toHex)].join(',') : nowhere;
		if (known !== text) this.#set(places, host, text);
	}

	/** What the path between two addresses carried, if that is not too long ago. */
	path(remote: string, local: string, nowSeconds: number): PathRecord | undefined {
		return parsePath(this.#lines(paths).get(pathName(remote, local)), nowSeconds);
	}

	/** Undefined: nothing is known of it any more. What is too old goes with it. */
	rememberPath(
		remote: string,
		local: string,
		record: PathRecord | undefined,
		nowSeconds: number,
	): void {
		const before = this.#lines(paths);
		const name = pathName(remote, local);
		const known = parsePath(before.get(name), nowSeconds);
		if (record === undefined ? !before.has(name) : isAsGood(known, record)) return;
		before.delete(name);
		const lines = [...before].filter(([, text]) => parsePath(text, nowSeconds) !== undefined);
		if (record !== undefined) lines.push([name, formatPath(record, nowSeconds)]);
		this.#write(paths, lines.slice(-knownPathsMax));
	}

	#lines(file: string): Map<string, string> {
		const content = this.#config.read(file)?.content ?? new Uint8Array(0);
		const lines = new Map<string, string>();
		for (const line of decoder.decode(content).split('\n')) {
			const words = line.trim().split(/\s+/);
			if (words.length >= 2 && !words[0]!.startsWith('#')) lines.set(words[0]!, words[1]!);
		}
		return lines;
	}

	#set(file: string, name: string, value: string): void {
		this.#write(file, [...this.#lines(file).set(name, value)]);
	}

	#write(file: string, lines: readonly (readonly [string, string])[]): void {
		const text = lines.map(([key, each]) => `${key} ${each}\n`).join('');
		this.#config.write(file, encoder.encode(text));
	}
}

/** Of a host that answers it no more. */
const nowhere = 'none';

/** A module's name can hold any letter, so it is written as its octets. */
function headName(identity: Uint8Array, module: string): string {
	return `${formatKey(identity)}/${toHex(encoder.encode(module))}`;
}

/** Of a local address without its port, which is another one each time. */
function pathName(remote: string, local: string): string {
	return `${remote}/${local.slice(0, local.lastIndexOf(':'))}`;
}

/** Octets a second, microseconds, and when it was seen, in seconds. */
function formatPath({rate, roundTrip, isLeast}: PathRecord, nowSeconds: number): string {
	return [rate, roundTrip, nowSeconds].map(Math.round).join(',') + (isLeast ? leastMark : '');
}

/** Of a path that was not full. */
const leastMark = ',least';

/** Undefined if it is not one, or was seen too long ago or in a time to come. */
function parsePath(text: string | undefined, nowSeconds: number): SeenPath | undefined {
	const isLeast = text?.endsWith(leastMark) === true;
	const fields = (isLeast ? text.slice(0, -leastMark.length) : (text ?? '')).split(',');
	if (fields.length !== 3 || !fields.every(field => /^[1-9]\d{0,14}$/.test(field)))
		return undefined;
	const [rate, roundTrip, seenAt] = fields.map(Number) as [number, number, number];
	const age = Math.round(nowSeconds) - seenAt;
	return age >= 0 && age < pathLifetime ? {rate, roundTrip, isLeast, age} : undefined;
}

/** What is known is of late, and nearly the same: not worth to be written again. */
function isAsGood(known: SeenPath | undefined, record: PathRecord): boolean {
	if (known === undefined || known.age > pathLifetime / 4) return false;
	if (known.isLeast !== (record.isLeast ?? false)) return false;
	const isNear = (a: number, b: number): boolean => Math.abs(a - b) < nearMax * b;
	return isNear(record.rate, known.rate) && isNear(record.roundTrip, known.roundTrip);
}

const nearMax = 0.1;

/** `age`: seconds since. */
type SeenPath = PathRecord & {readonly age: number};
