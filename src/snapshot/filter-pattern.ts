/**
 * One pattern, as rsync(1) has them under "PATTERN MATCHING RULES". A pattern with a wildcard
 * becomes a nondeterministic automaton whose states are bits of words (shift-and; Baeza-Yates and
 * Gonnet, 1992): it reads each octet of a path once and never goes back. A match therefore costs
 * at most path size × ⌈(pattern size + 1) / 32⌉ steps, 4,095 × 128 for the longest of both, where
 * a matcher that tries every length for every star needs a power of the path's size for
 * `*a*a*a*b`. Names are octets: classes such as [:alpha:] know ASCII alone.
 */
import {equalOctets} from './path.ts';
import {readWildcards, type Wildcards} from './wildcard.ts';

const slash = 0x2f;
const star = 0x2a;

/** Bits of a word that hold states. */
const wordBits = 32;

export class FilterPattern {
	/** Matches directories only. */
	readonly #isForDirectories: boolean;
	/** Without a leading slash and one at the end. */
	readonly #octets: Uint8Array;
	readonly #isAnchored: boolean;
	readonly #slashCount: number;
	readonly #hasDeep: boolean;
	readonly #beginsDeep: boolean;
	readonly #endsDeeper: boolean;
	/** Undefined: no wildcard in it, so a backslash is one. */
	readonly #automaton: Automaton | undefined;
	readonly #isHopeless: boolean;

