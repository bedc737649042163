/**
 * The wants that a source has taken in, as a bounded table: what to read next, what has been read,
 * and what of it goes into the next packet. The octets of one want leave in order, each once; the
 * lowest want whose octets are at hand goes first.
 */
import {wantEntriesMax, wantsMax} from '../limit.ts';
import type {Copy} from '../platform/copy.ts';
import {closeCode} from '../session/payload.ts';
import type {Writer} from '../wire/codec.ts';
import {objectKindMax} from '../wire/compressed.ts';
import {blockHeaderSize, writeBlockHeader} from '../wire/data-frame.ts';
import {encodeFrame, type FrameValue, objectKind, refuseCode} from '../wire/frame.ts';
import {type LeafPart, lackedSizeMax, patchSizeMax} from '../wire/patch.ts';

export type Want = FrameValue<'want'> & {
	/** Of a patch: of what. */
	readonly part?: LeafPart;
};

/** Answers from memory: nothing here may wait for a disk. */
export type SenderSource = {
	/** Sizes of the objects of a want, `want.count` of them, 0 where there is none; or a code. */
	resolve(want: Want): {readonly sizes: ArrayLike<number>} | number;
	/** The receiver asks for the newest statement: answer with `Sender.offerHead`. */
	asked?(module: Uint8Array, sequence: number): void;
	/** Copies what was read to a packet; default: as typed arrays do. */
	readonly copy?: Copy;
};

/** A stretch of one object to read: at most 256 KiB. Given back to `handleRead` as it is. */
export type ReadRequest = {
	readonly snapshot: number;
	readonly kind: Want['kind'];
	readonly page: number;
	/** Of the entry itself, the want's first plus the object's place in it. */
	readonly position: number;
	readonly offset: number;
	readonly length: number;
	readonly part?: LeafPart | undefined;
};

/** A want of a patch as one of any object. Its octets are kept: the frame's are the packet's. */
export function patchWant({leaf, lacked, ...fields}: FrameValue<'wantPatch'>): Want {
	const part = {leaf, lacked: lacked.slice(0, 1 + lackedSizeMax)};
	return {...fields, kind: objectKind.patch, count: 1, part};
}

export class Outbox {
	/** All wants below it are taken in. */
	taken = 0;
	/** Octets of blocks written, wants taken in, refusals written. */
	blockBytes = 0;
	wantCount = 0;
	refusalCount = 0;
	readonly #source: SenderSource;
	/** Numbers at or above `taken` that are taken in. */
	readonly #early = new Set<number>();
	/** Wants not yet sent to their end, by number. */
	#pending: OutWant[] = [];
	/** Where to look for something to read: wants before it are read or being read to their end. */
	#readIndex = 0;
	/** Nothing is read of wants from here on. */
	#readEnd = 0;
	/** Octets that were read and then withdrawn. */
	#wasted = 0;
	/** What is read or being read and not yet sent, and refusals not yet sent: the cost of each. */
	#readAhead = 0;
	/** Of that, what is being read. */
	#reading = 0;
	/** There was no room for more: until a part of it is free, nothing is read. */
	#isFull = false;
	/** All that was wanted is read or being read: what is wanted since is read with more. */
	#rests = false;

	constructor(source: SenderSource) {
		this.#source = source;
	}

