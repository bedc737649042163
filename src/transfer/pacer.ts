/**
 * Spreads packets over time: a token bucket that lets them go in small bursts, a quarter of a
 * millisecond of the rate where timers allow it; a late timer is made up for, within bounds that
 * grow where timers are late again and again. Waiting for anything else earns nothing.
 * RFC 9002 §7.7.
 */
export class Pacer {
	/** Octets a second. */
	#rate = 0;
	/** Octets that may leave now; below zero while a burst is being paid for. */
	#tokens = packetSize;
	#at = 0;
	/** Microseconds of the rate that a late timer may make up for. */
	#slack = slackMin;
	/** More time passed than is made up for. */
	#late = false;
	/** Something else than the rate holds packets back. */
	#held = false;

	setRate(rate: number, now: number): void {
		this.#refill(now);
		this.#rate = rate;
	}

	get rate(): number {
		return this.#rate;
	}

	/** Whether a packet may leave now. Once it may, more may until the burst is used up. */
	allows(now: number): boolean {
		this.#refill(now);
		return this.#tokens > 0 && this.#rate > 0;
	}

	spend(size: number): void {
		this.#tokens -= size;
		this.#held = false;
	}

	/** Whether, since the last call, less could leave than the rate says: timers are late. */
	takeLate(): boolean {
		const late = this.#late;
		this.#late = false;
		return late;
	}

	/** Nothing could leave although it was allowed: until something does, nothing is saved up. */
	hold(): void {
		this.#held = true;
		this.#tokens = Math.min(this.#tokens, this.#burst);
	}

	/** When the next burst may begin: `now` if one may go on. */
	readyAt(now: number): number {
		this.#refill(now);
		if (this.#rate <= 0) return Infinity;
		if (this.#tokens > 0) return now;
		return now + Math.ceil(((this.#burst - this.#tokens) * 1e6) / this.#rate);
	}

	get #burst(): number {
		return Math.max(1, this.#rate * burstTime);
	}

	#refill(now: number): void {
		if (now <= this.#at) return;
		const passed = now - this.#at;
		this.#at = now;
		const grown = this.#tokens + (passed * this.#rate) / 1e6;
		if (this.#held) {
			this.#tokens = Math.min(grown, Math.max(packetSize, this.#burst));
			return;
		}
		this.#slack = slackMin + (this.#slack - slackMin) * Math.exp(-passed / slackMemory);
		const most = Math.max(packetSize, (this.#rate * this.#slack) / 1e6);
		if (grown > most + packetSize) {
			this.#late = true;
			const missed = ((grown - most) * 1e6) / this.#rate;
			this.#slack = Math.min(slackMax, this.#slack + missed / 2);
		}
		this.#tokens = Math.min(grown, most);
	}
}

/** A full packet of 1200 octets with IP and UDP headers. */
const packetSize = 1228;

/**
 * Seconds of the rate that one burst has, whatever the rate: who may send less after each wait has
 * to wait for a timer again, and that is four times as long.
 */
const burstTime = 0.00025;

/**
 * Bounds of what a late timer may make up for, in microseconds. Node's come 1 to 2.5 ms late, tens
 * of milliseconds where processes share cores. With 1.5 ms a source sent less than it was granted,
 * and a path of 100 Mbit/s was taken for one of 12 (test/sim/late-timers.test.ts). One pause makes
 * one small burst; only a machine that pauses again and again comes to the upper bound.
 */
const slackMin = 8000;
const slackMax = 100_000;

/** Microseconds in which late timers are forgotten to a third. */
const slackMemory = 1_000_000;
