import type {BigIntStats} from 'node:fs';
import test from 'ava';
import {flatStat} from '../../../native-free/stat.ts';
import type {Stat} from '../../../src/platform/tree.ts';
import {Prng} from '../../support/prng.ts';

function statAt(ns: bigint): Stat {
	return flatStat({...zeroes, mtimeNs: ns, ctimeNs: ns + 1n} as unknown as BigIntStats);
}

const names = ['mode', 'uid', 'gid', 'size', 'nlink', 'ino', 'dev', 'blocks', 'rdev'];
const zeroes = Object.fromEntries(names.map(name => [name, 0n]));

function isExact(ns: bigint): boolean {
	const {mtimeSec, mtimeNsec, ctimeSec, ctimeNsec} = statAt(ns);
	return isSplit(ns, mtimeSec, mtimeNsec) && isSplit(ns + 1n, ctimeSec, ctimeNsec);
}

function isSplit(ns: bigint, sec: number, nsec: number): boolean {
	const isInRange = Number.isSafeInteger(sec) && nsec >= 0 && nsec < 1e9;
	return isInRange && BigInt(sec) * 1_000_000_000n + BigInt(nsec) === ns;
}

test('seconds and nanoseconds are exact on both sides of every second', t => {
	// Doubles this large are 1,024 apart, so whole seconds are rounded too, up or down.
	const far = [5_000_000_001n, 5_000_000_003n, 9_000_000_001n];
	for (const sec of [0n, 1n, 2n ** 31n - 1n, 2n ** 31n, 1_795_300_222n, ...far]) {
		for (const side of [-2n, -1n, 0n, 1n]) {
			const ns = sec * 1_000_000_000n + side;
			t.true(isExact(ns), `${ns}`);
			t.true(isExact(-ns), `${-ns}`);
		}
	}
});

test('seconds and nanoseconds are exact anywhere [SHOAL_SEED=5]', t => {
	const prng = new Prng(5);
	for (let count = 0; count < 20_000; count++) {
		const high = BigInt(prng.next() >>> 1) - 2n ** 30n;
		const ns = (high << 32n) | BigInt(prng.next());
		if (!isExact(ns)) t.fail(`${ns}`);
	}
	t.pass();
});

test('major and minor of a device, however Linux spreads them', t => {
	const encode = (major: bigint, minor: bigint): bigint =>
		((major & 0xfffn) << 8n) |
		((major & ~0xfffn) << 32n) |
		(minor & 0xffn) |
		((minor & ~0xffn) << 12n);
	for (const [major, minor] of [
		[1n, 3n],
		[8n, 0n],
		[259n, 1_048_575n],
		[0xf_ffffn, 0xff_ffffn],
	] as const) {
		const stats = {...zeroes, mtimeNs: 0n, ctimeNs: 0n, rdev: encode(major, minor)};
		const device = flatStat({...stats, mode: 0o060_660n} as unknown as BigIntStats).device;
		t.is(device, Number(major) * 2 ** 32 + Number(minor));
		t.is(flatStat({...stats, mode: 0o100_644n} as unknown as BigIntStats).device, 0);
	}
});
