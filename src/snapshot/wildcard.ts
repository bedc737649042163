/**
 * Reads the wildcards of a pattern into places, each of which takes one octet, and stars between
 * them, which take any number. rsync(1), "PATTERN MATCHING RULES"; what the manual leaves open
 * (classes without an end, ranges, escapes in classes) is as rsync 3.5.0 does it.
 */

const slash = 0x2f;
const star = 0x2a;
const backslash = 0x5c;
const open = 0x5b;
const close = 0x5d;
const minus = 0x2d;
const colon = 0x3a;

export type Wildcards = {
	/** Places. State `i` lies before place `i`; the last one is at the end. */
	readonly count: number;
	readonly accepts: (place: number, octet: number) => boolean;
	/** Whether a star in this state takes octets but slashes; or any octet. */
	readonly stays: (state: number) => boolean;
	readonly staysDeep: (state: number) => boolean;
};

/** A set of octets: never with a slash unless it is that one octet alone. */
type OctetSet = (octet: number) => boolean;

/** Undefined: nothing can match it. */
export function readWildcards(pattern: Uint8Array): Wildcards | undefined {
	const places: OctetSet[] = [];
	const stars = new Set<number>();
	const deepStars = new Set<number>();
	for (let at = 0; at < pattern.length; ) {
		const octet = pattern[at++]!;
		if (octet === star) {
			if (pattern[at] === star) deepStars.add(places.length);
			while (pattern[at] === star) at++;
			stars.add(places.length);
		} else if (octet === open) {
			const found = new ClassReader(pattern, at).read();
			if (found === undefined) return undefined;
			places.push(found.set);
			at = found.end;
		} else if (octet === 0x3f) {
			places.push(any);
		} else if (octet === backslash) {
			if (at === pattern.length) return undefined;
			places.push(only(pattern[at++]!));
		} else places.push(only(octet));
	}
	return {
		count: places.length,
		accepts: (place, octet) => places[place]!(octet),
		stays: state => stars.has(state),
		staysDeep: state => deepStars.has(state),
	};
}

const any: OctetSet = octet => octet !== slash;

function only(wanted: number): OctetSet {
	return octet => octet === wanted;
}

/** Reads a bracketed class from after its opening bracket. */
class ClassReader {
	readonly #pattern: Uint8Array;
	#at: number;
	readonly #members = new Uint8Array(256);

	constructor(pattern: Uint8Array, start: number) {
		this.#pattern = pattern;
		this.#at = start;
	}

	/** `end`: after the closing bracket. Undefined: it has none, or an unknown name is in it. */
	read(): {set: OctetSet; end: number} | undefined {
		const pattern = this.#pattern;
		const isNegated = pattern[this.#at] === 0x21 || pattern[this.#at] === 0x5e;
		if (isNegated) this.#at++;
		/** A range may begin at the member before; -1: not there. */
		let previous = -1;
		for (let isFirst = true; ; isFirst = false) {
			const octet = pattern[this.#at];
			if (octet === undefined) return undefined;
			if (octet === close && !isFirst) break;
			const next = pattern[this.#at + 1];
			if (octet === minus && previous >= 0 && next !== undefined && next !== close) {
				this.#at++;
				const last = this.#member();
				if (last === undefined) return undefined;
				this.#members.fill(1, previous, Math.max(previous, last + 1));
				previous = -1;
			} else if (octet === open && next === colon) {
				const name = this.#name();
				if (name === undefined) return undefined;
				previous = name ? -1 : open;
			} else {
				const member = this.#member();
				if (member === undefined) return undefined;
				this.#members[member] = 1;
				previous = member;
			}
		}
		const members = this.#members;
		const wanted = isNegated ? 0 : 1;
		return {
			set: octet => octet !== slash && members[octet] === wanted,
			end: this.#at + 1,
		};
	}

	/** One octet, behind a backslash or not. */
	#member(): number | undefined {
		if (this.#pattern[this.#at] === backslash) this.#at++;
		return this.#pattern[this.#at++];
	}

	/** A name such as [:alpha:]; false: it is none, and the bracket a member like others. */
	#name(): boolean | undefined {
		const pattern = this.#pattern;
		const start = this.#at + 2;
		const end = pattern.indexOf(close, start);
		if (end < 0) return undefined;
		if (end === start || pattern[end - 1] !== colon) {
			this.#members[open] = 1;
			this.#at++;
			return false;
		}
		const name = String.fromCharCode(...pattern.subarray(start, end - 1));
		const has = Object.hasOwn(classes, name) ? classes[name as keyof typeof classes] : undefined;
		if (has === undefined) return undefined;
		for (let octet = 0; octet < 128; octet++) if (has(octet)) this.#members[octet] = 1;
		this.#at = end + 1;
		return true;
	}
}

const isBetween = (low: number, high: number) => (octet: number) => octet >= low && octet <= high;
const isUpper = isBetween(0x41, 0x5a);
const isLower = isBetween(0x61, 0x7a);
const isDigit = isBetween(0x30, 0x39);
const isGraph = isBetween(0x21, 0x7e);
const isAlpha: OctetSet = octet => isUpper(octet) || isLower(octet);
const isAlnum: OctetSet = octet => isAlpha(octet) || isDigit(octet);

/** Of ctype.h, in the C locale. */
const classes = {
	alnum: isAlnum,
	alpha: isAlpha,
	blank: octet => octet === 0x20 || octet === 0x09,
	cntrl: octet => octet < 0x20 || octet === 0x7f,
	digit: isDigit,
	graph: isGraph,
	lower: isLower,
	print: isBetween(0x20, 0x7e),
	punct: octet => isGraph(octet) && !isAlnum(octet),
	space: octet => octet === 0x20 || isBetween(0x09, 0x0d)(octet),
	upper: isUpper,
	xdigit: octet => isDigit(octet) || isBetween(0x41, 0x46)(octet) || isBetween(0x61, 0x66)(octet),
} as const satisfies Record<string, OctetSet>;
