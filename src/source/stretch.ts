/**
 * A stretch of a file that is read once, whoever wants it, and what one of those who want a range
 * puts together of such stretches.
 */
import {refuseCode} from '../wire/frame.ts';
import type {SharedRead} from './shared-reads.ts';

/** A range of one version of a file that somebody wants. */
export type SharedWant = {
	/** The version: whoever gives the same name means the same octets at the same place. */
	readonly file: string;
	readonly offset: number;
	readonly length: number;
	/** The octets, which do not change before `done` is called, or a refuseCode; may come at once. */
	readonly settle: (result: Uint8Array | number, done?: () => void) => void;
	/** Whoever was to read it for others could not: it is to be asked for once more. */
	readonly again: () => void;
};

export class Stretch {
	readonly read: SharedRead;
	readonly file: string;
	readonly offset: number;
	readonly length: number;
	/** Once it is read. */
	octets: Uint8Array | undefined;
	/** A refuseCode, or 0. */
	code = 0;
	/** The read has ended, and brought nothing. */
	isLost = false;
	#waiting: (() => void)[] = [];

	constructor(read: SharedRead, file: string, offset: number, length: number) {
		this.read = read;
		this.file = file;
		this.offset = offset;
		this.length = length;
	}

	get end(): number {
		return this.offset + this.length;
	}

	get isSettled(): boolean {
		return this.octets !== undefined || this.isLost;
	}

	whenSettled(then: () => void): void {
		this.#waiting.push(then);
	}

	tell(): void {
		for (const then of this.#waiting.splice(0)) then();
	}
}

/** Waits for all stretches of what is wanted, then settles it. `own` is read for this want. */
export function assemble(want: SharedWant, parts: readonly Stretch[], own: SharedRead): void {
	for (const {read} of parts) read.hold();
	let left = parts.length;
	const settled = (): void => {
		if (--left > 0) return;
		const [first] = parts;
		const code = codeOf(parts, own);
		if (code !== 0 || parts.length > 1 || holdsTooMuch(want, first!, own)) {
			const octets = code === 0 ? joined(want, parts) : undefined;
			for (const {read} of parts) read.release();
			if (code === lost) want.again();
			else want.settle(octets ?? code);
		} else {
			const from = want.offset - first!.offset;
			const octets = first!.octets!.subarray(from, from + want.length);
			want.settle(octets, () => first!.read.release());
		}
	};
	const waiting = parts.filter(({isSettled}) => !isSettled);
	left = Math.max(1, waiting.length);
	for (const stretch of waiting) stretch.whenSettled(settled);
	if (waiting.length === 0) settled();
}

/** No code of the wire: another's read has brought nothing, which says nothing of the file. */
const lost = -1;

function codeOf(parts: readonly Stretch[], own: SharedRead): number {
	for (const {code, isLost, read} of parts) {
		if (isLost) return read === own ? refuseCode.unreadable : lost;
		if (code !== 0) return code;
	}
	return 0;
}

/** A few octets must not keep the memory of many, which others had read. */
function holdsTooMuch({length}: SharedWant, {read}: Stretch, own: SharedRead): boolean {
	return read !== own && length * 4 < read.memory;
}

function joined({offset, length}: SharedWant, parts: readonly Stretch[]): Uint8Array {
	const all = new Uint8Array(length);
	for (const part of parts) {
		const from = Math.max(offset, part.offset);
		const to = Math.min(offset + length, part.end);
		all.set(part.octets!.subarray(from - part.offset, to - part.offset), from - offset);
	}
	return all;
}
