/** One rule of a filter, read and complete: what rsync(1) has under "FILTER RULES IN DEPTH". */
import {concatenate} from '../concatenate.ts';

/** A rule as `parseFilterRules` makes it. */
export type FilterRule = {
	/** Octets as they were written, a slash at the end included. */
	readonly pattern: Uint8Array;
	/** What matches is shown and at risk; else it is hidden and protected. */
	readonly include: boolean;
	/** Decides what the image has. */
	readonly hides: boolean;
	/** Decides what of DEST may be deleted. */
	readonly protects: boolean;
	/** Takes effect where the pattern does not match. */
	readonly negated: boolean;
	/** The pattern is held against the path from the root of the file system or module. */
	readonly absolute: boolean;
	/** Protects nothing in a directory that is itself deleted. */
	readonly perishable: boolean;
};

/** The rules as octets: other rules, or another order of them, are other octets. */
export function encodeRules(rules: readonly FilterRule[]): Uint8Array {
	const parts: Uint8Array[] = [];
	for (const {pattern, include, hides, protects, negated, absolute, perishable} of rules) {
		let flags = 0;
		for (const flag of [include, hides, protects, negated, absolute, perishable]) {
			flags = flags * 2 + (flag ? 1 : 0);
		}
		const head = new Uint8Array(5);
		head[0] = flags;
		new DataView(head.buffer).setUint32(1, pattern.length);
		parts.push(head, pattern);
	}
	return concatenate(parts);
}
