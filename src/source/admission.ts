/**
 * Who may open a session, and how much all of them may send: the limits of one source, whatever
 * sockets it listens on. A hello beyond a limit is answered with when to come back, and nothing is
 * remembered of whoever sent it but that somebody waits.
 */
import type {Address} from '../platform/datagram.ts';
import {RateCap} from '../transfer/rate-cap.ts';
import type {Micros} from '../unit.ts';
import type {Module} from './module.ts';
import {networkOf} from './network.ts';
import {ProvenPaths} from './proven-paths.ts';

/** Absent: no limit. */
export type AdmissionLimits = {
	/** Sessions at a time: in all, from one address, under one key of a receiver. */
	readonly sessionsMax?: number | undefined;
	readonly sessionsPerAddressMax?: number | undefined;
	readonly sessionsPerKeyMax?: number | undefined;
	/** Octets a second, of all sessions together. */
	readonly rateTotalMax?: number | undefined;
};

/** Whoever asks for a session. */
export type Client = {
	readonly address: Address;
	/** The key that it has shown to have, in hexadecimal; empty: none. */
	readonly key: string;
};

/** What a session holds until it ends. */
export type Admitted = {leave(now: Micros): void};

export class Admission {
	/** What all sessions send together. */
	readonly rate = new RateCap();
	/** What receivers' addresses have proved, whichever socket they came to. */
	readonly paths = new ProvenPaths();
	#limits: AdmissionLimits = {};
	#count = 0;
	readonly #byNetwork = new Map<string, number>();
	readonly #byKey = new Map<string, number>();
	/** How long sessions last, smoothed, in microseconds; how many were told to come back. */
	#length = lengthUnknown;
	#waiting = 0;
	#waitingAt = 0;

	get sessionCount(): number {
		return this.#count;
	}

	/** Octets that one session may have read and not sent: an equal part, within bounds. */
	get readAheadMax(): number {
		const part = readAheadTotal / Math.max(1, this.#count);
		return Math.min(readAheadMost, Math.max(readAheadLeast, Math.floor(part)));
	}

	/** From now on; sessions that are open stay. */
	setLimits(limits: AdmissionLimits, now: Micros): void {
		this.#limits = limits;
		this.rate.setRate(limits.rateTotalMax ?? Infinity, now);
	}

	/** What keeps a session from being opened, in words; undefined: nothing does. */
	obstacle(module: Module, {address, key}: Client): string | undefined {
		const {sessionsMax, sessionsPerAddressMax, sessionsPerKeyMax} = this.#limits;
		if (module.isFull) return 'too many sessions of this module';
		if (this.#count >= (sessionsMax ?? Infinity)) return 'too many sessions';
		const near = this.#byNetwork.get(networkOf(address)) ?? 0;
		if (near >= (sessionsPerAddressMax ?? Infinity)) return 'too many sessions from this address';
		const same = key === '' ? 0 : (this.#byKey.get(key) ?? 0);
		return same >= (sessionsPerKeyMax ?? Infinity) ? 'too many sessions of this key' : undefined;
	}

	admit(module: Module, {address, key}: Client, now: Micros): Admitted {
		const network = networkOf(address);
		this.#count++;
		module.sessionCount++;
		add(this.#byNetwork, network, 1);
		if (key !== '') add(this.#byKey, key, 1);
		return {
			leave: endedAt => {
				this.#count--;
				module.sessionCount--;
				add(this.#byNetwork, network, -1);
				if (key !== '') add(this.#byKey, key, -1);
				this.#length += (endedAt - now - this.#length) / lengthMemory;
				this.#waiting = Math.max(0, this.#waiting - 1);
			},
		};
	}

	/**
	 * When one who is turned away may come back, in milliseconds: when as many sessions as wait
	 * already should have ended. Those who do not come back are forgotten with time.
	 */
	retryMs(module: Module, now: Micros): number {
		const passed = now - this.#waitingAt;
		this.#waitingAt = now;
		this.#waiting = 1 + this.#waiting * Math.exp(-passed / (retryMax * 1000));
		const room = Math.min(module.sessionsMax, this.#limits.sessionsMax ?? Infinity);
		const wait = (this.#length * this.#waiting) / Math.max(1, room) / 1000;
		return Math.round(Math.min(retryMax, Math.max(retryMin, wait)));
	}
}

function add(counts: Map<string, number>, name: string, change: number): void {
	const count = (counts.get(name) ?? 0) + change;
	if (count > 0) counts.set(name, count);
	else counts.delete(name);
}

/**
 * Octets read and not yet sent: 1 MiB is 80 ms of 100 Mbit/s, so a disk is not waited for. A
 * thousand sessions would hold a gigabyte; they are slower each, and 128 KiB are as much time.
 */
const readAheadTotal = 64 << 20;
const readAheadMost = 1 << 20;
const readAheadLeast = 128 << 10;
/** Microseconds that a session is taken to last before one has ended. */
const lengthUnknown = 10_000_000;
/** Sessions over which their length is smoothed. */
const lengthMemory = 8;
/** Milliseconds: a client that waits is not to come every moment, nor to be forgotten. */
const retryMin = 1000;
const retryMax = 60_000;
