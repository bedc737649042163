/**
 * Takes in what a source sent: checks every block against what was asked for, hands over what is
 * new, and notes what a packet has shown to be missing. An honest source never meets a close code
 * here.
 */
import type {Controller} from '../congestion/controller.ts';
import {closeCode} from '../session/payload.ts';
import type {Micros} from '../unit.ts';
import type {BlockFields} from '../wire/data-frame.ts';
import type {Asking} from './asking.ts';
import type {Holes} from './holes.ts';
import type {Line} from './line.ts';
import type {FetchHandler, FetchRequest, FetchStatistics} from './request.ts';
import type {WantState, Wants} from './wants.ts';

export type IntakeParts = {
	readonly wants: Wants;
	readonly asking: Asking;
	readonly holes: Holes;
	readonly controller: Controller;
	readonly handler: FetchHandler;
	readonly statistics: FetchStatistics;
};

export class Intake {
	readonly #parts: IntakeParts;
	readonly #lines = new Map<FetchRequest, Line>();
	/** Octets of all wants ever made: blocks never sum up to more. */
	askedBytes = 0;
	/** Octets of all lines that have not come. */
	wantedBytes = 0;
	/** Octets handed over since `backlog` was last lowered. */
	backlog = 0;

	constructor(parts: IntakeParts) {
		this.#parts = parts;
	}

	get lineCount(): number {
		return this.#lines.size;
	}

	add(line: Line): void {
		this.#lines.set(line.request, line);
		this.wantedBytes += line.request.length;
	}

	/** Tells that a line of no octets is done. */
	finishEmpty(line: Line): void {
		this.#finish(line);
	}

