/**
 * Tells the path's own loss from the loss that a sender causes: the floor is the least of the last
 * ten rounds, and never more than what was lost when the sender last held back to see it; what
 * lies two points above it, and beyond chance, is excessive. Rounds of few packets are joined,
 * since a share of a few says nothing.
 */
export class LossFloor {
	/** Share of the last round with enough packets; the least such share of the last ten. */
	recent = 0;
	floor = 0;
	/** What was lost while the sender held back; Infinity: it never did. */
	#verified = Infinity;
	#verifiedChance = 0;
	/** What the path loses by itself on average: of the rounds near the floor. */
	typical = 0;
	/** The last round lost clearly more than the path does by itself. */
	excessive = false;
	/** Rounds with enough packets so far. */
	roundCount = 0;
	#arrived = 0;
	#lost = 0;
	/** Something declared lost arrived after all: what was counted was not lost. */
	#doubtful = false;
	/** Stretches lost. */
	#eventCount = 0;
	readonly #shares = new Float64Array(floorRounds).fill(Number.NaN);
	/** How far each share may stray by the chance of its few packets. */
	readonly #chances = new Float64Array(floorRounds);

	onArrived(octets: number): void {
		this.#arrived += octets;
	}

	/** A stretch without a gap was lost. */
	onLost(octets: number): void {
		this.#lost += octets;
		this.#eventCount++;
	}

	onLate(octets: number): void {
		this.#lost -= octets;
		this.#doubtful = true;
	}

	/** What was counted since the last round says nothing. */
	discard(): void {
		this.#arrived = 0;
		this.#lost = 0;
		this.#eventCount = 0;
		this.#doubtful = false;
	}

	onRound(): void {
		const lost = Math.max(0, this.#lost);
		const all = this.#arrived + lost;
		if (all < roundBytesMin) return;
		const share = lost / all;
		const chance = Math.sqrt((share * (1 - share) * packetSize) / all);
		const at = this.roundCount++ % floorRounds;
		this.#shares[at] = share;
		this.#chances[at] = chance;
		let least = at;
		for (let each = 0; each < floorRounds; each++) {
			if (this.#shares[each]! < this.#shares[least]!) least = each;
		}
		const floor = Math.min(this.#shares[least]!, this.#verified);
		const most = floor + excess + chanceMost * (chance + this.#chances[least]!);
		this.excessive = share > most && this.#eventCount >= eventsMin && !this.#doubtful;
		this.recent = share;
		this.floor = Math.min(floor, floorMax);
		const mean = this.#meanBelow(most);
		this.typical = Math.min(mean, this.#verified + excess + this.#verifiedChance, floorMax);
		this.discard();
	}

	/** So much that one that knows of no queue looks for it; more is the path's. */
	get isUnclear(): boolean {
		return this.recent > excess && this.recent < unclearMax;
	}

	/**
	 * The path loses next to nothing by itself: what is lost where no queue stands was lost in a
	 * short one, which is gone when it is found.
	 */
	get isClean(): boolean {
		return this.typical < overflowMin;
	}

	/** The sender held back once, and saw what is lost all the same. */
	get isVerified(): boolean {
		return this.#verified !== Infinity;
	}

	/** There is loss, and the sender never held back to see whose it is. */
	get doubtful(): boolean {
		return !this.isVerified && this.recent > excess;
	}

	/** In the last two rounds the sender held back: their loss is the path's own. */
	verify(): void {
		// Where a round trip holds few packets, many of them are less than two rounds.
		if (this.roundCount < 2) return;
		const last = (this.roundCount - 1) % floorRounds;
		const former = (this.roundCount - 2) % floorRounds;
		this.recent = (this.#shares[last]! + this.#shares[former]!) / 2;
		this.#verified = this.recent;
		this.#verifiedChance = Math.max(this.#chances[last]!, this.#chances[former]!) / Math.SQRT2;
		this.excessive = false;
		this.#shares.fill(this.recent);
		this.#chances.fill(this.#verifiedChance);
		this.floor = Math.min(this.recent, floorMax);
		this.typical = this.floor;
	}

	/** This round, before its end, loses far more than any of the last ones: a queue runs over. */
	get surging(): boolean {
		const all = this.#arrived + this.#lost;
		if (this.roundCount === 0 || all < roundBytesMin || this.#eventCount < eventsMin) return false;
		const share = this.#lost / all;
		const chance = Math.sqrt((share * (1 - share) * packetSize) / all);
		return share > this.floor + surge + 2 * chanceMost * chance && !this.#doubtful;
	}

	/** Of `all` octets of a round so many were lost in a queue: more than the path's own. */
	isOverflow(lost: number, all: number): boolean {
		// Where the path itself loses much, a share of one round tells nothing.
		if (this.typical > overflowTypicalMax) return false;
		const chance = Math.sqrt((this.typical * packetSize) / Math.max(1, all));
		return lost > (this.typical + overflowMin + chance) * all;
	}

	/** `lost` of `all` octets were lost in a full queue, and more than the path's own by chance. */
	isSpill(lost: number, all: number): boolean {
		const own = this.typical * all;
		return this.isClean && lost > own + 2 * Math.sqrt(own * packetSize);
	}

	/**
	 * What loss is made up for by: all that is known to be the path's own; at the start, where
	 * nobody knows yet, a part, since it may be the start's.
	 */
	madeUp(isStart: boolean): number {
		if (this.isVerified) return 1 / (1 - this.typical);
		return isStart ? 1 / (1 - Math.min(this.typical, startLossMax)) : 1;
	}

	#meanBelow(most: number): number {
		let sum = 0;
		let count = 0;
		for (const share of this.#shares) {
			if (!(share <= most)) continue;
			sum += share;
			count++;
		}
		return sum / Math.max(1, count);
	}

	reset(): void {
		this.recent = 0;
		this.floor = 0;
		this.typical = 0;
		this.#verified = Infinity;
		this.roundCount = 0;
		this.excessive = false;
		this.discard();
		this.#shares.fill(Number.NaN);
	}
}

/** As many rounds as the greatest rate is of. */
const floorRounds = 10;

/** Two points above the floor (BBR's LossThresh), and one and a half deviations of either share. */
const excess = 0.02;
const chanceMost = 1.5;

/** Points above the floor that do not wait for the end of a round. */
const surge = 0.1;

/** Share lost in a queue, beyond the path's own, that is an overflow; most of the path's own. */
const overflowMin = 0.005;
const overflowTypicalMax = 0.03;

/** Stretches in one round, as BBR's StartupFullLossCnt: one long one is a gap of the path. */
const eventsMin = 6;

/** A share that more than a full queue must explain. */
const unclearMax = 0.25;

/** A full datagram of 1200 octets with IPv4 and UDP headers. */
const packetSize = 1228;

/** A share is of at least forty packets. */
const roundBytesMin = 40 * packetSize;

/** Of a start's loss that much at most is made up for. */
const startLossMax = 0.3;

/** No floor is believed beyond this: sending twice as much is the most that loss can call for. */
const floorMax = 0.5;
