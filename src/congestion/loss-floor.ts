/**
 * Tells the path's own loss from the loss that a sender causes: the floor is the least of the last
 * ten rounds; what lies two points above it, and beyond chance, is excessive. Rounds of few packets
 * are joined, since a share of a few says nothing.
 */
export class LossFloor {
	/** Share of the last round with enough packets; the least such share of the last ten. */
	recent = 0;
	floor = 0;
	/** Rounds with enough packets so far. */
	roundCount = 0;
	#arrived = 0;
	#lost = 0;
	/** How far a share strays by chance: by its few packets, and by how the last ones strayed. */
	#chance = 0;
	#spread = 0;
	readonly #shares = new Float64Array(floorRounds).fill(Number.NaN);

	onArrived(octets: number): void {
		this.#arrived += octets;
	}

	onLost(octets: number): void {
		this.#lost += octets;
	}

	onRound(): void {
		const lost = Math.max(0, this.#lost);
		const all = this.#arrived + lost;
		if (all < roundBytesMin) return;
		const share = lost / all;
		if (this.roundCount > 0) this.#spread += (Math.abs(share - this.recent) - this.#spread) / 8;
		this.recent = share;
		this.#chance = Math.sqrt((share * (1 - share) * packetSize) / all);
		this.#shares[this.roundCount++ % floorRounds] = share;
		let floor = 1;
		for (const each of this.#shares) if (each < floor) floor = each;
		this.floor = Math.min(floor, floorMax);
		this.#arrived = 0;
		this.#lost = 0;
	}

	/** The last round lost clearly more than the path does by itself. */
	get excessive(): boolean {
		return this.recent > this.floor + excess + 2 * Math.max(this.#chance, this.#spread);
	}

	/** What was lost lately is the path's own: sending less did not lessen it. */
	accept(): void {
		this.#shares.fill(this.recent);
		this.floor = Math.min(this.recent, floorMax);
	}

	reset(): void {
		this.recent = 0;
		this.floor = 0;
		this.roundCount = 0;
		this.#arrived = 0;
		this.#lost = 0;
		this.#shares.fill(Number.NaN);
	}
}

const floorRounds = 10;

/** Two points above the floor. */
const excess = 0.02;

const packetSize = 1228;

/** A share is of at least forty packets. */
const roundBytesMin = 40 * packetSize;

/** No floor is believed beyond this: sending twice as much is the most that loss can call for. */
const floorMax = 0.5;
