/** What a run lives on, measured in under a tenth of a second each: ciphers, digests, timers. */
import {digestSize} from '../../limit.ts';
import type {Clock} from '../../platform/clock.ts';
import type {CipherName, Crypto} from '../../platform/crypto.ts';
import {type Micros, micros} from '../../unit.ts';
import {formatRate} from '../format.ts';
import {type Finding, finding} from './finding.ts';

const measureMs = 50;
const packetSize = 1200;
const blockSize = 1 << 20;
const timerCount = 20;
const timerMs = 2;

export type Speeds = {
	/** The cipher that pulls ask for. */
	readonly chosen: CipherName;
	/** Octets a second. */
	readonly digest: number;
	readonly ciphers: Readonly<Record<CipherName, number>>;
};

export function measureSpeeds(crypto: Crypto, clock: Clock): Speeds {
	const block = new Uint8Array(blockSize);
	return {
		chosen: crypto.preferred,
		digest: rateOf(clock, blockSize, () => void crypto.sha256(block)),
		ciphers: {
			AESGCM: cipherRate(crypto, clock, 'AESGCM', 16),
			ChaChaPoly: cipherRate(crypto, clock, 'ChaChaPoly', digestSize),
		},
	};
}

function cipherRate(crypto: Crypto, clock: Clock, name: CipherName, keySize: number): number {
	const key = crypto.aead(name, new Uint8Array(keySize).fill(1));
	const packet = new Uint8Array(packetSize);
	const nonce = new DataView(new ArrayBuffer(12));
	let number = 0;
	return rateOf(clock, packetSize, () => {
		nonce.setUint32(8, number++);
		key.seal(packet, 16, packetSize, new Uint8Array(nonce.buffer));
	});
}

/** Octets a second of `act`, which does `size` of them; the first call is not counted. */
function rateOf(clock: Clock, size: number, act: () => void): number {
	act();
	const begin = clock.now();
	let count = 0;
	let elapsed = 0;
	while (elapsed < measureMs * 1000) {
		act();
		count++;
		elapsed = clock.now() - begin;
	}
	return (count * size * 1e6) / elapsed;
}

/** Milliseconds that timers fire late: the median and the worst of some. */
export async function measureLateness(clock: Clock): Promise<{median: number; worst: number}> {
	const late: number[] = [];
	for (let index = 0; index < timerCount; index++) {
		const due = micros(clock.now() + timerMs * 1000);
		const fired = await new Promise<Micros>(resolve => clock.at(due, () => resolve(clock.now())));
		late.push((fired - due) / 1000);
	}
	late.sort((a, b) => a - b);
	return {median: late[timerCount >> 1]!, worst: late.at(-1)!};
}

export function judgeSpeeds({digest, ciphers, chosen}: Speeds): Finding[] {
	const names: Record<CipherName, string> = {
		AESGCM: 'AES-128-GCM',
		ChaChaPoly: 'ChaCha20-Poly1305',
	};
	const other: CipherName = chosen === 'AESGCM' ? 'ChaChaPoly' : 'AESGCM';
	const text =
		`pulls take ${names[chosen]}, ${formatRate(ciphers[chosen])} in datagrams of ${packetSize} ` +
		`octets; ${names[other]} has ${formatRate(ciphers[other])}`;
	const poor = ciphers[chosen] < 12.5e6;
	return [
		finding(
			poor ? 'warn' : 'ok',
			'cipher',
			poor ? `${text}: less than 100 Mbit/s` : text,
			...(poor
				? ['a processor with vector and AES instructions, which a virtual machine may hide']
				: []),
		),
		finding('ok', 'digest', `SHA-256 ${formatRate(digest)} and core`),
	];
}

export function judgeLateness({median, worst}: {median: number; worst: number}): Finding {
	const text = `timers fire ${median.toFixed(1)} ms late, ${worst.toFixed(1)} ms at worst`;
	if (median < 5) return finding('ok', 'timers', text);
	const mend = 'find out what else runs here: uptime, top; or give it a core';
	return finding('warn', 'timers', `${text}: the machine is busy, and pacing suffers`, mend);
}
