/** Node's bigint stat made flat. */
import type {BigIntStats} from 'node:fs';
import type {Stat} from '../src/platform/tree.ts';

const nanos = new BigInt64Array(1);
const halves = new Int32Array(nanos.buffer);
const low = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;

export function flatStat(stats: BigIntStats): Stat {
	const mode = Number(stats.mode);
	const mtimeSec = seconds(stats.mtimeNs);
	const mtimeNsec = rest;
	const ctimeSec = seconds(stats.ctimeNs);
	return {
		format: mode & 0o170000,
		mode: mode & 0o7777,
		uid: Number(stats.uid),
		gid: Number(stats.gid),
		size: Number(stats.size),
		linkCount: Number(stats.nlink),
		ino: stats.ino,
		dev: stats.dev,
		mtimeSec,
		mtimeNsec,
		ctimeSec,
		ctimeNsec: rest,
		blocks: Number(stats.blocks),
	};
}

/** Nanoseconds that the last call of `seconds` left over. */
let rest = 0;

/**
 * Whole seconds, rounded down, without a bigint division (it costs as much as all the rest): the
 * quotient in doubles is off by one at most, and 32 bits are enough to see by how much.
 */
function seconds(ns: bigint): number {
	nanos[0] = ns;
	let sec = Math.floor(Number(ns) / 1e9);
	rest = (halves[low]! - Math.imul(sec, 1e9)) | 0;
	if (rest < 0) {
		sec--;
		rest += 1e9;
	} else if (rest >= 1e9) {
		sec++;
		rest -= 1e9;
	}
	return sec;
}
