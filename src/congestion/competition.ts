/**
 * Somebody else keeps a queue on the path. Who holds back to keep a queue short gets nothing beside
 * CUBIC, which fills it; so beside it this side is CUBIC too, with losses counted only while a
 * queue stands (the mode switch of Copa, NSDI 2018, §5; its test is the same: a queue that does not
 * go although this side holds back).
 */
import type {Micros} from '../unit.ts';
import {Cubic} from './cubic.ts';
import type {RoundTrip} from './round-trip.ts';

export class Competition {
	/** Takes the decisions meanwhile; kept while it is looked whether anybody is left. */
	rival: Cubic | undefined;
	#lastAt = -Infinity;

	/** Begins, or goes on after a look: with the window that it had then, if there is one. */
	begin(window: number, roundTrip: RoundTrip): void {
		this.rival ??= new Cubic({window, roundTrip});
	}

	onRound(now: Micros): void {
		this.rival!.onRound();
		this.#lastAt = now;
	}

	/** The queue is gone: there is nobody else, or not now. */
	end(): void {
		this.rival = undefined;
	}

	/** It competed a moment ago. */
	isRecent(now: Micros): boolean {
		return now - this.#lastAt < memory;
	}

	/**
	 * It competed a moment ago for a queue so short that whoever holds back sees it empty, though
	 * others are there: whose it is shows when it runs over, if nothing is added meanwhile.
	 */
	isWary(now: Micros, queue: number, roundTrip: number): boolean {
		return this.isRecent(now) && queue < shortQueueMax * roundTrip;
	}

	reset(): void {
		this.end();
		this.#lastAt = -Infinity;
	}
}

/** Microseconds after which a look that found nobody is believed. */
const memory = 5_000_000;

/**
 * Of a round trip. Without this, shares grew after each look until the queue ran over, which cost
 * CUBIC more than anything that it did itself: beside it, at a tenth of a round trip of queue, a
 * shoal took 72 % of 20 Mbit/s and 67 % of 50, with it 55 and 59 (test/sim/fairness.test.ts).
 */
const shortQueueMax = 0.25;
