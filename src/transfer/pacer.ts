/**
 * Spreads packets over time: a token bucket that lets them go in bursts of at most a millisecond
 * or ten datagrams, whichever is more, because timers are no finer. RFC 9002 §7.7.
 */
export class Pacer {
	/** Octets a second. */
	#rate = 0;
	/** Octets that may leave now; below zero while a burst is being paid for. */
	#tokens = burstSize;
	#at = 0;

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
		return this.#tokens > 0;
	}

	spend(size: number): void {
		this.#tokens -= size;
	}

	/** When the next burst may begin: `now` if one may go on. */
	readyAt(now: number): number {
		this.#refill(now);
		if (this.#tokens > 0) return now;
		if (this.#rate <= 0) return Infinity;
		const burst = Math.min(burstSize, Math.max(1, this.#rate * burstTime));
		return now + Math.ceil(((burst - this.#tokens) * 1e6) / this.#rate);
	}

	#refill(now: number): void {
		if (now <= this.#at) return;
		const most = Math.max(Math.min(burstSize, this.#rate * burstTime), this.#rate * slackTime);
		const grown = this.#tokens + ((now - this.#at) * this.#rate) / 1e6;
		this.#tokens = Math.min(grown, Math.max(most, packetSize));
		this.#at = now;
	}
}

/** A full packet of 1200 octets with IP and UDP headers. */
const packetSize = 1228;

/** Ten datagrams: at 100 Mbit/s one burst a millisecond. */
const burstSize = 10 * packetSize;

/** Seconds of the rate that one burst may have, and that a late timer may make up for. */
const burstTime = 0.001;
const slackTime = 0.008;
