/** Sending less for some rounds shows whose a loss is: what remains is the path's. */
import type {LossFloor} from './loss-floor.ts';

export class Ease {
	/** Octets a second that came through before it. */
	rate = 0;
	/** What was lost before it, and rounds of losses until it took effect. */
	#loss = 0;
	#count = 0;
	/** At least half of the loss was this side's own. */
	helped = false;

	begin(rate: number, loss: LossFloor): void {
		this.rate = rate;
		this.#loss = loss.recent;
	}

	/** The `round`th round of it is over. True: so is all of it. */
	onRound(round: number, loss: LossFloor): boolean {
		if (round <= easeLag) {
			loss.discard();
			this.#count = loss.roundCount;
			return false;
		}
		if (loss.roundCount < this.#count + 2) return false;
		loss.verify();
		this.helped = loss.recent < this.#loss / 2;
		return true;
	}
}

/** Rounds until the losses that are found are of packets sent since. */
export const easeLag = 3;
