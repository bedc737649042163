/**
 * Objects of a simulated snapshot: entries in pages, contents cut from one random buffer, so that
 * any range of any object is known without being stored.
 */

import type {FetchHandler, FetchRequest} from '../../src/transfer/request.ts';
import type {ReadRequest, SenderSource, Want} from '../../src/transfer/sender.ts';
import {objectKind} from '../../src/wire/frame.ts';
import {patchSizeMax} from '../../src/wire/patch.ts';
import {Prng} from './prng.ts';

const pattern = new Prng(0x5eed).bytes(1 << 18);
const span = pattern.length / 2;

export class SimStore implements SenderSource {
	/** Octets of each entry, page by page. */
	readonly pages: readonly Float64Array[];
	readonly listSize: number;
	readonly contentBytes: number;

	constructor(sizes: readonly number[], pageLength: number, entrySize = 60) {
		const pages: Float64Array[] = [];
		for (let at = 0; at < sizes.length; at += pageLength) {
			pages.push(Float64Array.from(sizes.slice(at, at + pageLength)));
		}
		this.pages = pages;
		this.listSize = sizes.length * entrySize + 200;
		this.contentBytes = sizes.reduce((sum, size) => sum + size, 0);
	}

	resolve(want: Want): {readonly sizes: ArrayLike<number>} | number {
		if (want.kind === objectKind.list) return {sizes: [this.listSize]};
		const page = this.pages[want.page];
		if (want.part !== undefined) return {sizes: [patchSizeMax]};
		if (want.kind !== objectKind.content || page === undefined) return 4;
		if (want.position + want.count > page.length) return 4;
		return {sizes: page.subarray(want.position, want.position + want.count)};
	}

	sizeOf(kind: number, page: number, position: number): number {
		return kind === objectKind.list ? this.listSize : this.pages[page]![position]!;
	}

	/** The octets of a read: a view, or two pieces joined where the buffer ends. */
	read({kind, page, position, offset, ...read}: Omit<ReadRequest, 'snapshot'>): Uint8Array {
		const isPatch = kind === objectKind.patch;
		const size = isPatch ? this.sizeOf(kind, page, position) : Infinity;
		const length = Math.max(0, Math.min(read.length, size - offset));
		const start = (kind * 7919 + page * 104_729 + position * 1299_709 + offset) % span;
		if (length <= span) return pattern.subarray(start, start + length);
		const whole = new Uint8Array(length);
		for (let at = 0; at < length; at++) whole[at] = pattern[(start + at) % span]!;
		return whole;
	}

	/** The list, or a range of it. */
	listRequest(offset = 0, end: number = this.listSize): FetchRequest {
		return {...request(objectKind.list, 0, 0, 1, end - offset), offset};
	}

	/** One request a page, as a receiver makes them; a page of one entry is a plain range. */
	contentRequests(): FetchRequest[] {
		return this.pages.map((sizes, page) => {
			const length = sizes.reduce((sum, size) => sum + size, 0);
			const one = request(objectKind.content, page, 0, sizes.length, length);
			return sizes.length === 1 ? one : {...one, sizes};
		});
	}

	/** The same, but what can be a patch is wanted as one, as of four times its octets. */
	patchRequests(): FetchRequest[] {
		const part = {leaf: 3, lacked: Uint8Array.of(7, 9)};
		return this.pages.flatMap((sizes, page) =>
			[...sizes.entries()].map(([position, size]) => {
				if (size > patchSizeMax) return request(objectKind.content, page, position, 1, size);
				const length = Math.min(patchSizeMax, 4 * size);
				return {...request(objectKind.patch, page, position, 1, length), part};
			}),
		);
	}
}

/** A range in the pattern is only periodic beyond its end: both halves are the same octets. */
pattern.copyWithin(span, 0, span);

/** Checks what is handed over: right octets, each once, done once. */
export class SimReceiver implements FetchHandler {
	bytes = 0;
	/** Octets of the list; requests of contents that are done. */
	listBytes = 0;
	doneCount = 0;
	refusedCount = 0;
	wrong: string | undefined;
	closedWith: number | undefined;
	/** The list is whole. */
	onList: () => void = () => undefined;
	onBlock: (request: FetchRequest, object: number, offset: number, size: number) => void = () =>
		undefined;
	readonly #store: SimStore;
	readonly #seen = new Map<string, Uint8Array>();

	constructor(store: SimStore) {
		this.#store = store;
	}

	/** The list and all contents have come. */
	get isWhole(): boolean {
		return this.bytes === this.#store.listSize + this.#store.contentBytes;
	}

	block(request: FetchRequest, object: number, offset: number, data: Uint8Array): void {
		const {kind, page} = request;
		const position = request.position + object;
		const length = data.length;
		const expected = this.#store.read({kind, page, position, offset, length});
		if (Buffer.compare(expected, data) !== 0) this.wrong ??= `octets of ${page}/${position}`;
		const key = `${kind}/${page}/${position}`;
		let seen = this.#seen.get(key);
		if (seen === undefined) {
			seen = new Uint8Array(this.#store.sizeOf(kind, page, position));
			this.#seen.set(key, seen);
		}
		if (seen.subarray(offset, offset + length).includes(1)) {
			this.wrong ??= `${key} at ${offset} twice`;
		}
		seen.fill(1, offset, offset + length);
		this.bytes += length;
		this.onBlock(request, object, offset, length);
		if (kind !== objectKind.list) return;
		this.listBytes += length;
		if (this.listBytes === this.#store.listSize) this.onList();
	}

	refused(): void {
		this.refusedCount++;
	}

	done(request: FetchRequest): void {
		if (request.kind !== objectKind.list) this.doneCount++;
	}

	head(): void {
		this.wrong ??= 'a head nobody sent';
	}

	closed(code: number): void {
		this.closedWith = code;
	}
}

function request(
	kind: FetchRequest['kind'],
	page: number,
	position: number,
	count: number,
	length: number,
): FetchRequest {
	return {snapshot: 0, kind, page, position, count, offset: 0, length};
}
