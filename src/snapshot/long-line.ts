/** Entries as lines for people. */
import {escapePath} from '../escape.ts';
import type {EntryView} from './entry.ts';
import {civilTime, deviceMajor, deviceMinor, isDevice, modeText, two} from './entry-text.ts';

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

/** UTC, to the second, without the zone: `2001-02-03T04:05:06`. */
export function timeText(unixSec: number): string {
	const {year, month, day, hour, minute, second} = civilTime(unixSec);
	const sign = year < 0 ? '-' : '';
	const date = `${sign}${String(Math.abs(year)).padStart(4, '0')}-${two(month)}-${two(day)}`;
	return `${date}T${two(hour)}:${two(minute)}:${two(second)}`;
}

function ownerText(name: Uint8Array, id: number): string {
	return name.length > 0 ? escapePath(name) : String(id);
}

function sizeText(entry: EntryView): string {
	return isDevice(entry) ? `${deviceMajor(entry)}, ${deviceMinor(entry)}` : String(entry.size);
}
