/**
 * What a receiver remembers of sources: which identity a host proved to have (as ssh's
 * known_hosts), the newest head seen of each module (so that an older one is refused), the
 * delegation that a host showed last (so that the next handshake hides the module's name), which
 * identity has succeeded which (so that one that was given up is believed no more), and where a
 * host answers WebTransport (so that it is reached when UDP is not let through).
 *
 * Five text files, a line each. A file is read again right before it is replaced, so two pulls at
 * once lose at most a line that the next pull writes again.
 */
import {ShoalError} from '../error.ts';
import {fromHex, toHex} from '../hex.ts';
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
		const lines = this.#lines(file).set(name, value);
		const text = [...lines].map(([key, each]) => `${key} ${each}\n`).join('');
		this.#config.write(file, encoder.encode(text));
	}
}

/** Of a host that answers it no more. */
const nowhere = 'none';

/** A module's name can hold any letter, so it is written as its octets. */
function headName(identity: Uint8Array, module: string): string {
	return `${formatKey(identity)}/${toHex(encoder.encode(module))}`;
}