	cancel(request: FetchRequest): void {
		const line = this.#lines.get(request);
		if (line === undefined) return;
		line.cancelled = true;
		this.#lines.delete(request);
		this.wantedBytes -= line.missing;
		this.#removeLost(line, 0, request.length);
		this.#parts.asking.drop(line);
		this.#parts.wants.forEachOpen(0, want => {
			if (want.line === line) this.#parts.wants.close(want);
			return true;
		});
	}

	/** A block in packet `number`, its octets within `payload`. Answers a close code if invalid. */
	block(fields: BlockFields, payload: Uint8Array, number: number, now: Micros): number | undefined {
		const {wants, statistics} = this.#parts;
		const size = fields.end - fields.start;
		if (size === 0 || fields.want >= wants.next) return closeCode.malformed;
		statistics.bytesIn += size;
		if (statistics.bytesIn > this.askedBytes) return closeCode.limit;
		const want = wants.get(fields.want);
		if (want === undefined) {
			statistics.bytesStray += size;
			return undefined;
		}
		const at = positionOf(want, fields, size);
		if (at < 0) return closeCode.malformed;
		const overtaken = at < want.high;
		this.#show(want, at, at + size, number, now);
		this.#noteLate(want, at, at + size, overtaken, now);
		this.#deliver(want.line, at, payload.subarray(fields.start, fields.end), now);
		wants.settle(want);
		return undefined;
	}

	/** The source will not send an object. */
	refuse(want: WantState, object: number, code: number, number: number, now: Micros): void {
		const {line} = want;
		const index = want.piece.object + object;
		const from = line.startOf(index);
		const to = line.endOf(index);
		this.#show(want, Math.max(from, want.from), Math.min(to, want.to), number, now);
		this.#removeLost(line, from, to);
		const added = line.arrived.add(from, to);
		if (added > 0 && !line.cancelled) {
			this.wantedBytes -= added;
			this.#parts.handler.refused(line.request, index, code);
			if (line.missing === 0) this.#finish(line);
		}
		this.#parts.wants.settle(want);
	}

	/**
	 * The patch of a want ends at `offset`: of all that is asked for beyond, nothing comes. Answers a
	 * close code if the want is of something else.
	 */
	ended(want: WantState, offset: number, number: number, now: Micros): number | undefined {
		const {line} = want;
		const {length, part} = line.request;
		if (part === undefined) return closeCode.malformed;
		const at = Math.min(length, Math.max(0, offset - line.request.offset));
		this.#show(want, Math.min(want.to, Math.max(want.from, at)), want.to, number, now);
		this.#removeLost(line, at, length);
		const added = line.arrived.add(at, length);
		if (added > 0 && !line.cancelled) {
			this.wantedBytes -= added;
			this.#parts.asking.drop(line);
			if (line.missing === 0) this.#finish(line);
		}
		this.#parts.wants.settle(want);
		return undefined;
	}

	/** Everything of the wants below `unsent` has been sent: what is not here is a hole. */
	shown(unsent: number, number: number, now: Micros): void {
		const {wants} = this.#parts;
		for (; wants.sent < unsent; wants.sent++) {
			const want = wants.get(wants.sent);
			if (want === undefined || !want.open) continue;
			if (want.high < want.to) this.#show(want, want.to, want.to, number, now);
			wants.settle(want);
		}
	}

	/** Declares lost what has been missing for long enough. True if anything was. */
	declareLost(largest: number, now: Micros): boolean {
		const {holes, wants, asking, controller, statistics} = this.#parts;
		let any = false;
		for (;;) {
			const want = holes.take(largest, now);
			if (want === undefined) return any;
			const {line} = want;
			for (let at = line.arrived.nextGap(holes.from); at < holes.to && !line.cancelled; ) {
				const end = Math.min(holes.to, line.arrived.nextMember(at));
				statistics.rangesMissing -= line.lost.count;
				line.lost.add(at, end);
				statistics.rangesMissing += line.lost.count;
				asking.repeat(line, at, end);
				want.lostBytes += end - at;
				want.missedAt = holes.shownAt;
				// How much of a patch was on its way is not known: some packet was.
				const lost = line.request.part === undefined ? end - at : Math.min(end - at, packetSize);
				statistics.rangesLost++;
				statistics.bytesLost += lost;
				controller.onLost(lost, now);
				any = true;
				at = line.arrived.nextGap(end);
			}
			wants.settle(want);
		}
	}

	/** Asks again for all that was asked for and is missing. */
	repeatMissing(): void {
		for (const line of this.#lines.values()) {
			for (let at = line.arrived.nextGap(0); at < line.askedTo; ) {
				const end = Math.min(line.askedTo, line.arrived.nextMember(at));
				this.#parts.asking.repeat(line, at, end);
				at = line.arrived.nextGap(end);
			}
		}
	}

	closed(): void {
		this.#lines.clear();
		this.wantedBytes = 0;
	}

	#show(want: WantState, from: number, to: number, number: number, now: Micros): void {
		if (from > want.high) this.#parts.holes.add(want, want.high, from, number, now);
		if (to > want.high) this.#parts.wants.advance(want, to);
	}

	#noteLate(want: WantState, from: number, to: number, overtaken: boolean, now: Micros): void {
		const {lost} = want.line;
		if (lost.total === 0) return;
		const found = this.#removeLost(want.line, from, to);
		if (found === 0 || !overtaken || want.lostBytes === 0) return;
		this.#parts.statistics.bytesLate += found;
		this.#parts.holes.onLate(now - want.missedAt);
		this.#parts.controller.onLate(found, now);
	}

	#removeLost({lost}: Line, from: number, to: number): number {
		const {count} = lost;
		const removed = lost.remove(from, to);
		this.#parts.statistics.rangesMissing += lost.count - count;
		return removed;
	}

	#deliver(line: Line, from: number, data: Uint8Array, now: Micros): void {
		const {statistics} = this.#parts;
		const to = from + data.length;
		const added = line.arrived.missing(from, to);
		statistics.bytesNew += added;
		statistics.bytesDuplicate += data.length - added;
		if (added === 0) statistics.rangesDuplicate++;
		if (added === 0 || line.cancelled) return;
		this.wantedBytes -= added;
		this.backlog += added;
		if (added === data.length) {
			line.arrived.add(from, to);
			this.#handOver(line, from, data, now);
		} else {
			for (let at = line.arrived.nextGap(from); at < to; at = line.arrived.nextGap(at)) {
				if (line.cancelled) return;
				const end = Math.min(to, line.arrived.nextMember(at));
				line.arrived.add(at, end);
				this.#handOver(line, at, data.subarray(at - from, end - from), now);
			}
		}
		if (line.missing === 0) this.#finish(line);
	}

	#handOver(line: Line, at: number, data: Uint8Array, now: Micros): void {
		const object = line.objectAt(at);
		this.#parts.handler.block(line.request, object, line.offsetAt(at, object), data, now);
	}

	/** Tells that a line is done, unless it was cancelled from within the handler. */
	#finish(line: Line): void {
		if (this.#lines.delete(line.request)) this.#parts.handler.done(line.request);
	}
}

/** Octets of content in a packet of 1200. */
const packetSize = 1100;

/** Where a block stands in the line of its want; -1: outside of what the want asked for. */
function positionOf({line, from, to, piece}: WantState, block: BlockFields, size: number): number {
	if (block.object >= piece.count) return -1;
	if (piece.count === 1) {
		const at = from + block.offset - piece.offset;
		return at >= from && at + size <= to ? at : -1;
	}
	const object = piece.object + block.object;
	const at = line.startOf(object) + block.offset;
	return at + size <= line.endOf(object) ? at : -1;
}
