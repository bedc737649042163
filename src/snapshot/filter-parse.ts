/**
 * Reads filter rules as rsync(1) writes them: options in the order of the command line, and the
 * files that they or the rules name. What the files hold is asked of the caller.
 */
import {ShoalError} from '../error.ts';
import {decodeUtf8} from '../escape.ts';
import {pathSizeMax} from '../limit.ts';
import type {FilterRule} from './filter-rule.ts';
import {splitLines} from './text-lines.ts';

/** One option: a rule, a pattern, or the name of a file of patterns. */
export type FilterArgument = {
	readonly option: 'filter' | 'exclude' | 'include' | 'excludeFrom' | 'includeFrom';
	readonly text: Uint8Array;
};

/** How rules are read. */
export type FilterParseOptions = {
	/** Rules without a side say only what the image has: `--delete-excluded`. */
	readonly deleteExcluded?: boolean;
	/** Lines of files end with a NUL. */
	readonly nulLines?: boolean;
	/** Octets of a file that a rule names; `-` is what the operator pipes in. */
	readonly readFile: (name: Uint8Array) => Uint8Array;
};

/**
 * Rules of all options together, in their order.
 * @throws ShoalError OPTION_INVALID, OPTION_UNBUILT, and what `readFile` throws
 */
export function parseFilterRules(
	given: readonly FilterArgument[],
	options: FilterParseOptions,
): FilterRule[] {
	const parser = new RuleParser(options);
	for (const {option, text} of given) {
		if (option === 'filter') parser.text(text, plain);
		else if (option === 'exclude') parser.text(text, old(false));
		else if (option === 'include') parser.text(text, old(true));
		else parser.file(text, old(option === 'includeFrom'));
	}
	return parser.rules;
}

/** What a rule, or a whole file, takes over from the rule that names it. */
type Form = {
	/** How a rule begins: with its name, with `+ ` or `- ` at most, or with its pattern. */
	readonly prefix: 'name' | 'sign' | 'none';
	readonly include: boolean;
	/** Rules end at white space, not where a line ends. */
	readonly words: boolean;
	/** A `!` alone clears the list although there are no names. */
	readonly clears: boolean;
	readonly hides: boolean;
	readonly protects: boolean;
	readonly absolute: boolean;
	readonly perishable: boolean;
};

const plain: Form = {
	prefix: 'name',
	include: false,
	words: false,
	clears: false,
	hides: false,
	protects: false,
	absolute: false,
	perishable: false,
};

function old(include: boolean): Form {
	return {...plain, prefix: 'sign', include};
}

/** What the start of a rule says. */
type Head = {
	kind: 'pattern' | 'merge' | 'clear';
	/** Where the pattern or name of a file begins. */
	start: number;
	form: Mutable<Form>;
	negated: boolean;
	/** The file that is merged is itself hidden. */
	excludesSelf: boolean;
};
type Mutable<T> = {-readonly [K in keyof T]: T[K]};

const names: Readonly<Record<string, string>> = {
	exclude: '-',
	include: '+',
	hide: 'H',
	show: 'S',
	protect: 'P',
	risk: 'R',
	merge: '.',
	'dir-merge': ':',
	clear: '!',
};

/** Files that merge files that merge files: deeper than anyone writes, but for a file in itself. */
const depthMax = 20;

const isSpace = (octet: number | undefined): boolean =>
	octet === 0x20 || (octet !== undefined && octet >= 0x09 && octet <= 0x0d);

class RuleParser {
	readonly rules: FilterRule[] = [];
	readonly #options: FilterParseOptions;
	/** Names of the files being read, the innermost last. */
	readonly #files: string[] = [];

	constructor(options: FilterParseOptions) {
		this.#options = options;
	}

	file(name: Uint8Array, form: Form): void {
		if (this.#files.length === depthMax) throw this.#invalid('merges itself', name);
		this.#files.push(shown(name));
		const octets = this.#options.readFile(name);
		const nulLines = this.#options.nulLines === true;
		if (form.words) {
			// A NUL parts words, too, where it ends lines.
			this.text(nulLines ? octets.map(octet => (octet === 0 ? 0x0a : octet)) : octets, form);
		} else {
			for (const line of splitLines(octets, nulLines)) this.text(line, form);
		}
		this.#files.pop();
	}

	/** One rule; or many, where rules are words. */
	text(text: Uint8Array, form: Form): void {
		for (let at = 0; ; ) {
			while (form.words && isSpace(text[at])) at++;
			if (at >= text.length) return;
			const head = this.#head(text, at, form);
			let end = form.words ? head.start : text.length;
			while (end < text.length && !isSpace(text[end])) end++;
			this.#take(head, text.subarray(head.start, end), text.subarray(at, end));
			at = end;
		}
	}

	#take(head: Head, rest: Uint8Array, whole: Uint8Array): void {
		const {kind, form, negated, excludesSelf} = head;
		if (kind === 'clear') {
			if (rest.length > 0) throw this.#invalid('is followed by something', whole);
			this.rules.length = 0;
			return;
		}
		if (rest.length === 0 && !(kind === 'merge' && form.clears)) {
			throw this.#invalid(kind === 'merge' ? 'names no file' : 'has no pattern', whole);
		}
		if (rest.length > pathSizeMax) throw this.#invalid('is longer than any path', whole);
		if (kind === 'pattern') {
			this.#add(rest, form, negated);
			return;
		}
		const file = rest.length === 0 ? new TextEncoder().encode('.cvsignore') : rest;
		if (excludesSelf) this.#add(file.subarray(file.lastIndexOf(0x2f) + 1), plain, false);
		this.file(file, form);
	}

