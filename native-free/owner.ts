/** Users and groups as /etc/passwd and /etc/group list them. */
import {readFileSync} from 'node:fs';
import type {OwnerNames} from '../src/platform/owner.ts';
import {nodeCode} from './tree-error.ts';

/**
 * Read once. Users that only a directory service knows have no name here; Node has no
 * getpwuid(3), and their numbers travel all the same.
 */
export function readOwners(passwd = '/etc/passwd', group = '/etc/group'): OwnerNames {
	const users = readTable(passwd);
	const groups = readTable(group);
	return {
		user: uid => users.names.get(uid),
		group: gid => groups.names.get(gid),
		uid: name => users.numbers.get(latin1(name)),
		gid: name => groups.numbers.get(latin1(name)),
	};
}

type Table = {
	readonly names: Map<number, Uint8Array>;
	/** By the name's octets as Latin-1. */
	readonly numbers: Map<string, number>;
};

/** passwd(5) and group(5) agree in what counts: the name first, the number third. */
function readTable(path: string): Table {
	const names = new Map<number, Uint8Array>();
	const numbers = new Map<string, number>();
	for (const line of readLines(path)) {
		const [name = '', , digits = ''] = line.split(':');
		if (name === '' || name.startsWith('#') || !/^\d{1,10}$/.test(digits)) continue;
		const number = Number(digits);
		if (!names.has(number)) names.set(number, Uint8Array.from(Buffer.from(name, 'latin1')));
		if (!numbers.has(name)) numbers.set(name, number);
	}
	return {names, numbers};
}

/** A system without such a file knows no names. */
function readLines(path: string): string[] {
	try {
		return readFileSync(path, 'latin1').split('\n');
	} catch (error) {
		if (nodeCode(error) === undefined) throw error;
		return [];
	}
}

function latin1(octets: Uint8Array): string {
	return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1');
}
