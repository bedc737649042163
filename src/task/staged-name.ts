/**
 * Names in a staging directory. Content is staged under its digest, so a later run that wants the
 * same content, for whatever path, finds it; the rest is named after its row in the journal.
 */
import type {Name} from '../platform/tree.ts';
import {octetKey} from './packed-octets.ts';

const hexDigits = new TextEncoder().encode('0123456789abcdef');
const ascii = new TextEncoder();
const contentName = /^([0-9a-f]{64})(?:-[1-9][0-9]{0,9})?$/;
const digestSize = 32;

/** `copy` tells apart the files of one snapshot that have the same content. */
export function stagedName(digest: Uint8Array, copy: number): Name {
	const suffix = copy === 0 ? none : ascii.encode(`-${copy}`);
	const name = new Uint8Array(2 * digestSize + suffix.length);
	for (let at = 0; at < digestSize; at++) {
		name[2 * at] = hexDigits[digest[at]! >>> 4]!;
		name[2 * at + 1] = hexDigits[digest[at]! & 15]!;
	}
	name.set(suffix, 2 * digestSize);
	return name;
}

/** What row `number` of the journal moves out of the way. */
export const asideName = (number: number): Name => ascii.encode(`aside-${number}`);

/** A link or symlink that row `number` of the journal is about to put in place. */
export const linkName = (number: number): Name => ascii.encode(`link-${number}`);

/** True of what `stagedName` makes. */
export function isStagedContent(name: Name): boolean {
	return contentName.test(octetKey(name));
}

const none = new Uint8Array(0);
