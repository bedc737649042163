/**
 * Names as people may see them. A file's name can hold any octet but NUL and slash, terminal
 * escapes and newlines included, so every output (terminal, log, JSON message) passes here first.
 */

/** Controls, format characters (bidirectional overrides among them) and line separators. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});

/**
 * Printable UTF-8 stays; every other octet becomes `\#ooo` in octal, as rsync prints it. A
 * backslash that would look like such an escape is escaped itself, so the answer is unambiguous.
 */
export function escapePath(path: Uint8Array): string {
	let out = '';
	for (let at = 0; at < path.length; ) {
		const size = sequenceSize(path[at]!);
		const text = size === 0 ? undefined : decode(path.subarray(at, at + size));
		if (text === undefined || unprintable.test(text) || looksEscaped(path, at)) {
			const end = text === undefined ? at + 1 : at + size;
			for (; at < end; at++) out += `\\#${path[at]!.toString(8).padStart(3, '0')}`;
		} else {
			out += text;
			at += size;
		}
	}
	return out;
}

/** Octets of the UTF-8 sequence that begins so, 0 if none does. */
function sequenceSize(first: number): number {
	if (first < 0x80) return 1;
	if (first < 0xc2) return 0;
	if (first < 0xe0) return 2;
	if (first < 0xf0) return 3;
	return first < 0xf5 ? 4 : 0;
}

function decode(sequence: Uint8Array): string | undefined {
	try {
		return decoder.decode(sequence);
	} catch (error) {
		if (error instanceof TypeError) return undefined;
		throw error;
	}
}

/** `\#` and three digits, which a reader would take for an escaped octet. */
function looksEscaped(path: Uint8Array, at: number): boolean {
	if (path[at] !== 0x5c || path[at + 1] !== 0x23) return false;
	for (let digit = at + 2; digit < at + 5; digit++) {
		const octet = path[digit];
		if (octet === undefined || octet < 0x30 || octet > 0x39) return false;
	}
	return true;
}
