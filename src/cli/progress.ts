/** The line that a terminal shows while a run goes on. */
import type {Progress} from '../engine/event.ts';
import {formatCount, formatDuration, formatRate, formatSize} from './format.ts';

const phaseNames: Record<Progress['phase'], string> = {
	scan: 'looking',
	hash: 'hashing',
	connect: 'connecting',
	list: 'list',
	plan: 'planning',
	transfer: 'fetching',
	publish: 'publishing',
};

const inOctets: ReadonlySet<Progress['phase']> = new Set(['hash', 'list', 'transfer']);

/** Shortest time between two lines, in milliseconds: a terminal is slower than a run. */
const interval = 100;

/** Averages and the time that is left, from what progress events say. Pure: the time comes in. */
export class ProgressLine {
	#phase: Progress['phase'] | undefined;
	#startMs = 0;
	#startDone = 0;
	#shownMs = Number.NEGATIVE_INFINITY;

	/** The line to show now, or undefined when the last one still does. */
	update(progress: Progress, nowMs: number): string | undefined {
		if (progress.phase !== this.#phase) {
			this.#phase = progress.phase;
			this.#startMs = nowMs;
			this.#startDone = progress.done;
		} else if (nowMs - this.#shownMs < interval) return undefined;
		this.#shownMs = nowMs;
		return [
			phaseNames[progress.phase],
			...amount(progress),
			...this.#rates(progress, nowMs),
			...(progress.roundTripMs === undefined ? [] : [`${progress.roundTripMs.toFixed(0)} ms`]),
			...losses(progress),
			...this.#left(progress, nowMs),
			...(progress.limitedBy === undefined ? [] : [`limited by ${progress.limitedBy}`]),
		].join('  ');
	}

	#rates(progress: Progress, nowMs: number): string[] {
		if (progress.rate === undefined) return [];
		const average = this.#average(progress, nowMs);
		const mean = average === undefined ? '' : ` (${formatRate(average)} on average)`;
		return [`${formatRate(progress.rate)}${mean}`];
	}

	#left(progress: Progress, nowMs: number): string[] {
		const average = this.#average(progress, nowMs);
		if (progress.total === undefined || average === undefined) return [];
		const leftMs = (1000 * Math.max(0, progress.total - progress.done)) / average;
		return [`${formatLeft(leftMs)} left`];
	}

	/** Units a second since the phase began; undefined until that means anything. */
	#average(progress: Progress, nowMs: number): number | undefined {
		const elapsedMs = nowMs - this.#startMs;
		const done = progress.done - this.#startDone;
		return elapsedMs < 500 || done <= 0 ? undefined : (1000 * done) / elapsedMs;
	}
}

/** In whole seconds: finer would pretend to know. */
function formatLeft(milliseconds: number): string {
	const seconds = Math.ceil(milliseconds / 1000);
	return seconds < 60 ? `${seconds} s` : formatDuration(1000 * seconds);
}

function amount({phase, done, total}: Progress): string[] {
	if (total === undefined && done === 0) return [];
	const show = inOctets.has(phase) ? formatSize : formatCount;
	if (total === undefined) return [show(done)];
	const percent = total === 0 ? 100 : Math.floor((100 * Math.min(done, total)) / total);
	return [`${show(done)} of ${show(total)} (${percent} %)`];
}

function losses({rangesLost, rangesRepaired}: Progress): string[] {
	if (rangesLost === undefined) return [];
	const repaired = rangesRepaired === undefined ? '' : `, ${formatCount(rangesRepaired)} repaired`;
	return [`${formatCount(rangesLost)} lost${repaired}`];
}