	constructor(pattern: Uint8Array) {
		const isForDirectories = pattern.length > 1 && pattern[pattern.length - 1] === slash;
		const octets = isForDirectories ? pattern.subarray(0, -1) : pattern;
		const isWild = octets.some(octet => octet === star || octet === 0x3f || octet === 0x5b);
		const deep = isWild ? findDeep(octets) : -1;
		this.#isForDirectories = isForDirectories;
		this.#isAnchored = octets[0] === slash;
		this.#octets = this.#isAnchored ? octets.subarray(1) : octets;
		this.#slashCount = octets.reduce((count, octet) => count + (octet === slash ? 1 : 0), 0);
		this.#hasDeep = deep >= 0;
		this.#beginsDeep = deep === 0;
		this.#endsDeeper = this.#hasDeep && octets.subarray(-3).every(octet => octet === star);
		this.#endsDeeper &&= octets.length >= 3;
		const wildcards = isWild ? readWildcards(this.#octets) : undefined;
		this.#automaton = wildcards && makeAutomaton(wildcards);
		this.#isHopeless = isWild && wildcards === undefined;
	}

	/** False: only the last component of a path matters, so a prefix of it never does. */
	get isOfPath(): boolean {
		return this.#slashCount > 0 || this.#hasDeep;
	}

	/**
	 * `name`: where the last component of the path begins. `isAbsolute`: what is above the root of
	 * the transfer is a part of the path.
	 */
	matches(path: Uint8Array, name: number, isDirectory: boolean, isAbsolute: boolean): boolean {
		if (this.#isHopeless || (this.#isForDirectories && !isDirectory)) return false;
		const automaton = this.#automaton;
		if (automaton === undefined) return this.#matchesLiteral(path);
		const {runs} = automaton;
		const tail = isDirectory && this.#endsDeeper;
		if (!this.isOfPath) return runs(path, name, false, tail, false);
		if (this.#isAnchored) return runs(path, 0, false, tail, false);
		// `**/` matches at the root of the transfer too, as if a slash were before it.
		if (this.#beginsDeep) return runs(path, 0, !isAbsolute, tail, false);
		if (this.#hasDeep) return runs(path, 0, false, tail, true);
		const start = lastComponents(path, this.#slashCount + 1);
		return start >= 0 && runs(path, start, false, tail, false);
	}

	/** Without wildcards: the whole path, or its last components. */
	#matchesLiteral(path: Uint8Array): boolean {
		const octets = this.#octets;
		if (this.#isAnchored) return equalOctets(path, octets);
		const start = path.length - octets.length;
		if (start < 0 || (start > 0 && path[start - 1] !== slash)) return false;
		for (let at = 0; at < octets.length; at++) {
			if (path[start + at] !== octets[at]) return false;
		}
		return true;
	}
}

/** Where `**` is first written, whatever it means there; -1: nowhere. */
function findDeep(octets: Uint8Array): number {
	for (let at = 1; at < octets.length; at++) {
		if (octets[at] === star && octets[at - 1] === star) return at - 1;
	}
	return -1;
}

/** Where the last `count` components of a path begin; -1: it has fewer. */
function lastComponents(path: Uint8Array, count: number): number {
	let left = count;
	for (let at = path.length - 1; at >= 0; at--) {
		if (path[at] === slash && --left === 0) return at + 1;
	}
	return left === 1 ? 0 : -1;
}

/**
 * Runs over a path from `start`, with a slash thought before it (`lead`) and after it (`tail`);
 * with `restart` it may also begin after any slash. True if it can end where the path ends.
 */
type Automaton = {
	readonly runs: (
		path: Uint8Array,
		start: number,
		lead: boolean,
		tail: boolean,
		restart: boolean,
	) => boolean;
};

function makeAutomaton(wildcards: Wildcards): Automaton {
	return wildcards.count < wordBits ? narrow(wildcards) : wide(wildcards);
}

/** State `i`: `i` places are matched. All states are bits of one integer. */
function narrow({count, accepts, stays, staysDeep}: Wildcards): Automaton {
	const table = new Int32Array(256);
	let shallow = 0;
	let deep = 0;
	for (let place = 0; place < count; place++) {
		for (let octet = 0; octet < 256; octet++) {
			if (accepts(place, octet)) table[octet]! |= 1 << (place + 1);
		}
	}
	for (let state = 0; state <= count; state++) {
		if (stays(state)) shallow |= 1 << state;
		if (staysDeep(state)) deep |= 1 << state;
	}
	const last = 1 << count;
	return {
		runs(path, start, lead, tail, restart) {
			let states = 1;
			if (lead) states = ((states << 1) & table[slash]!) | (states & deep);
			for (let at = start; at < path.length; at++) {
				const octet = path[at]!;
				const isSlash = octet === slash;
				states = ((states << 1) & table[octet]!) | (states & (isSlash ? deep : shallow));
				if (isSlash && restart) states |= 1;
				else if (states === 0 && !restart) return false;
			}
			if (tail) states = ((states << 1) & table[slash]!) | (states & deep);
			return (states & last) !== 0;
		},
	};
}

/** The same over several words, for long patterns. */
function wide({count, accepts, stays, staysDeep}: Wildcards): Automaton {
	const words = Math.ceil((count + 1) / wordBits);
	const table = new Uint32Array(256 * words);
	const shallow = new Uint32Array(words);
	const deep = new Uint32Array(words);
	const set = (to: Uint32Array, first: number, state: number): void => {
		to[first + (state >>> 5)]! |= 1 << (state & 31);
	};
	for (let place = 0; place < count; place++) {
		for (let octet = 0; octet < 256; octet++) {
			if (accepts(place, octet)) set(table, octet * words, place + 1);
		}
	}
	for (let state = 0; state <= count; state++) {
		if (stays(state)) set(shallow, 0, state);
		if (staysDeep(state)) set(deep, 0, state);
	}
	const states = new Uint32Array(words);
	const step = (octet: number): void => {
		const kept = octet === slash ? deep : shallow;
		let carry = 0;
		for (let word = 0; word < words; word++) {
			const before = states[word]!;
			const moved = ((before << 1) | carry) & table[octet * words + word]!;
			states[word] = moved | (before & kept[word]!);
			carry = before >>> 31;
		}
	};
	return {
		runs(path, start, lead, tail, restart) {
			states.fill(0);
			states[0] = 1;
			if (lead) step(slash);
			for (let at = start; at < path.length; at++) {
				step(path[at]!);
				if (restart && path[at] === slash) states[0]! |= 1;
			}
			if (tail) step(slash);
			return ((states[count >>> 5]! >>> (count & 31)) & 1) !== 0;
		},
	};
}
