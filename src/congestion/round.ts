/** What came and what was lost in one round trip. */
import type {Micros} from '../unit.ts';

export class Round {
	/** Whether every sample of it was of a source that had nothing more, and whether any was. */
	limited = true;
	partlyLimited = false;
	bytes = 0;
	packetCount = 0;
	/** Octets lost while a queue stood, and while it was about as long as it ever is. */
	queueLost = 0;
	fullLost = 0;
	#beganAt = 0;

	begin(now: Micros): void {
		this.limited = true;
		this.partlyLimited = false;
		this.bytes = 0;
		this.packetCount = 0;
		this.queueLost = 0;
		this.fullLost = 0;
		this.#beganAt = now;
	}

	onPacket(size: number, now: Micros): void {
		this.bytes += size;
		if (this.packetCount++ === 0 && this.#beganAt === 0) this.#beganAt = now;
	}

	onSample(limited: boolean): void {
		if (limited) this.partlyLimited = true;
		else this.limited = false;
	}

	/** Nothing of it counts for what the path takes. */
	discard(): void {
		this.limited = true;
		this.partlyLimited = true;
	}

	/** Octets a second. */
	rate(now: Micros): number {
		return (this.bytes * 1e6) / Math.max(1, now - this.#beganAt);
	}
}
