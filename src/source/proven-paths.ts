/**
 * What the addresses of former sessions have proved to take, so that the next session of one need
 * not begin from nothing (RFC 9959; RFC 9040 §6 shares state in the same way). Each entry is lent
 * to one session at a time and comes back when that ends. A restart forgets all.
 */
import {pathLifetime, provenFlightMax, provenPathsMax} from '../limit.ts';
import type {Address} from '../platform/datagram.ts';
import type {ProvenFlight} from '../transfer/proven-path.ts';
import type {Micros} from '../unit.ts';
import {networkOf} from './network.ts';

/** An entry, and when it was proved. */
export type Loan = ProvenFlight & {readonly provenAt: Micros};

export class ProvenPaths {
	/** By network, the one that is lent or was proved longest ago first. */
	readonly #loans = new Map<string, Loan>();

	/** For a session whose receiver is proved to be at `address`; nobody else has it then. */
	lend(address: Address, now: Micros): Loan | undefined {
		const network = networkOf(address);
		const loan = this.#loans.get(network);
		if (loan === undefined) return undefined;
		this.#loans.delete(network);
		return now - loan.provenAt < pathLifetime * 1e6 ? loan : undefined;
	}

	/** What a session proved until it ended, or what it was lent and has not used. */
	keep(address: Address, record: ProvenFlight | Loan, now: Micros): void {
		const network = networkOf(address);
		const flight = Math.min(record.flight, provenFlightMax);
		const provenAt = 'provenAt' in record ? record.provenAt : now;
		this.#loans.delete(network);
		this.#loans.set(network, {flight, roundTrip: record.roundTrip, provenAt});
		if (this.#loans.size <= provenPathsMax) return;
		for (const oldest of this.#loans.keys()) {
			this.#loans.delete(oldest);
			break;
		}
	}
}
