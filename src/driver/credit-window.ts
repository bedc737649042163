/**
 * How much may be on its way inside a WebTransport session. The package that carries it says
 * neither what it has queued nor what it has dropped, so the two ends tell each other: after some
 * octets the sender marks how many it has sent, the peer echoes the mark when it comes out, and
 * what lies between the last echo and now is at most the window. wire/README.md §8.
 *
 * The window is what the path delivers in two of its least round trips and 8 ms, and a floor: wide
 * enough never to hold a session's own congestion control back, and narrow enough that what waits
 * here is a round trip's worth or so. Pure: time comes in.
 */
import type {Micros} from '../unit.ts';
import {earlier, later, never} from '../unit.ts';

export type CreditOptions = {
	/** Octets that may always be on their way. */
	readonly windowMin: number;
	readonly windowMax: number;
};

export class CreditWindow {
	readonly #min: number;
	#max: number;
	#window: number;
	/** Octets so far: sent, told in a mark, and echoed. */
	#sent = 0;
	#marked = 0;
	#echoed = 0;
	/** Marks that are on their way, oldest first. */
	readonly #marks: {readonly total: number; readonly at: Micros}[] = [];
	#lastMarkAt: Micros = never;
	#echoedAt: Micros = never;
	/** The present round: what was echoed when it began, when, and the mark that ends it. */
	#roundFrom = 0;
	#roundAt: Micros | undefined;
	#roundEnd = 0;
	/** Something had to wait for the window in this round. */
	#wasFull = false;
	/** Octets a microsecond of the last rounds, the newest first. */
	#rates: readonly number[] = [];
	/** Least round trips of this epoch and of the one before; an epoch is some seconds. */
	#least = Infinity;
	#leastBefore = Infinity;
	#epochEnd: Micros | undefined;

	constructor({windowMin, windowMax}: CreditOptions) {
		this.#min = windowMin;
		this.#max = windowMax;
		this.#window = windowMin;
	}

	get window(): number {
		return this.#window;
	}

	/** Octets that have left and that no echo covers. */
	get outstanding(): number {
		return this.#sent - this.#echoed;
	}

	/** Whether a datagram may leave; the first one always may. */
	admits(size: number): boolean {
		if (this.outstanding === 0 || this.outstanding + size <= this.#window) return true;
		this.#wasFull = true;
		return false;
	}

	onSent(size: number): void {
		this.#sent += size;
	}

	/** The mark that is due, if one is: to be sent now. */
	takeMark(now: Micros): number | undefined {
		const isDue = this.#sent - this.#marked >= this.#window / marksPerWindow;
		if (!isDue && now < this.retryAt) return undefined;
		this.#marked = this.#sent;
		this.#lastMarkAt = now;
		if (this.#marks.length < marksMax) this.#marks.push({total: this.#sent, at: now});
		if (this.#roundAt === undefined) this.#beginRound(now);
		return this.#sent;
	}

	/** When a mark is sent again though nothing was: the last ones, or their echoes, may be lost. */
	get retryAt(): Micros {
		if (this.outstanding < this.#window / 2 || this.#lastMarkAt === never) return never;
		const patience = Math.max(retryMin, 2 * Math.min(this.#roundTrip, retryMax));
		return later(this.#lastMarkAt, patience);
	}

	/** The peer has taken out everything up to `total`. What it cannot have is not believed. */
	onEcho(total: number, now: Micros): void {
		if (total <= this.#echoed || total > this.#sent) return;
		this.#echoed = total;
		this.#echoedAt = now;
		while (this.#marks.length > 0 && this.#marks[0]!.total <= total) {
			const mark = this.#marks.shift()!;
			if (mark.total === total) this.#sample(now - mark.at, now);
		}
		if (this.#roundAt !== undefined && total >= this.#roundEnd) this.#endRound(now);
	}

	/** Datagrams were dropped before they left, for having waited too long: less may wait. */
	onExpired(): void {
		this.#max = Math.max(this.#min / 4, Math.min(this.#window, this.#max) / 2);
		this.#window = Math.min(this.#window, this.#max);
	}

	/** None was dropped for a while: a little more may wait, up to `windowMax`. */
	onKept(windowMax: number): void {
		this.#max = Math.min(windowMax, this.#max * 1.125);
	}

	get #roundTrip(): number {
		return Math.min(this.#least, this.#leastBefore);
	}

	#sample(roundTrip: number, now: Micros): void {
		if (this.#epochEnd === undefined || now >= this.#epochEnd) {
			this.#leastBefore = this.#least;
			this.#least = Infinity;
			this.#epochEnd = later(now, epoch);
		}
		this.#least = Math.min(this.#least, Math.max(1, roundTrip));
	}

	#beginRound(now: Micros): void {
		// As of the last echo: else all that wait to be read would seem to come in this round.
		this.#roundAt = this.#echoed < this.#sent ? earlier(now, this.#echoedAt) : now;
		this.#roundFrom = this.#echoed;
		this.#roundEnd = this.#sent;
	}

	#endRound(now: Micros): void {
		const span = Math.max(1, now - this.#roundAt!);
		const measured = (this.#echoed - this.#roundFrom) / span;
		// Who had less to send says nothing of what the path carries.
		const newest = this.#wasFull ? measured : Math.max(measured, this.#rates[0] ?? 0);
		this.#rates = [newest, ...this.#rates].slice(0, roundsKept);
		this.#wasFull = false;
		const rate = Math.max(...this.#rates);
		const wanted = this.#min + rate * (2 * Math.min(this.#roundTrip, span) + turns);
		this.#window = Math.min(this.#max, Math.max(Math.min(this.#min, this.#max), wanted));
		this.#roundAt = undefined;
	}
}

/** Often enough that what is open moves on smoothly, seldom enough to cost nothing. */
const marksPerWindow = 8;

/** Marks remembered for their round trip; further ones are sent all the same. */
const marksMax = 64;

/**
 * Microseconds that the turns of two busy processes may add to a round trip: an echo waits for
 * them, and on a loopback they are most of it. Without this a pull there had half of the rate.
 */
const turns = 8000;

const roundsKept = 3;

/** Microseconds. RFC 9002 keeps the least round trip for ever; paths change. */
const epoch = 10_000_000;

/** Microseconds without an echo until a mark is repeated: the least, and the longest trip. */
const retryMin = 200_000;
const retryMax = 2_000_000;
