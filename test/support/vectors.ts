/** Published test vectors: text files in `vectors/`, a case a line, fields in hexadecimal. */
import {readText} from './repository.ts';

/** The fields of each line, comments left out. */
export function readVectors(name: string): string[][] {
	return readText(`test/support/vectors/${name}.txt`)
		.split('\n')
		.filter(line => line !== '' && !line.startsWith('#'))
		.map(line => line.split(' '));
}

/** Octets of a field; `-` is none. */
export function octets(field: string): Uint8Array {
	return field === '-' ? new Uint8Array(0) : Uint8Array.from(Buffer.from(field, 'hex'));
}

export function hex(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString('hex');
}
