/**
 * Somebody else keeps a queue on the path. Who holds back to keep a queue short gets nothing beside
 * CUBIC, which fills it; so beside it this side is CUBIC too, with losses counted only while a
 * queue stands (the mode switch of Copa, NSDI 2018, §5; its test is the same: a queue that does not
 * go although this side holds back).
 */
import type {Micros} from '../unit.ts';
import {Cubic, plateauTime} from './cubic.ts';
import type {RoundTrip} from './round-trip.ts';

export class Competition {
	/** Takes the decisions meanwhile; kept while it is looked whether anybody is left. */
	rival: Cubic | undefined;
	#lastAt = -Infinity;
	/** Microseconds after which a look that found nobody is believed. */
	#memory = memoryMin;

	/** Begins, or goes on after a look: with the window that it had then, if there is one. */
	begin(window: number, roundTrip: RoundTrip): void {
		this.#memory = Math.max(memoryMin, plateauTime(window));
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

	/** It competed a moment ago, or others were seen. */
	isRecent(now: Micros, span: number = this.#memory): boolean {
		return now - this.#lastAt < span;
	}

	/** Others are there still. */
	onSeen(now: Micros): void {
		this.#lastAt = now;
	}

	reset(): void {
		this.end();
		this.#lastAt = -Infinity;
	}
}

/** And no earlier than CUBIC has made up for a loss, if its window is as large as this one. */
const memoryMin = 5_000_000;
