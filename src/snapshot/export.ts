/** Entries as lines for people and for other programs. */
import {decodeUtf8, escapePath} from '../escape.ts';
import {toHex} from '../hex.ts';
import {type EntryView, entryType, entryTypeNames} from './entry.ts';

/** What `ls -l` shows for each type, by number. */
const typeLetters = '-dlpsbc';
const permissionLetters = 'rwxrwxrwx';
const secondsPerDay = 86_400;

/** One line as of `ls -l`, times in UTC; the root directory is `.`. */
export function longLine(entry: EntryView): string {
	const columns = [
		modeText(entry),
		ownerText(entry.owner, entry.uid).padEnd(8),
		ownerText(entry.group, entry.gid).padEnd(8),
		sizeText(entry).padStart(12),
		`${timeText(entry.mtimeSec)}Z`,
		entry.path.length === 0 ? '.' : escapePath(entry.path),
	];
	if (entry.target.length > 0) columns.push('->', escapePath(entry.target));
	if (entry.link.length > 0) columns.push('=', escapePath(entry.link));
	if (entry.unread) columns.push('(unread)');
	return columns.join(' ');
}

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
		mtime: `${entry.mtimeSec}.${String(entry.mtimeNsec).padStart(9, '0')}`,
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

/** UTC, to the second, without the zone: `2001-02-03T04:05:06`. */
export function timeText(unixSec: number): string {
	const days = Math.floor(unixSec / secondsPerDay);
	const second = unixSec - days * secondsPerDay;
	const {year, month, day} = civilDate(days);
	const [hours, minutes] = [Math.floor(second / 3600), Math.floor(second / 60) % 60];
	const two = (value: number): string => String(value).padStart(2, '0');
	const sign = year < 0 ? '-' : '';
	const date = `${sign}${String(Math.abs(year)).padStart(4, '0')}-${two(month)}-${two(day)}`;
	return `${date}T${two(hours)}:${two(minutes)}:${two(second % 60)}`;
}

/**
 * Date of a day counted from 1970-01-01, in the Gregorian calendar before and after. Counted from
 * 1 March of a year 0, so that a leap day ends its year; 400 years have 146,097 days.
 */
function civilDate(days: number): {year: number; month: number; day: number} {
	const shifted = days + 719_468;
	const era = Math.floor(shifted / 146_097);
	const dayOfEra = shifted - era * 146_097;
	const leapDays =
		Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
	const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
	const yearStart = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
	const dayOfYear = dayOfEra - yearStart;
	const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
	const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
	return {
		year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
		month,
		day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
	};
}

function modeText({type, mode}: EntryView): string {
	const letters = [...permissionLetters].map((letter, index) =>
		mode & (0o400 >>> index) ? letter : '-',
	);
	const special = (bit: number, place: number, letter: string): void => {
		if (mode & bit) letters[place] = letters[place] === 'x' ? letter : letter.toUpperCase();
	};
	special(0o4000, 2, 's');
	special(0o2000, 5, 's');
	special(0o1000, 8, 't');
	return typeLetters[type] + letters.join('');
}

function ownerText(name: Uint8Array, id: number): string {
	return name.length > 0 ? escapePath(name) : String(id);
}

function sizeText(entry: EntryView): string {
	return isDevice(entry) ? `${deviceMajor(entry)}, ${deviceMinor(entry)}` : String(entry.size);
}

function isDevice({type}: EntryView): boolean {
	return type === entryType.blockDevice || type === entryType.charDevice;
}

const deviceMajor = ({device}: EntryView): number => Math.floor(device / 0x1_0000_0000);
const deviceMinor = ({device}: EntryView): number => device % 0x1_0000_0000;

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
