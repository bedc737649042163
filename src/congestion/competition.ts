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

	reset(): void {
		this.end();
		this.#lastAt = -Infinity;
	}
}

/** Microseconds after which a look that found nobody is believed. */
const memory = 5_000_000;
