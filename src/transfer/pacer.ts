/**
 * Spreads packets over time: a token bucket that lets them go in small bursts, a quarter of a
 * millisecond of the rate where timers allow it; a late timer is made up for, within bounds.
 * Waiting for anything else earns nothing. RFC 9002 §7.7.
 */
export class Pacer {
	/** Octets a second. */
	#rate = 0;
	/** Octets that may leave now; below zero while a burst is being paid for. */
	#tokens = packetSize;
	#at = 0;
	/** More time passed than is made up for. */
	#late = false;

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
	}

	/** Whether, since the last call, less could leave than the rate says: timers are late. */
	takeLate(): boolean {
		const late = this.#late;
		this.#late = false;
		return late;
	}

	/** Nothing could leave although it was allowed: what was saved up is lost. */
	hold(): void {
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
		return Math.min(burstMax, Math.max(1, this.#rate * burstTime));
	}

	#refill(now: number): void {
		if (now <= this.#at) return;
		const most = Math.max(packetSize, this.#rate * slackTime);
		const grown = this.#tokens + ((now - this.#at) * this.#rate) / 1e6;
		if (grown > most + packetSize) this.#late = true;
		this.#tokens = Math.min(grown, most);
		this.#at = now;
	}
}

/** A full packet of 1200 octets with IP and UDP headers. */
const packetSize = 1228;

/** Ten datagrams: a queue on the way is often no longer. */
const burstMax = 10 * packetSize;

/** Seconds of the rate that one burst has. */
const burstTime = 0.00025;

/**
 * Seconds of the rate that a late timer may make up for. Node's come 1 to 2.5 ms late, more where a
 * process shares its core. With 1.5 ms a source sent less than it was granted and never said so,
 * and a path of 100 Mbit/s was taken for one of 12 (test/sim/late-timers.test.ts).
 */
const slackTime = 0.008;
