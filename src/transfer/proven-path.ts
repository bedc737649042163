/**
 * What a source may have in flight to one receiver: twice what it receipted in the last round trip
 * (proof of receipt), but never less than the initial window; and for a moment half of what its
 * address receipted in an earlier session, which the source itself has seen. wire/README.md §5.
 */
import {shorterMax} from '../congestion/resume.ts';
import type {RoundTrip} from '../congestion/round-trip.ts';
import {initialWindow} from '../congestion/startup.ts';
import type {SentLog} from './sent-log.ts';

/** Octets receipted in a round trip, and how many microseconds that was. */
export type ProvenFlight = {readonly flight: number; readonly roundTrip: number};

export class ProvenPath {
	readonly #log: SentLog;
	readonly #roundTrip: RoundTrip;
	#lent: ProvenFlight | undefined;
	/** When the loan began to be used; Infinity: it was not. */
	#lentAt = Infinity;
	/** The most that this session has proved. */
	#most: ProvenFlight | undefined;

	constructor(log: SentLog, roundTrip: RoundTrip, lent: ProvenFlight | undefined) {
		this.#log = log;
		this.#roundTrip = roundTrip;
		this.#lent = lent;
	}

	/**
	 * What its address has proved, if it is worth to be remembered: four initial windows (RFC 9959
	 * §3.1). A loan that was not needed is as good as before.
	 */
	get record(): ProvenFlight | undefined {
		const unspent = this.#lentAt === Infinity ? this.#lent : undefined;
		return (unspent?.flight ?? 0) > (this.#most?.flight ?? 0) ? unspent : this.#most;
	}

	/** Octets that may be in flight. */
	flightMax(now: number): number {
		return Math.max(this.#proved(now), this.#loan(now));
	}

	/** A packet has left: beyond what is proved, it is of the loan, which lasts for a moment. */
	onSent(now: number): void {
		if (this.#lent === undefined || this.#lentAt !== Infinity) return;
		if (this.#log.inFlight > this.#proved(now)) this.#lentAt = now;
	}

	/** Receipts were taken in. */
	onReceipts(now: number): void {
		const flight = this.#receipted(now);
		if (flight < rememberedMin || flight <= (this.#most?.flight ?? 0)) return;
		this.#most = {flight, roundTrip: this.#roundTrip.smoothed};
	}

	/** Another address: nothing is proved of it. */
	reset(): void {
		this.#lent = undefined;
		this.#most = undefined;
	}

	#proved(now: number): number {
		return Math.max(initialWindow, 2 * this.#receipted(now));
	}

	/** Half of what the address took, in proportion if the round trip is shorter now. */
	#loan(now: number): number {
		const {smoothed, sampleCount} = this.#roundTrip;
		if (this.#lent === undefined || sampleCount === 0) return 0;
		// By then what of it arrived is proved.
		if (now > this.#lentAt + loanRounds * smoothed) return 0;
		const {flight, roundTrip} = this.#lent;
		const isOther = smoothed <= roundTrip / shorterMax || smoothed >= roundTrip * longerMax;
		if (isOther) return 0;
		return (flight / 2) * Math.min(1, smoothed / roundTrip);
	}

	#receipted(now: number): number {
		return this.#log.receiptedSince(now - this.#roundTrip.smoothed * 1.25);
	}
}

const rememberedMin = 4 * initialWindow;

/** RFC 9959 §4.2.1: a round trip that many times as long is another path's. */
const longerMax = 10;

/** Round trips: until the first of it is receipted, and as far as receipts are looked back at. */
const loanRounds = 2.25;