	#add(pattern: Uint8Array, form: Form, negated: boolean): void {
		const {include, absolute, perishable} = form;
		const isSided = form.hides || form.protects;
		const hides = form.hides || !isSided;
		const protects = form.protects || (!isSided && this.#options.deleteExcluded !== true);
		this.rules.push({
			pattern: pattern.slice(),
			include,
			hides,
			protects,
			negated,
			absolute,
			perishable,
		});
	}

	#head(text: Uint8Array, start: number, form: Form): Head {
		const head: Head = {
			kind: 'pattern',
			start,
			form: {...form, prefix: 'name', words: false, clears: false},
			negated: false,
			excludesSelf: false,
		};
		if (form.prefix === 'name') return this.#named(text, start, form, head);
		const rest = text.subarray(start);
		const isSigned = form.prefix === 'sign' && rest[1] === 0x20;
		if (isSigned && (rest[0] === 0x2b || rest[0] === 0x2d)) {
			head.form.include = rest[0] === 0x2b;
			head.start += 2;
		} else if (rest[0] === 0x21 && (form.prefix === 'sign' || form.clears)) {
			const isAlone = rest.length === 1 || (form.words && isSpace(rest[1]));
			if (isAlone) return {...head, kind: 'clear', start: start + 1};
		}
		return head;
	}

	/** A rule that begins with a name or its letter, modifiers, and one space or `_`. */
	#named(text: Uint8Array, start: number, form: Form, head: Head): Head {
		const whole = text.subarray(start);
		const [letter, size] = readName(whole);
		let at = start + size;
		if (letter === '!') {
			if (text[at] === 0x2c) at++;
			return {...head, kind: 'clear', start: at};
		}
		if (letter === ':') {
			throw this.#unbuilt(
				'per-directory rules are in files of the source, which a receiver has not; ' +
					'merge a file of your own instead',
				whole,
			);
		}
		if (letter === '.') head.kind = 'merge';
		else if (!'+-HSPR'.includes(letter)) throw this.#invalid('is no filter rule', whole);
		const isSided = 'HSPR'.includes(letter);
		if ('+SR'.includes(letter)) head.form.include = true;
		if ('HS'.includes(letter)) head.form.hides = true;
		if ('PR'.includes(letter)) head.form.protects = true;
		if (isSided && (form.hides || form.protects)) throw this.#sidedTwice(whole);
		if (text[at] === 0x2c) at++;
		for (; at < text.length && text[at] !== 0x20 && text[at] !== 0x5f; at++) {
			if (form.words && isSpace(text[at])) break;
			this.#modifier(String.fromCharCode(text[at]!), head, {form, isSided, whole});
		}
		head.start = Math.min(at + 1, text.length);
		return head;
	}

	#modifier(
		letter: string,
		head: Head,
		rule: {form: Form; isSided: boolean; whole: Uint8Array},
	): void {
		const {form} = head;
		const isMerge = head.kind === 'merge';
		const isFree = isMerge && form.prefix === 'name';
		if (letter === '/') form.absolute = true;
		else if (letter === 'p') form.perishable = true;
		else if (letter === '!' && !isMerge) head.negated = true;
		else if ((letter === 's' || letter === 'r') && !rule.isSided) {
			if (rule.form.hides || rule.form.protects) throw this.#sidedTwice(rule.whole);
			if (letter === 's') form.hides = true;
			else form.protects = true;
		} else if ((letter === '-' || letter === '+') && isFree) {
			form.prefix = 'none';
			form.include = letter === '+';
		} else if (letter === 'C' && isFree) {
			form.prefix = 'none';
			form.words = true;
			form.clears = true;
		} else if (letter === 'e' && isMerge) head.excludesSelf = true;
		else if (letter === 'w' && isMerge) form.words = true;
		else if (letter === 'C' && !isMerge && !rule.isSided) {
			throw this.#unbuilt('the modifier C stands for a list: write its patterns', rule.whole);
		} else if (letter === 'x') {
			throw this.#unbuilt('the modifier x is for extended attributes', rule.whole);
		} else if (letter !== 'n' || !isMerge) {
			throw this.#invalid(`has the modifier '${letter}', which does not go there`, rule.whole);
		}
	}

	#sidedTwice(rule: Uint8Array): ShoalError {
		return this.#invalid('says sides, as the rule does that merges its file', rule);
	}

	#invalid(what: string, rule: Uint8Array): ShoalError {
		return new ShoalError('OPTION_INVALID', `${this.#place()}'${shown(rule)}' ${what}`);
	}

	#unbuilt(why: string, rule: Uint8Array): ShoalError {
		return new ShoalError('OPTION_UNBUILT', `${this.#place()}'${shown(rule)}': ${why}`);
	}

	#place(): string {
		return this.#files.length === 0 ? 'filter rule ' : `${this.#files.join(': ')}: `;
	}
}

/** The letter that a rule's name stands for, and how long the name is; a letter for itself. */
function readName(rule: Uint8Array): [letter: string, size: number] {
	const first = String.fromCharCode(rule[0]!);
	if (!/[a-z]/.test(first)) return [first, 1];
	let size = 0;
	while (size < rule.length && !isSpace(rule[size]) && !'_,'.includes(charAt(rule, size))) size++;
	const name = String.fromCharCode(...rule.subarray(0, Math.min(size, 16)));
	return [Object.hasOwn(names, name) ? names[name]! : '?', size];
}

function charAt(octets: Uint8Array, at: number): string {
	return String.fromCharCode(octets[at]!);
}

function shown(octets: Uint8Array): string {
	const text = decodeUtf8(octets) ?? String.fromCharCode(...octets.subarray(0, 200));
	return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
