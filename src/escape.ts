/**
 * Names as people may see them. A file's name can hold any octet but NUL and slash, terminal
 * escapes and line ends included, so every output (terminal, log, JSON message) passes here first.
 */

/** What could mislead a reader or command a terminal: controls, line ends, bidi overrides. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
const encoder = new TextEncoder();
const utf8 = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
const plainMin = 0x20;
const plainMax = 0x7e;
const backslash = 0x5c;
const hash = 0x23;

/**
 * For every output: printable UTF-8 stays as it is; any other octet becomes `\#ooo`, and so does
 * the backslash of a literal `\#ooo`, as rsync writes names. So distinct paths look distinct.
 */
export function escapePath(path: Uint8Array): string {
	return shown(path, at => isEscape(path, at));
}

/** A sentence, for every output: what was escaped in it before stays as it is. */
export function escapeText(text: string): string {
	return shown(encoder.encode(text), () => false);
}

function shown(path: Uint8Array, isLiteral: (at: number) => boolean): string {
	let text = '';
	let at = 0;
	while (at < path.length) {
		const octet = path[at]!;
		if (octet >= plainMin && octet <= plainMax) {
			text +=
				octet === backslash && isLiteral(at) ? escapeOctet(octet) : String.fromCharCode(octet);
			at++;
			continue;
		}
		const size = sequenceSize(octet);
		const character = size === 1 ? undefined : decode(path.subarray(at, at + size));
		if (character === undefined || unprintable.test(character)) {
			const end = character === undefined ? at + 1 : at + size;
			for (; at < end; at++) text += escapeOctet(path[at]!);
		} else {
			text += character;
			at += size;
		}
	}
	return text;
}

/** `\#ooo`, in octal. */
export function escapeOctet(octet: number): string {
	return `\\#${octet.toString(8).padStart(3, '0')}`;
}

/** The text of octets that are UTF-8, else undefined. */
export function decodeUtf8(octets: Uint8Array): string | undefined {
	try {
		return utf8.decode(octets);
	} catch (error) {
		if (error instanceof TypeError) return undefined;
		throw error;
	}
}

function decode(octets: Uint8Array): string | undefined {
	const text = decodeUtf8(octets);
	// A cut sequence at the end of the path decodes to nothing; never more than one character.
	return text === undefined || text.length === 0 ? undefined : text;
}

/** Octets of the UTF-8 sequence that `first` begins; 1 if it begins none. RFC 3629 §3. */
function sequenceSize(first: number): number {
	if (first >= 0xc2 && first < 0xe0) return 2;
	if (first >= 0xe0 && first < 0xf0) return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 1;
}

/** Whether a literal `\#ooo` begins there. */
export function isEscape(path: Uint8Array, at: number): boolean {
	if (path[at + 1] !== hash) return false;
	for (let index = at + 2; index < at + 5; index++) {
		const octet = path[index];
		if (octet === undefined || octet < 0x30 || octet > 0x39) return false;
	}
	return true;
}
