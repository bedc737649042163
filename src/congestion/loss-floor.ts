/**
 * Tells the path's own loss from the loss that a sender causes: the floor is the least of the last
 * ten rounds; what lies two points above it is excessive. Rounds of few packets are joined, since
 * a share of a few says nothing.
 */
export class LossFloor {
	/** Share of the last rounds with enough packets; the least such share of the last ten. */
	recent = 0;
	floor = 0;
	#arrived = 0;
	#lost = 0;
	readonly #shares = new Float64Array(floorRounds).fill(Number.NaN);
	#at = 0;

	onArrived(octets: number): void {
		this.#arrived += octets;
	}

	onLost(octets: number): void {
		this.#lost += octets;
	}

	onRound(): void {
		if (this.#arrived + this.#lost < roundBytesMin) return;
		const share = Math.max(0, this.#lost) / (this.#arrived + Math.max(0, this.#lost));
		this.recent = share;
		this.#shares[this.#at++ % floorRounds] = share;
		let floor = 1;
		for (const each of this.#shares) if (each < floor) floor = each;
		this.floor = Math.min(floor, floorMax);
		this.#arrived = 0;
		this.#lost = 0;
	}

	/** The last rounds lost clearly more than the path does by itself. */
	get excessive(): boolean {
		return this.recent > this.floor + excess;
	}

	reset(): void {
		this.recent = 0;
		this.floor = 0;
		this.#arrived = 0;
		this.#lost = 0;
		this.#shares.fill(Number.NaN);
	}
}

const floorRounds = 10;

/** Two points above the floor. */
const excess = 0.02;

/** A share is of at least forty packets. */
const roundBytesMin = 40 * 1228;

/** No floor is believed beyond this: sending twice as much is the most that loss can call for. */
const floorMax = 0.5;
