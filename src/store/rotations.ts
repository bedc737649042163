/**
 * The identities that this host had before: each has signed who succeeds it, and so has that
 * one: which leads receivers that know an older one to the one of today. Their secrets are gone.
 */
import {fromHex, toHex} from '../hex.ts';
import type {Crypto, KeyPair} from '../platform/crypto.ts';
import {openRotation, same, signRotation} from '../session/statement.ts';
import type {ConfigDirectory} from './config-directory.ts';
import {ensureKey, generateKey, replaceKey} from './keys.ts';

const fileName = 'rotations';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Changes whenever a key or a rotation has been written. */
export function keysStamp(config: ConfigDirectory): string {
	return config.stamp('identity.key') + config.stamp('host.key');
}

/** Signed statements that lead to `identity`, oldest first. What leads elsewhere is left out. */
export function readRotations(
	config: ConfigDirectory,
	crypto: Crypto,
	identity: Uint8Array,
): readonly Uint8Array[] {
	const lines = decoder.decode(config.read(fileName)?.content ?? new Uint8Array(0)).split('\n');
	const chain: Uint8Array[] = [];
	let to = identity;
	for (const line of lines.reverse()) {
		const statement = fromHex(line.trim());
		const rotation = statement && openRotation(crypto, statement);
		if (rotation === undefined || !same(rotation.to, to)) continue;
		chain.unshift(statement!);
		to = rotation.from;
	}
	return chain;
}

export type Rotated = {readonly identity: KeyPair; readonly former: Uint8Array};

/**
 * Puts new keys in the place of this host's: the old identity's last word is who succeeds it. That
 * is written first: without the key that it names it leads nowhere, and the old key counts on.
 * @throws ShoalError STORE_LOCKED, KEY_*
 */
export function rotateKeys(config: ConfigDirectory, crypto: Crypto, wallMs: number): Rotated {
	return config.alone(() => {
		const old = ensureKey(config, crypto, 'identity');
		const identity = generateKey(crypto, 'identity');
		const chain = readRotations(config, crypto, old.public);
		const statements = [...chain, signRotation(crypto, old, identity, wallMs)];
		const text = statements.map(statement => `${toHex(statement)}\n`).join('');
		config.write(fileName, encoder.encode(text));
		// Delegations of the old identity name the old host key: with a new one, none is any use.
		replaceKey(config, 'host', generateKey(crypto, 'host'));
		replaceKey(config, 'identity', identity);
		return {identity, former: old.public};
	});
}
