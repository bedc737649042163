/**
 * Whether somebody else keeps a queue on the path, and what to do then. Who holds back to keep a
 * queue short gets nothing beside CUBIC, which fills it; so beside it this side is CUBIC too, with
 * losses counted only while a queue stands (the mode switch of Copa, NSDI 2018, §5; its test is
 * the same: a queue that does not go although this side holds back).
 */
import type {Micros} from '../unit.ts';
import {Cubic} from './cubic.ts';
import type {RoundTrip} from './round-trip.ts';

export class Competition {
	/** Takes the decisions meanwhile; kept while it is looked whether anybody is left. */
	rival: Cubic | undefined;
	/** Drains in a row that left a queue. */
	#failedDrains = 0;
	/** How long until the next look, and when it last competed. */
	#span = spanLeast;
	#lastAt = -Infinity;

	/** Begins, or goes on after a look: with the window that it had then, if there is one. */
	begin(window: number, roundTrip: RoundTrip, now: Micros): void {
		// The sooner it comes to this again, the longer it is left at that.
		this.#span = this.isRecent(now) ? Math.min(2 * this.#span, spanMost) : spanLeast;
		this.rival ??= new Cubic({window, roundTrip});
	}

	/** The queue is gone: there is nobody else, or not now. */
	onDrained(): void {
		this.#failedDrains = 0;
		this.rival = undefined;
	}

	/** A queue stays though this side holds back. True: it is somebody else's. */
	onFailedDrain(): boolean {
		return ++this.#failedDrains >= failedDrainsMax;
	}

	/** A round of it is over, which began at `since`. True: it is time to look. */
	onRound(since: number, now: Micros): boolean {
		this.rival!.onRound();
		this.#lastAt = now;
		if (now - since < this.#span) return false;
		this.#failedDrains = failedDrainsMax - 1;
		return true;
	}

	/** It competed a moment ago. */
	isRecent(now: Micros): boolean {
		return now - this.#lastAt < memory;
	}

	reset(): void {
		this.onDrained();
		this.#lastAt = -Infinity;
	}
}

/** One drain may be too short for what a start has queued; two are not. */
const failedDrainsMax = 2;

/**
 * Microseconds between two looks: short at first, since what was taken for somebody else may have
 * been chance (with ten seconds one of ten shoals took a quarter), longer once it is confirmed.
 */
const spanLeast = 3_000_000;
const spanMost = 24_000_000;

/** Microseconds after which a look that found nobody is believed. */
const memory = 5_000_000;
