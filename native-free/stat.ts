/** Node's bigint stat made flat. */
import type {BigIntStats} from 'node:fs';
import type {Stat} from '../src/platform/tree.ts';

type Writable<T> = {-readonly [Key in keyof T]: T[Key]};
export type FlatStat = Writable<Stat>;

const nanos = new BigInt64Array(1);
const halves = new Int32Array(nanos.buffer);
const low = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;

export function flatStat(stats: BigIntStats): Stat {
	return fillStat(stats, emptyStat());
}

export function emptyStat(): FlatStat {
	return {
		format: 0,
		mode: 0,
		uid: 0,
		gid: 0,
		size: 0,
		linkCount: 0,
		ino: 0n,
		dev: 0n,
		mtimeSec: 0,
		mtimeNsec: 0,
		ctimeSec: 0,
		ctimeNsec: 0,
		blocks: 0,
		device: 0,
	};
}

export function fillStat(stats: BigIntStats, into: FlatStat): Stat {
	const mode = Number(stats.mode);
	into.format = mode & 0o170000;
	into.mode = mode & 0o7777;
	into.uid = Number(stats.uid);
	into.gid = Number(stats.gid);
	into.size = Number(stats.size);
	into.linkCount = Number(stats.nlink);
	into.ino = stats.ino;
	into.dev = stats.dev;
	into.mtimeSec = seconds(stats.mtimeNs);
	into.mtimeNsec = rest;
	into.ctimeSec = seconds(stats.ctimeNs);
	into.ctimeNsec = rest;
	into.blocks = Number(stats.blocks);
	into.device = isDevice(into.format) ? deviceNumber(stats.rdev) : 0;
	return into;
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

function isDevice(format: number): boolean {
	return format === 0o020000 || format === 0o060000;
}

/** Linux spreads major and minor over 64 bits: 12 and 8 in the low ones, the rest above. */
function deviceNumber(rdev: bigint): number {
	const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xffff_f000n);
	const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffff_ff00n);
	return Number(major) * 2 ** 32 + Number(minor);
}
