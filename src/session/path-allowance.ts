/**
 * What may be sent to an address. Until the address has shown that it receives, that is three
 * times what came from there (RFC 9000 §8.1), whoever dialled: this file is the only place that
 * counts it, and every datagram to an address passes here.
 */
import {amplificationMax} from '../limit.ts';
import type {Address} from '../platform/datagram.ts';

export class PathAllowance {
	readonly address: Address;
	#validated: boolean;
	#received = 0;
	#sent = 0;

	constructor(address: Address, validated: boolean) {
		this.address = address;
		this.#validated = validated;
	}

	get validated(): boolean {
		return this.#validated;
	}

	/** Octets that may be sent now. */
	get room(): number {
		if (this.#validated) return Number.POSITIVE_INFINITY;
		return amplificationMax * this.#received - this.#sent;
	}

	validate(): void {
		this.#validated = true;
	}

	received(size: number): void {
		this.#received += size;
	}

	/** Counts a datagram; false: it must not be sent. */
	take(size: number): boolean {
		if (size > this.room) return false;
		this.#sent += size;
		return true;
	}
}
