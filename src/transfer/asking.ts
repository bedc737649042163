/**
 * Turns requests and losses into wants: what was lost first, then what was never asked for, in the
 * order of the requests, cut so that a session has some tens of wants outstanding.
 */
import type {Line, Piece} from './line.ts';
import type {WantState, Wants} from './wants.ts';

export class Asking {
	readonly #wants: Wants;
	/** Lines not yet asked for to their end, oldest first. */
	#fresh: Line[] = [];
	#freshHead = 0;
	/** Octets of them never asked for. */
	freshBytes = 0;
	/** Stretches to ask for again, oldest first. */
	#repeatLine: Line[] = [];
	#repeatEdges: number[] = [];
	#repeatIsCopy: boolean[] = [];
	#repeatHead = 0;
	readonly #piece: Piece = {object: 0, count: 0, offset: 0, length: 0};

	constructor(wants: Wants) {
		this.#wants = wants;
	}

	add(line: Line): void {
		this.#fresh.push(line);
		this.freshBytes += line.request.length;
	}

	/** Asks for [from, to) of `line` again, as far as it is missing by then. */
	repeat(line: Line, from: number, to: number, isCopy = false): void {
		const last = this.#repeatLine.length - 1;
		if (
			last >= this.#repeatHead &&
			this.#repeatLine[last] === line &&
			this.#repeatIsCopy[last] === isCopy &&
			this.#repeatEdges[2 * last + 1] === from
		) {
			this.#repeatEdges[2 * last + 1] = to;
			return;
		}
		this.#repeatLine.push(line);
		this.#repeatEdges.push(from, to);
		this.#repeatIsCopy.push(isCopy);
	}

	/** The line will not be asked for any further. */
	drop(line: Line): void {
		if (line.askedTo < line.request.length) {
			this.freshBytes -= line.request.length - line.askedTo;
			line.askedTo = line.request.length;
		}
	}

	/** Whether `next` would answer, with so many octets ahead allowed. */
	ready(aheadMax: number): boolean {
		if (!this.#wants.room) return false;
		if (this.#repeatHead < this.#repeatLine.length) return true;
		return this.freshBytes > 0 && this.#wants.ahead < aheadMax;
	}

	/** Makes the next want; undefined: none is due. */
	next(aheadMax: number): WantState | undefined {
		if (!this.#wants.room) return undefined;
		const pieceMax = Math.min(pieceSizeMax, Math.max(pieceSizeMin, Math.floor(aheadMax / 16)));
		return this.#nextRepeat(pieceMax) ?? this.#nextFresh(aheadMax, pieceMax);
	}

	#nextRepeat(pieceMax: number): WantState | undefined {
		while (this.#repeatHead < this.#repeatLine.length) {
			const index = this.#repeatHead;
			const line = this.#repeatLine[index]!;
			const from = line.arrived.nextGap(this.#repeatEdges[2 * index]!);
			const to = Math.min(this.#repeatEdges[2 * index + 1]!, line.arrived.nextMember(from));
			if (line.cancelled || from >= to) {
				this.#repeatHead++;
				continue;
			}
			line.cut(from, to, pieceMax, this.#piece);
			this.#repeatEdges[2 * index] = from + this.#piece.length;
			const want = this.#wants.add(line, from, this.#piece);
			want.isCopy = this.#repeatIsCopy[index]!;
			return want;
		}
		if (this.#repeatHead > 0) {
			this.#repeatLine = [];
			this.#repeatIsCopy = [];
			this.#repeatEdges = [];
			this.#repeatHead = 0;
		}
		return undefined;
	}

	#nextFresh(aheadMax: number, pieceMax: number): WantState | undefined {
		if (this.#wants.ahead >= aheadMax) return undefined;
		for (; this.#freshHead < this.#fresh.length; this.#freshHead++) {
			const line = this.#fresh[this.#freshHead]!;
			const from = line.askedTo;
			if (from >= line.request.length) continue;
			line.cut(from, line.request.length, pieceMax, this.#piece);
			line.askedTo += this.#piece.length;
			this.freshBytes -= this.#piece.length;
			return this.#wants.add(line, from, this.#piece);
		}
		this.#fresh = [];
		this.#freshHead = 0;
		return undefined;
	}
}

/**
 * A want is cut to a sixteenth of what may be ahead, within these bounds: small enough that the
 * lowest unsent want moves on several times in a round trip, and with it what counts as a hole;
 * large enough that a thousand of them fill any path.
 */
const pieceSizeMin = 16_384;
const pieceSizeMax = 1 << 20;