	/** The lowest want not yet sent to its end. */
	get unsent(): number {
		return Math.min(this.#pending[0]?.number ?? this.taken, this.taken);
	}

	get empty(): boolean {
		return this.#pending.length === 0;
	}

	/** Whether octets or refusals are at hand. */
	get ready(): boolean {
		return this.#firstReady() >= 0;
	}

	/** Takes a want in, once. Answers a close code if it is not acceptable. */
	add(want: Want): number | undefined {
		const {number} = want;
		if (number < this.taken || this.#early.has(number)) return undefined;
		if (number - this.taken >= wantsMax || this.#pending.length >= 2 * wantsMax) {
			return closeCode.limit;
		}
		if (!isValid(want)) return closeCode.malformed;
		this.#early.add(number);
		while (this.#early.delete(this.taken)) this.taken++;
		this.wantCount++;
		let at = this.#pending.length;
		while (at > 0 && this.#pending[at - 1]!.number > number) at--;
		this.#pending.splice(at, 0, new OutWant(want));
		this.#readIndex = Math.min(this.#readIndex, at);
		if (at < this.#readEnd) this.#readEnd++;
		return undefined;
	}

	/**
	 * Wants below `below` are withdrawn; they count as taken in. Answers a close code if too much
	 * was read for nothing.
	 */
	withdraw(below: number): number | undefined {
		if (below > this.taken) {
			this.taken = below;
			for (const number of this.#early) if (number < below) this.#early.delete(number);
			while (this.#early.delete(this.taken)) this.taken++;
		}
		let gone = 0;
		for (; gone < this.#pending.length; gone++) {
			const want = this.#pending[gone]!;
			if (want.number >= below) break;
			want.withdrawn = true;
			for (const chunk of want.chunks) {
				this.#wasted += chunk.left;
				if (chunk.finished) this.#readAhead -= chunk.cost;
				chunk.release();
			}
		}
		if (gone === 0) return undefined;
		this.#pending.splice(0, gone);
		this.#readIndex = Math.max(0, this.#readIndex - gone);
		this.#readEnd = Math.max(0, this.#readEnd - gone);
		return this.#wasted > this.blockBytes + wastedMax ? closeCode.limit : undefined;
	}

	/**
	 * The next stretch to read, at most `size` octets; undefined: none, or enough is ahead. While
	 * more than `enough` octets are ahead, little is not read by itself.
	 */
	pollRead(size: number, readAheadMax: number, enough = Infinity): ReadRequest | undefined {
		if (this.#isFull && this.#readAhead > readAheadMax * refillShare) return undefined;
		if (this.#rests && this.#hasAhead(enough)) return undefined;
		this.#isFull = false;
		this.#rests = false;
		const sizeMax = Math.min(size, readAheadMax);
		while (this.#readIndex < this.#pending.length) {
			const want = this.#pending[this.#readIndex]!;
			want.resolve(this.#source);
			const left = readAheadMax - this.#readAhead;
			const next = Math.min(want.nextReadSize, sizeMax) + chunkCost;
			if (this.#readAhead > 0 && left < next) {
				this.#isFull = true;
				return undefined;
			}
			const chunk = want.nextChunk(sizeMax);
			if (chunk === undefined) {
				this.#readIndex++;
				continue;
			}
			this.#readEnd = Math.max(this.#readEnd, this.#readIndex + 1);
			this.#readAhead += chunk.cost;
			if (chunk.finished) continue;
			this.#reading += chunk.cost;
			return chunk;
		}
		this.#rests = true;
		return undefined;
	}

	/**
	 * `done` is called once the octets are not needed any more. Of a patch there may be fewer than
	 * were asked for: then it ends with them.
	 */
	handleRead(request: ReadRequest, result: Uint8Array | number, done?: () => void): void {
		const chunk = request as Chunk;
		if (chunk.finished) {
			done?.();
			return;
		}
		this.#reading -= chunk.cost;
		const isNeeded = !chunk.want.withdrawn && !chunk.orphaned;
		if (!isNeeded) this.#readAhead -= chunk.cost;
		if (typeof result === 'number') chunk.code = result;
		else if (!chunk.fits(result)) chunk.code = refuseCode.stale;
		else {
			const cost = chunk.cost;
			chunk.take(result);
			if (isNeeded) this.#readAhead -= cost - chunk.cost;
		}
		chunk.done = done;
		if (!isNeeded || chunk.code !== 0) chunk.release();
		chunk.finished = true;
	}

	/** Writes blocks and refusals while they fit; false: none was written. */
	fill(to: Writer): boolean {
		let any = false;
		for (let index = this.#firstReady(); index >= 0; index = this.#firstReady()) {
			const want = this.#pending[index]!;
			const chunk = want.chunks[0]!;
			const wrote = chunk.code === 0 ? this.#writeBlock(chunk, to) : this.#refuse(chunk, to);
			if (!wrote) break;
			any = true;
			if (want.chunks.length === 0 && want.readToEnd) {
				this.#pending.splice(index, 1);
				if (index < this.#readIndex) this.#readIndex--;
				this.#readEnd--;
			}
		}
		return any;
	}

	/**
	 * Whether more is ahead than `enough`, and than what is wanted and not read; some is at hand.
	 * What is no content may have to be made first, which takes longer than any disk.
	 */
	#hasAhead(enough: number): boolean {
		if (this.#readAhead <= Math.max(enough, this.#reading)) return false;
		let wanted = 0;
		for (let index = this.#readIndex; index < this.#pending.length; index++) {
			const {kind, length} = this.#pending[index]!.frame;
			wanted += length;
			if (kind !== objectKind.content || wanted >= this.#readAhead) return false;
		}
		return true;
	}

	#firstReady(): number {
		for (let index = 0; index < this.#readEnd; index++) {
			if (this.#pending[index]!.chunks[0]?.finished === true) return index;
		}
		return -1;
	}

	#writeBlock(chunk: Chunk, to: Writer): boolean {
		const {want, object, left} = chunk;
		const offset = chunk.offset + chunk.sent;
		if (left === 0) return this.#end(chunk, offset, to);
		const header = blockHeaderSize(want.number, object, offset, Math.min(left, to.room));
		const size = Math.min(left, to.room - header);
		if (size <= 0 || (size < left && size < fragmentMin)) return false;
		writeBlockHeader(to, want.number, object, offset, size);
		const {copy = set} = this.#source;
		copy(to.bytes, to.offset, chunk.data!.subarray(chunk.sent, chunk.sent + size));
		to.offset += size;
		chunk.sent += size;
		this.blockBytes += size;
		this.#readAhead -= size;
		if (chunk.left > 0) return true;
		if (chunk.isLast) {
			this.#end(chunk, offset + size, to);
		} else {
			chunk.release();
			this.#readAhead -= chunk.cost;
			want.chunks.shift();
		}
		return true;
	}

	/** Tells that the object ends at `offset`: no more of it is sent, and none was read. */
	#end({want, object}: Chunk, offset: number, to: Writer): boolean {
		const mark = to.offset;
		encodeFrame('end', {want: want.number, offset}, to);
		if (to.overflowed) {
			to.rewind(mark);
			return false;
		}
		this.#skip(want, object);
		return true;
	}

	/** Nothing more of the object is sent: what was read of it is dropped. */
	#refuse(chunk: Chunk, to: Writer): boolean {
		const {want, object, code} = chunk;
		const mark = to.offset;
		encodeFrame('refuse', {want: want.number, object, code}, to);
		if (to.overflowed) {
			to.rewind(mark);
			return false;
		}
		this.refusalCount++;
		this.#skip(want, object);
		return true;
	}

	#skip(want: OutWant, object: number): void {
		for (const each of want.skip(object)) {
			if (each.finished) this.#readAhead -= each.cost;
			else each.orphaned = true;
			each.release();
		}
	}
}

/** One want on its way through the outbox. */
class OutWant {
	readonly frame: Want;
	/** Read or being read, in the order in which they are sent. */
	chunks: Chunk[] = [];
	withdrawn = false;
	#sizes: ArrayLike<number> | undefined;
	#code = 0;
	/** What to read next: an object of the want, and how much of the want's part of it is read. */
	#object = 0;
	#objectRead = 0;

	constructor(frame: Want) {
		this.frame = frame;
	}

	get number(): number {
		return this.frame.number;
	}

	/** Looks the objects up, once. */
	resolve(source: SenderSource): void {
		if (this.#sizes !== undefined || this.#code !== 0) return;
		const answer = source.resolve(this.frame);
		if (typeof answer === 'number') this.#code = answer;
		else if (!fits(this.frame, answer.sizes)) this.#code = refuseCode.invalid;
		else this.#sizes = answer.sizes;
		this.#passEmpty();
	}

	get readToEnd(): boolean {
		return this.#object >= this.frame.count;
	}

	/** Octets of the next object that are not read yet. */
	get nextReadSize(): number {
		return this.#code !== 0 || this.readToEnd ? 0 : this.#partSize - this.#objectRead;
	}

	/** The next stretch, noted as being read; a refusal is finished at once. Undefined: no more. */
	nextChunk(sizeMax: number): Chunk | undefined {
		if (this.readToEnd) return undefined;
		const size = Math.min(this.nextReadSize, sizeMax);
		const offset = this.frame.offset + this.#objectRead;
		const chunk = new Chunk(this, this.#object, offset, size);
		this.chunks.push(chunk);
		this.#objectRead += size;
		if (this.#code === 0) {
			this.#passEmpty();
		} else {
			chunk.code = this.#code;
			chunk.finished = true;
			this.#nextObject();
		}
		return chunk;
	}

	/** Forgets what is read of `object`, the one that is sent now, and reads no more of it. */
	skip(object: number): Chunk[] {
		let count = 0;
		while (this.chunks[count]?.object === object) count++;
		if (this.#object === object) this.#nextObject();
		this.#passEmpty();
		return this.chunks.splice(0, count);
	}

	/** Moves on to an object of which something is left to read. */
	#passEmpty(): void {
		if (this.#code !== 0) return;
		while (!this.readToEnd && this.nextReadSize <= 0) this.#nextObject();
	}

	#nextObject(): void {
		this.#object++;
		this.#objectRead = 0;
	}

	get #partSize(): number {
		return this.frame.count === 1 ? this.frame.length : this.#sizes![this.#object]!;
	}
}

class Chunk implements ReadRequest {
	readonly want: OutWant;
	readonly object: number;
	readonly offset: number;
	readonly length: number;
	data: Uint8Array | undefined;
	/** Called once `data` is not needed any more. */
	done: (() => void) | undefined;
	/** A refuse code, or 0. */
	code = 0;
	finished = false;
	/** With its octets its object ends. */
	isLast = false;
	/** Its object was refused while it was being read. */
	orphaned = false;
	sent = 0;
	/** Octets that are read, as far as is known. */
	#size: number;

	constructor(want: OutWant, object: number, offset: number, length: number) {
		this.want = want;
		this.object = object;
		this.offset = offset;
		this.length = length;
		this.#size = length;
	}

	/** A patch may have fewer octets than were asked for. */
	fits({length}: Uint8Array): boolean {
		return this.kind === objectKind.patch ? length <= this.length : length === this.length;
	}

	take(octets: Uint8Array): void {
		this.data = octets;
		this.#size = octets.length;
		this.isLast = octets.length < this.length;
	}

	release(): void {
		const {done} = this;
		this.done = undefined;
		this.data = undefined;
		done?.();
	}

	get left(): number {
		return this.#size - this.sent;
	}

	/** What it takes of the room for reading ahead: one of few octets is a read all the same. */
	get cost(): number {
		return this.left + chunkCost;
	}

	get snapshot(): number {
		return this.want.frame.snapshot;
	}

	get kind(): Want['kind'] {
		return this.want.frame.kind;
	}

	get page(): number {
		return this.want.frame.page;
	}

	get position(): number {
		return this.want.frame.position + this.object;
	}

	get part(): LeafPart | undefined {
		return this.want.frame.part;
	}
}

const set: Copy = (into, at, from) => into.set(from, at);

function isValid({kind, count, offset, length, part}: Want): boolean {
	if (length === 0) return false;
	if (part !== undefined) {
		return part.lacked.length <= lackedSizeMax && offset + length <= patchSizeMax;
	}
	if (kind > objectKindMax) return false;
	if (count === 0 || count > wantEntriesMax) return false;
	return count === 1 || (kind >= objectKind.content && offset === 0);
}

function fits({count, offset, length}: Want, sizes: ArrayLike<number>): boolean {
	if (sizes.length < count) return false;
	if (count === 1) return offset + length <= sizes[0]!;
	let sum = 0;
	for (let index = 0; index < count; index++) sum += sizes[index]!;
	return sum === length;
}

/**
 * Octets that a receiver may want, have read and withdraw, beyond as many as it takes. One that
 * changes its mind wastes what is read ahead; one that does so in every feedback would have the
 * disk read a thousand times what it sends.
 */
const wastedMax = 16 << 20;

/**
 * What is ahead when reading goes on. Small files leave one after another: to read the next as each
 * has left would be a job for a thread each.
 */
const refillShare = 3 / 4;

/** A piece of a block that would be shorter than this waits for the next packet. */
const fragmentMin = 64;

/**
 * What a stretch costs beyond its octets. A thousand wants of four thousand entries that are not
 * there, or of one octet each, would be millions of refusals or reads at once: so it is thousands.
 */
const chunkCost = 256;
