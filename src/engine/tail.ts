/**
 * Who of several sources has nothing to do is asked for what another has owed for long, or will
 * owe for longer than it takes to ask anew. Without that, the slowest would end last, and with it
 * the pull.
 */
import {later, type Micros, millis} from '../unit.ts';
import {isMade, isSizes} from '../wire/compressed.ts';
import {objectKind} from '../wire/frame.ts';
import type {Asked, Copy} from './asked.ts';
import type {Contributor} from './contributor.ts';

/** So long unanswered, a request goes to who has nothing else to do, however long it takes. */
const overdue = millis(1000);
/** Before that, only if it is there in half the time, and so many microseconds sooner. */
const soonerMin = 50_000;
/** Content is about so many times what it takes compressed: a leaf, or what a patch is of. */
const shrinks = 3;
/** Requests that each is given at a time. */
const tailMax = 4;

/**
 * What of `all` is to be asked of those who are `idle`, too; the one who has it is `copy.from`.
 * What was asked for last comes first: the other comes to that last. `canMove`: it has not refused.
 */
export function tailOf(
	all: Iterable<Asked>,
	idle: readonly Contributor[],
	now: Micros,
	canMove: (asked: Asked) => boolean = () => true,
): readonly Copy[] {
	const owed = new Map<Contributor, number>();
	const waiting: {copy: Copy; waitsFor: number}[] = [];
	for (const asked of all) {
		const [copy, second] = asked.copies;
		if (copy === undefined) continue;
		const {from} = copy;
		const total = (owed.get(from) ?? 0) + comingOf(copy);
		owed.set(from, total);
		const isPlain = copy.object === undefined && copy.kind !== objectKind.sums;
		if (second !== undefined || asked.isAnswered || !isPlain || !canMove(asked)) continue;
		// What is made of contents does not come again but as it is: who sends it may finish.
		const isBound = isMade(copy.kind) && !isSizes(copy.kind);
		const isOverdue = !isBound && later(asked.askedAt, overdue) <= now;
		const rate = (isBound && from.isStuck(now) ? from.rate : undefined) ?? from.likelyRate;
		waiting.push({copy, waitsFor: isOverdue ? Infinity : (1e6 * total) / rate});
	}
	const rate = idle.reduce((sum, {likelyRate}) => sum + likelyRate, 0);
	const roundTrip = Math.max(...idle.map(each => each.roundTrip));
	const tail: Copy[] = [];
	let more = 0;
	for (const {copy, waitsFor} of waiting.reverse()) {
		if (tail.length === idle.length * tailMax) break;
		const takes = roundTrip + (1e6 * (more + insteadOf(copy))) / rate;
		if (waitsFor < 2 * takes + soonerMin) continue;
		more += insteadOf(copy);
		tail.push(copy);
	}
	return tail;
}

/** Octets that are likely to come. A patch is asked for as long as it can be. */
function comingOf({kind, owed}: Copy): number {
	return kind === objectKind.patch ? owed / shrinks : owed;
}

/** Octets that another would send for it. */
function insteadOf({kind, owed}: Copy): number {
	const isLeaves = isMade(kind) && kind !== objectKind.patch && !isSizes(kind);
	return isLeaves ? owed * shrinks : owed;
}
