/**
 * The queue on the path as one-way delays show it: how far the least of the last packets lies
 * above the least of the last forty seconds. The clocks' offset cancels out.
 */
import {TimeMin} from './windowed.ts';

export class QueueDelay {
	/** Microseconds; 0 until there are enough packets. */
	delay = 0;
	/** Mean difference of one packet's delay and the next one's (RFC 3550 §6.4.1). */
	jitter = 0;
	/** Of the last packet alone. */
	latest = 0;
	/**
	 * The last packet may have waited here: a process that was late takes all that came meanwhile at
	 * once. Neither its delay nor the time since it came says anything of the path.
	 */
	isLate = false;
	/** Until then. */
	#lateUntil = 0;
	/** Of what delays were with a queue, jitter left out, the negative. */
	readonly #most = new TimeMin(leastSpan);
	/** The most that two packets in a row waited in this group, and in the last one. */
	#crest = 0;
	#formerCrest = 0;
	readonly #base = new TimeMin(leastSpan);
	#last = Number.NaN;
	#samples = 0;
	/** Least of the packets since the last group was full, and of the last groups. */
	#groupMin = Infinity;
	#groupCount = 0;
	/** When the group began. */
	#groupAt = 0;
	readonly #formerMin = new Float64Array(groupsMax).fill(Infinity);

	/**
	 * A packet took `oneWay` microseconds, plus or minus what the clocks are apart. A queue must
	 * stand for a quarter of a round trip to count: packets that a busy process takes late, all at
	 * once, do not.
	 */
	add(oneWay: number, now: number, roundTrip: number): void {
		const span = Math.max(standingLeast, Math.min(roundTrip / 4, standingMost));
		this.#base.add(oneWay, now);
		if (!Number.isNaN(this.#last)) {
			this.#samples = Math.min(this.#samples + 1, 16);
			const step = oneWay - this.#last;
			const isJump = step > lateMin + 2 * this.jitter;
			if (isJump && now >= this.#lateUntil) this.#lateUntil = now + step / catchUp;
			this.isLate = now < this.#lateUntil;
			this.jitter += (Math.abs(step) - this.jitter) / this.#samples;
			this.#crest = Math.max(this.#crest, Math.min(oneWay, this.#last) - this.#base.value);
		}
		this.#last = oneWay;
		this.latest = oneWay - this.#base.value;
		this.#groupMin = Math.min(this.#groupMin, oneWay);
		const groups = this.jitter > jitterHigh ? groupsMax : 1;
		const former = this.#formerMin;
		let least = this.#groupMin;
		for (let group = 0; group < groups; group++) least = Math.min(least, former[group]!);
		this.delay = former[groups - 1] === Infinity ? 0 : least - this.#base.value;
		this.#most.add(this.jitter - this.delay - this.#base.value, now);
		if (++this.#groupCount >= groupSize && now - this.#groupAt >= span && !this.isLate) {
			former.copyWithin(1, 0, groupsMax - 1);
			former[0] = this.#groupMin;
			this.#groupMin = Infinity;
			this.#formerCrest = this.#crest;
			this.#crest = 0;
			this.#groupCount = 0;
			this.#groupAt = now;
		}
	}

	/** The longest queue of the last forty seconds, jitter left out; -Infinity: none was seen. */
	get most(): number {
		return -this.#most.value - this.#base.value;
	}

	/**
	 * The queue has stood at twice what any packet waited just now, and longer by `least`: it was
	 * not full. Beside others a short queue comes and goes within a group, so its crest counts.
	 */
	hasRoom(least: number): boolean {
		return this.most > 2 * Math.max(this.#crest, this.#formerCrest) + least;
	}

	/** So short that whoever holds back for a moment sees it empty, though others are there. */
	isShort(roundTrip: number): boolean {
		return this.most < shortMax * roundTrip;
	}

	/** Packets waited just now for about as long as any did, and longer than `least`. */
	isFull(least: number): boolean {
		const crest = Math.max(this.#crest, this.#formerCrest) - this.jitter;
		return crest > Math.max(least, fullShare * this.most);
	}

	reset(): void {
		this.delay = 0;
		this.latest = 0;
		this.jitter = 0;
		this.isLate = false;
		this.#lateUntil = 0;
		this.#most.reset();
		this.#crest = 0;
		this.#formerCrest = 0;
		this.#base.reset();
		this.#last = Number.NaN;
		this.#samples = 0;
		this.#groupMin = Infinity;
		this.#groupCount = 0;
		this.#formerMin.fill(Infinity);
	}
}

/** Of a round trip. */
const shortMax = 0.25;

/** Of the longest queue: one that long counts for as long. */
const fullShare = 0.75;

/** Packets of which the least counts: eight to sixteen of them (RFC 9406 §4.2 takes eight). */
const groupSize = 8;

/** Groups that must all show a queue where each packet's own delay strays by more than this. */
const groupsMax = 4;
const jitterHigh = 4000;

/**
 * Microseconds, beyond twice the jitter, by which a packet is later than the one before it if it
 * has waited here. What waited is read at three times the path's rate at least: on 100 Mbit/s, what
 * came in 60 ms was read in 13.
 */
const lateMin = 1000;
const catchUp = 2;

/**
 * Microseconds that a queue must stand: a process that shares its core is late by the least now and
 * then; a quarter of a long round trip is too long to wait for the end of a start.
 */
const standingLeast = 10_000;
const standingMost = 50_000;

/**
 * Microseconds whose least counts. Beside CUBIC a queue may stand for longer than ten seconds: then
 * a queue of 50 ms was taken for one of 20, and a shoal left the path to it. Clocks that drift
 * apart by 50 parts in a million stray by 2 ms in this time.
 */
export const leastSpan = 40_000_000;
