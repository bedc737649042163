/**
 * The thesis of the project: datagrams are acted on as they arrive, so a loss affects no other
 * packet. One datagram of ten thousand ranges is lost, and so is every repeat of what it carried
 * until everything else has been handed over.
 */
import test from 'ava';
import {Reader} from '../../src/wire/codec.ts';
import {decodeFrame, type FrameValue} from '../../src/wire/frame.ts';
import {pathOf} from '../support/path.ts';
import {Prng} from '../support/prng.ts';
import {isOver, type Run, startRun} from '../support/transfer-run.ts';

const rangeCount = 10_000;
/** One range to a datagram: two would not fit. */
const rangeSize = 1100;
const roundTripMs = 40;

/** Frames in a datagram of a plain session. */
function* framesOf(datagram: Uint8Array) {
	const from = new Reader(datagram, 9, datagram.length - 16);
	for (let frame = decodeFrame(from); frame; frame = decodeFrame(from)) yield frame;
}

class Censor {
	readonly run: Run;
	/** The ranges of the datagram that was dropped; until told, all of their repeats are too. */
	victims: Set<string> | undefined;
	dropped = 0;
	readonly #victim: number;
	readonly #wants = new Map<number, FrameValue<'want'>>();

	/** Drops the datagram that is the `victim`th to carry blocks of contents. */
	constructor(victim: number) {
		this.#victim = victim;
		let count = 0;
		const settings = pathOf({
			megabits: 200,
			roundTripMs,
			sizes: Array.from({length: rangeCount}, () => rangeSize),
			down: {
				drop: (_, datagram) => {
					const ranges = this.#rangesOf(datagram);
					if (ranges.length === 0) return false;
					if (count++ === this.#victim) this.victims = new Set(ranges);
					const hit = this.victims !== undefined && ranges.some(each => this.victims?.has(each));
					if (hit) this.dropped++;
					return hit;
				},
			},
			up: {
				drop: (_, datagram) => {
					for (const frame of framesOf(datagram)) {
						if (frame.name === 'want') this.#wants.set(frame.number, frame);
					}
					return false;
				},
			},
		});
		this.run = startRun(settings);
		// Each range is a request of its own, not one a page.
		const {store, receiver} = this.run;
		receiver.onList = () => {
			for (const [page, sizes] of store.pages.entries()) {
				for (const position of sizes.keys()) {
					const one = {snapshot: 0, kind: 3, page, position, count: 1, offset: 0} as const;
					this.run.fetcher.fetch({...one, length: rangeSize});
				}
			}
		};
	}

	/** Runs until so many ranges are done; microseconds from the start. */
	driveTo(doneCount: number): number {
		const {world, receiver, start} = this.run;
		const outcome = world.drive({
			done: () => receiver.doneCount >= doneCount,
			until: start + 20_000_000,
			stepsMax: 500_000,
		});
		if (outcome !== 'done') throw new Error(`${outcome} with ${receiver.doneCount} done`);
		return world.now - start;
	}

	#rangesOf(datagram: Uint8Array): string[] {
		const ranges: string[] = [];
		for (const frame of framesOf(datagram)) {
			if (frame.name !== 'block') continue;
			const want = this.#wants.get(frame.want);
			if (want?.kind === 3) ranges.push(`${want.page}/${want.position + frame.object}`);
		}
		return ranges;
	}
}

const whole = new Censor(-1).driveTo(rangeCount);
const prng = new Prng(11);
const middle = Array.from({length: 5}, () => prng.below(rangeCount));

for (const victim of [0, ...middle, rangeCount - 1]) {
	test(`with datagram ${victim} lost for ever, all others are handed over, then it is repaired`, t => {
		const censor = new Censor(victim);
		const {run} = censor;
		const time = censor.driveTo(rangeCount - 1);
		t.true(time <= whole + 2000, 'nothing waited for it');
		t.false(isOver(run));
		// It goes on being asked for while there is nothing else to do.
		const {world, receiver} = run;
		const before = censor.dropped;
		world.drive({until: world.now + 1_000_000, stepsMax: 10_000});
		t.is(receiver.doneCount, rangeCount - 1);
		t.true(censor.dropped > before, `${censor.dropped} repeats were dropped`);
		const freed = world.now;
		censor.victims = new Set();
		censor.driveTo(rangeCount);
		t.true(world.now - freed < 5 * roundTripMs * 1000, 'the repair takes a few round trips');
		t.true(receiver.isWhole);
		t.is(receiver.wrong, undefined);
	});
}
