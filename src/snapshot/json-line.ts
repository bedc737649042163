/** Entries as JSON lines for other programs. */
import {decodeUtf8} from '../escape.ts';
import {toHex} from '../hex.ts';
import {type EntryView, entryType, entryTypeNames} from './entry.ts';
import {deviceMajor, deviceMinor, isDevice, timestampText} from './entry-text.ts';

/**
 * One JSON object. Octets that are not UTF-8 stand in base64, under the field's name with 64 after
 * it. `mtime` is a string, since a number would lose its nanoseconds.
 */
export function jsonLine(entry: EntryView): string {
	const {type} = entry;
	const line: Record<string, unknown> = {
		...octetsField('path', entry.path),
		type: entryTypeNames[type],
		mode: entry.mode.toString(8).padStart(4, '0'),
		mtime: timestampText(entry),
		uid: entry.uid,
		gid: entry.gid,
	};
	if (entry.owner.length > 0) Object.assign(line, octetsField('owner', entry.owner));
	if (entry.group.length > 0) Object.assign(line, octetsField('group', entry.group));
	if (type === entryType.file) line['size'] = entry.size;
	if (entry.target.length > 0) Object.assign(line, octetsField('target', entry.target));
	if (isDevice(entry)) {
		line['major'] = deviceMajor(entry);
		line['minor'] = deviceMinor(entry);
	}
	if (entry.link.length > 0) Object.assign(line, octetsField('link', entry.link));
	if (entry.linkCount > 1) line['linkCount'] = entry.linkCount;
	if (entry.digest.length > 0) line['digest'] = toHex(entry.digest);
	if (entry.flatDigest.length > 0) line['sha256'] = toHex(entry.flatDigest);
	if (entry.xattr.length > 0) line['xattr'] = toHex(entry.xattr);
	if (entry.unread) line['unread'] = true;
	if (entry.sparse) line['sparse'] = true;
	return escapeJson(JSON.stringify(line));
}

/** RFC 4648 §4, with padding. */
export function base64Text(octets: Uint8Array): string {
	const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
	let text = '';
	for (let at = 0; at < octets.length; at += 3) {
		const [a, b = 0, c = 0] = octets.subarray(at, at + 3);
		const group = (a! << 16) | (b << 8) | c;
		const size = Math.min(3, octets.length - at);
		for (let index = 0; index < 4; index++) {
			text += index <= size ? letters[(group >>> (18 - 6 * index)) & 63]! : '=';
		}
	}
	return text;
}

function octetsField(name: string, octets: Uint8Array): Record<string, string> {
	const text = decodeUtf8(octets);
	return text === undefined ? {[`${name}64`]: base64Text(octets)} : {[name]: text};
}

/** JSON escapes C0 itself; what else could command a terminal is escaped here. */
function escapeJson(text: string): string {
	return text.replace(
		/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
		character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);
}
