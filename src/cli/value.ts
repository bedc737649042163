/** Readers of option values: text in, a checked value out. */
import {ShoalError} from '../error.ts';
import {type ChoiceKind, choiceTable, type ValueKind} from './option-row.ts';

/** What the text of option `flag` means. @throws ShoalError OPTION_INVALID, OPTION_UNBUILT */
export function readValue(kind: ValueKind, flag: string, text: string): string | number {
	switch (kind) {
		case 'address':
		case 'directory':
		case 'file':
		case 'text':
			if (text === '') throw new ShoalError('OPTION_INVALID', `${flag} wants a value`);
			return text;
		case 'rule':
			if (!text.includes('\ufffd')) return text;
			throw new ShoalError('OPTION_INVALID', `${flag} is not UTF-8; put it in a file to merge`);
		case 'count':
		case 'seconds':
			return readCount(flag, text);
		case 'rate':
			return readRate(flag, text);
		case 'format':
		case 'publish':
		case 'congestion':
		case 'compress':
		case 'link':
			return readChoice(kind, flag, text);
	}
}

function readCount(flag: string, text: string): number {
	const value = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
	if (value === undefined) {
		throw new ShoalError('OPTION_INVALID', `${flag} wants a whole number, not ${text}`);
	}
	return value;
}

/**
 * Octets a second, as rsync reads --bwlimit: without a suffix in units of 1024, K M G T of powers
 * of 1024, KB MB GB TB of powers of 1000, case ignored, fractions allowed; 0 is no limit.
 */
function readRate(flag: string, text: string): number {
	const match = /^(\d{1,12}(?:\.\d{1,9})?)(?:([bkmgt])(i?b)?)?$/i.exec(text);
	const unit = (match?.[2] ?? 'k').toLowerCase();
	const base = match?.[3]?.toLowerCase() === 'b' ? 1000 : 1024;
	const rate = Math.round(Number(match?.[1]) * base ** 'bkmgt'.indexOf(unit));
	if (match === null || !Number.isSafeInteger(rate) || (unit === 'b' && match[3] !== undefined)) {
		throw new ShoalError(
			'OPTION_INVALID',
			`${flag} wants a rate like 500, 1.5M or 2MB, not ${text}`,
		);
	}
	return rate;
}

function readChoice(kind: ChoiceKind, flag: string, text: string): string {
	const {words, later}: {words: readonly string[]; later: readonly string[]} = choiceTable[kind];
	if (words.includes(text)) return text;
	if (later.includes(text)) {
		throw new ShoalError('OPTION_UNBUILT', `${flag} ${text} belongs to a later version`);
	}
	throw new ShoalError('OPTION_INVALID', `${flag} knows ${listed(words)}, not ${text}`);
}

/** `a`, `a and b`, `a, b and c`. */
function listed(words: readonly string[]): string {
	return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
