/**
 * What is shown of a run while it goes on, as fields: averages and the time that is left come from
 * what progress events say. Pure: the time comes in. How fields become lines is in `lay-out.ts`.
 */
import type {Progress} from '../engine/event.ts';
import {formatCount, formatDuration, formatRate, formatSize} from './format.ts';
import type {Field, LiveState} from './live-state.ts';

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

/** Spans of averages, in milliseconds: the rate that is shown as now, and what is left by. */
const nowMs = 2000;
const forecastMs = 15_000;

/** Less says nothing about a rate. */
const spanMin = 500;

type Sample = {readonly atMs: number; readonly done: number};

/** Rates of one phase after another. */
export class ProgressMeter {
	#phase: Progress['phase'] | undefined;
	#first: Sample = {atMs: 0, done: 0};
	#recent: Sample[] = [];

	update(progress: Progress, atMs: number): LiveState {
		const {phase, done, total, limitedBy} = progress;
		const sample = {atMs, done};
		if (phase !== this.#phase || done < (this.#recent.at(-1)?.done ?? 0)) {
			this.#phase = phase;
			this.#first = sample;
			this.#recent = [];
		}
		this.#recent.push(sample);
		while (this.#recent.length > 1 && this.#recent[1]!.atMs <= atMs - forecastMs) {
			this.#recent.shift();
		}
		const details = [...this.#rates(progress, sample), ...pathFields(progress)];
		if (limitedBy !== undefined) {
			const text = `limited by ${limitedBy === 'limit' ? '--bwlimit' : limitedBy}`;
			details.push({long: text, short: text, rank: 5, weak: limitedBy === 'path'});
		}
		return {
			title: phaseNames[phase],
			...(total ? {share: Math.min(1, done / total)} : {}),
			amounts: [...amountFields(progress), ...this.#left(progress, sample)],
			details,
		};
	}

	#rates(progress: Progress, now: Sample): Field[] {
		if (!inOctets.has(progress.phase)) return [];
		const rate = progress.rate ?? rateBetween(this.#since(now.atMs - nowMs), now);
		const mean = rateBetween(this.#first, now);
		if (rate === undefined) return [];
		const fields: Field[] = [{long: formatRate(rate), short: formatRate(rate), rank: 2}];
		if (mean === undefined) return fields;
		const average = `${formatRate(mean)} on average`;
		fields.push({long: average, short: `mean ${formatRate(mean)}`, rank: 8, weak: true});
		return fields;
	}

	#left({done, total}: Progress, now: Sample): Field[] {
		const rate = rateBetween(this.#since(now.atMs - forecastMs), now);
		if (!total || !rate || done >= total) return [];
		const text = `${formatLeft((1000 * (total - done)) / rate)} left`;
		return [{long: text, short: text, rank: 1}];
	}

	/** The newest sample that is at least as old, or the oldest. */
	#since(atMs: number): Sample {
		return this.#recent.findLast(sample => sample.atMs <= atMs) ?? this.#recent[0]!;
	}
}

/** Units a second; undefined until that means anything. */
function rateBetween(from: Sample, to: Sample): number | undefined {
	const span = to.atMs - from.atMs;
	return span < spanMin ? undefined : (1000 * (to.done - from.done)) / span;
}

/** In whole seconds: finer would pretend to know. */
function formatLeft(milliseconds: number): string {
	const seconds = Math.ceil(milliseconds / 1000);
	return seconds < 60 ? `${seconds} s` : formatDuration(1000 * seconds);
}

function amountFields({phase, done, total}: Progress): Field[] {
	if (!total && done === 0) return [];
	const isOctets = inOctets.has(phase);
	const show = isOctets ? formatSize : formatCount;
	const unit = isOctets ? '' : ' entries';
	if (!total) return [{long: `${show(done)}${unit}`, short: show(done), rank: 4}];
	const percent = `${Math.floor((100 * Math.min(done, total)) / total)} %`;
	return [
		{
			long: `${show(done)} of ${show(total)}${unit}`,
			short: `${show(done)} of ${show(total)}`,
			rank: 4,
		},
		{long: percent, short: percent, rank: 0},
	];
}

function pathFields({roundTripMs, rangesLost, rangesRepaired}: Progress): Field[] {
	if (roundTripMs === undefined) return [];
	const trip = `${roundTripMs.toFixed(0)} ms`;
	const lost = formatCount(rangesLost ?? 0);
	const repaired = formatCount(rangesRepaired ?? 0);
	return [
		{long: `round trip ${trip}`, short: trip, rank: 7, weak: true},
		{long: `${lost} lost, ${repaired} repaired`, short: `${lost} lost`, rank: 6, weak: true},
	];
}
