/** What the environment says of letters and of local time. */
import type {RsyncCharset} from '../snapshot/rsync-line.ts';

/** setlocale(3): LC_ALL, else LC_CTYPE, else LANG; the empty one counts as missing. */
export function localCharset(environment: NodeJS.ProcessEnv): RsyncCharset {
	const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || 'C';
	return /\.utf-?8(?:@|$)/i.test(locale) ? 'utf8' : 'ascii';
}

/** Seconds that local time is ahead of UTC at a Unix time, also where no Date reaches. */
export function localZoneOffset(unixSec: number): number {
	const sec = Math.max(-dateSecMax, Math.min(dateSecMax, unixSec));
	const date = new Date(sec * 1000);
	const local = new Date(0);
	local.setUTCFullYear(date.getFullYear(), date.getMonth(), date.getDate());
	local.setUTCHours(date.getHours(), date.getMinutes(), date.getSeconds());
	return local.getTime() / 1000 - sec;
}

/** A day less than what ECMAScript's dates span either side of 1970. */
const dateSecMax = 8.64e12 - 86_400;
