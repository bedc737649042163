/** Parts of an entry as text, for every export. */
import {type EntryView, entryType} from './entry.ts';

/** What `ls -l` shows for each type, by number. */
const typeLetters = '-dlpsbc';
const permissionLetters = 'rwxrwxrwx';
const secondsPerDay = 86_400;

/** Type and permissions in ten letters, as `ls -l` and rsync show them. */
export function modeText({type, mode}: EntryView): string {
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

/** A point in time as the numbers of a date, in the Gregorian calendar before and after 1582. */
export type CivilTime = {
	readonly year: number;
	readonly month: number;
	readonly day: number;
	readonly hour: number;
	readonly minute: number;
	readonly second: number;
};

/**
 * UTC; for another zone the caller adds its offset to `unixSec`. Days are counted from 1 March of
 * a year 0, so that a leap day ends its year; 400 years have 146,097 days.
 */
export function civilTime(unixSec: number): CivilTime {
	const days = Math.floor(unixSec / secondsPerDay);
	const second = unixSec - days * secondsPerDay;
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
		hour: Math.floor(second / 3600),
		minute: Math.floor(second / 60) % 60,
		second: second % 60,
	};
}

/** The number in two digits or more. */
export function two(value: number): string {
	return String(value).padStart(2, '0');
}

/** Seconds and nanoseconds as one number: 1.5 s before 1970 is `-2.500000000`, as in `timespec`. */
export function timestampText({mtimeSec, mtimeNsec}: EntryView): string {
	return `${mtimeSec}.${String(mtimeNsec).padStart(9, '0')}`;
}

export function isDevice({type}: EntryView): boolean {
	return type === entryType.blockDevice || type === entryType.charDevice;
}

export const deviceMajor = ({device}: EntryView): number => Math.floor(device / 0x1_0000_0000);
export const deviceMinor = ({device}: EntryView): number => device % 0x1_0000_0000;
