/** Entries as `rsync -a --list-only DIR/` (3.5.0) prints them; tree-order.ts has its order. */
import {escapeOctet, escapePath, isEscape} from '../escape.ts';
import {type EntryView, entryType} from './entry.ts';
import {civilTime, modeText, two} from './entry-text.ts';

/** Letters of the column of sizes. */
const sizeWidth = 14;
/** What nearly every file system gives for a small directory; a snapshot does not have it. */
const directorySize = 4096;
const tab = 0x09;
const backslash = 0x5c;

/**
 * How octets beyond ASCII are shown. rsync asks the locale: of UTF-8, valid sequences stand as they
 * are; of C, none does; and with --8-bit-output every one does, whatever it is.
 */
export type RsyncCharset = 'ascii' | 'utf8' | 'octets';

export type RsyncLineOptions = {
	readonly charset: RsyncCharset;
	/** Seconds that local time is ahead of UTC at a Unix time. */
	readonly zoneOffset: (unixSec: number) => number;
};

/**
 * One line. `path` is relative to the directory that is listed, empty for itself. With the charset
 * `octets` each character of the answer is one octet, else the answer is text.
 */
export function rsyncLine(
	entry: EntryView,
	path: Uint8Array,
	{charset, zoneOffset}: RsyncLineOptions,
): string {
	const size = grouped(sizeOf(entry)).padStart(sizeWidth);
	const time = timeText(entry.mtimeSec + zoneOffset(entry.mtimeSec));
	const name = path.length === 0 ? '.' : nameText(path, charset);
	const line = `${modeText(entry)} ${size} ${time} ${name}`;
	return entry.target.length === 0 ? line : `${line} -> ${nameText(entry.target, charset)}`;
}

function sizeOf({type, size, target}: EntryView): number {
	if (type === entryType.directory) return directorySize;
	return type === entryType.symlink ? target.length : size;
}

function grouped(value: number): string {
	return String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

function timeText(localSec: number): string {
	const {year, month, day, hour, minute, second} = civilTime(localSec);
	const date = `${String(year).padStart(4)}/${two(month)}/${two(day)}`;
	return `${date} ${two(hour)}:${two(minute)}:${two(second)}`;
}

/** rsync leaves a tab and DEL as they are, and escapes the other controls of ASCII. */
function nameText(octets: Uint8Array, charset: RsyncCharset): string {
	if (charset === 'utf8') {
		// What escapePath escapes beyond that (bidi overrides, C1) stays escaped: it misleads.
		return escapePath(octets).replaceAll('\\#011', '\t').replaceAll('\\#177', '\x7f');
	}
	let text = '';
	for (let at = 0; at < octets.length; at++) {
		const octet = octets[at]!;
		const isPlain = octet < 0x80 ? octet >= 0x20 || octet === tab : charset === 'octets';
		const stays = isPlain && !(octet === backslash && isEscape(octets, at));
		text += stays ? String.fromCharCode(octet) : escapeOctet(octet);
	}
	return text;
}
