/**
 * Secret keys in files: one line each, for this user's eyes alone. A file that others can read has
 * told its secret already, so it is refused like one that others can write.
 */
import {ShoalError} from '../error.ts';
import type {Crypto, KeyPair} from '../platform/crypto.ts';
import {formatKey, parseKey} from '../session/key-text.ts';
import type {ConfigDirectory} from './config-directory.ts';

/** `identity` signs (Ed25519); `host` is dialled (X25519). */
export type KeyName = 'identity' | 'host';

const magic = 'shoal-secret-1';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The key pair of that name; undefined when there is none.
 * @throws ShoalError KEY_UNSAFE, KEY_INVALID
 */
export function readKey(
	config: ConfigDirectory,
	crypto: Crypto,
	name: KeyName,
): KeyPair | undefined {
	const file = config.read(fileName(name));
	if (file === undefined) return undefined;
	const path = `${config.path}/${fileName(name)}`;
	if ((file.mode & 0o077) !== 0) throw new ShoalError('KEY_UNSAFE', `others can read ${path}`);
	const words = decoder.decode(file.content).trim().split(/\s+/);
	const secret = words.length === 3 ? parseKey(words[2]!) : undefined;
	if (words[0] !== magic || words[1] !== name || secret === undefined) {
		throw new ShoalError('KEY_INVALID', `${path} does not hold a key of this kind`);
	}
	return pairOf(crypto, name, secret);
}

/** Makes a key and saves it; one that is there is never replaced. @throws ShoalError KEY_EXISTS */
export function createKey(config: ConfigDirectory, crypto: Crypto, name: KeyName): KeyPair {
	const pair = generateKey(crypto, name);
	if (config.create(fileName(name), keyText(name, pair))) return pair;
	throw new ShoalError('KEY_EXISTS', `${config.path}/${fileName(name)} is there already`);
}

export function generateKey(crypto: Crypto, name: KeyName): KeyPair {
	return name === 'identity' ? crypto.signGenerate() : crypto.dhGenerate();
}

/** Saves `pair` in the place of the key of that name, whose secret is gone then. */
export function replaceKey(config: ConfigDirectory, name: KeyName, pair: KeyPair): void {
	config.write(fileName(name), keyText(name, pair));
}

/** The key, made when it is missing; if another process makes it meanwhile, that one. */
export function ensureKey(config: ConfigDirectory, crypto: Crypto, name: KeyName): KeyPair {
	const known = readKey(config, crypto, name);
	if (known !== undefined) return known;
	try {
		return createKey(config, crypto, name);
	} catch (error) {
		const made = error instanceof ShoalError && error.code === 'KEY_EXISTS';
		const other = made ? readKey(config, crypto, name) : undefined;
		if (other === undefined) throw error;
		return other;
	}
}

function fileName(name: KeyName): string {
	return `${name}.key`;
}

function keyText(name: KeyName, {secret}: KeyPair): Uint8Array {
	return encoder.encode(`${magic} ${name} ${formatKey(secret)}\n`);
}

function pairOf(crypto: Crypto, name: KeyName, secret: Uint8Array): KeyPair {
	const key = name === 'identity' ? crypto.signPublic(secret) : crypto.dhPublic(secret);
	return {secret, public: key};
}
