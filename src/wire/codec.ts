/**
 * Reading and writing octets. A Reader never throws on input: a bad read sets `failed` and yields
 * zero or nothing, so a caller decodes a whole record and looks once. A Writer never grows: a
 * write that does not fit sets `overflowed` and the caller rewinds to a mark.
 */

/** The largest number that travels: 2^53 - 1, so that every value is exact in a number. */
export const varintMax = Number.MAX_SAFE_INTEGER;

const none = new Uint8Array(0);

export class Reader {
	readonly bytes: Uint8Array;
	offset: number;
	readonly end: number;
	failed = false;

	constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
		this.bytes = bytes;
		this.offset = offset;
		this.end = end;
	}

	get left(): number {
		return this.end - this.offset;
	}

	u8(): number {
		if (this.offset >= this.end) return this.#fail();
		return this.bytes[this.offset++]!;
	}

	u16(): number {
		if (this.left < 2) return this.#fail();
		const {bytes, offset} = this;
		this.offset += 2;
		return (bytes[offset]! << 8) | bytes[offset + 1]!;
	}

	u32(): number {
		if (this.left < 4) return this.#fail();
		const {bytes, offset} = this;
		this.offset += 4;
		return (
			((bytes[offset]! << 24) |
				(bytes[offset + 1]! << 16) |
				(bytes[offset + 2]! << 8) |
				bytes[offset + 3]!) >>>
			0
		);
	}

	/** RFC 9000 §16, in its shortest form only, at most 2^53 - 1. */
	varint(): number {
		if (this.offset >= this.end) return this.#fail();
		const {bytes, offset} = this;
		const first = bytes[offset]!;
		if (first < 0x40) {
			this.offset = offset + 1;
			return first;
		}
		if (first < 0x80) {
			if (this.left < 2) return this.#fail();
			this.offset = offset + 2;
			const value = ((first & 0x3f) << 8) | bytes[offset + 1]!;
			return value < 0x40 ? this.#fail() : value;
		}
		if (first < 0xc0) {
			if (this.left < 4) return this.#fail();
			const value = this.u32() & 0x3fff_ffff;
			return value < 0x4000 ? this.#fail() : value;
		}
		if (this.left < 8) return this.#fail();
		const high = this.u32() & 0x3fff_ffff;
		const value = high * 0x1_0000_0000 + this.u32();
		return value < 0x4000_0000 || value > varintMax ? this.#fail() : value;
	}

	/** A view of the next `size` octets: valid as long as the input is. */
	take(size: number): Uint8Array {
		if (size > this.left) {
			this.#fail();
			return none;
		}
		const offset = this.offset;
		this.offset += size;
		return this.bytes.subarray(offset, this.offset);
	}

	/** Length, then as many octets; at most `max`. */
	opaque(max: number = this.left): Uint8Array {
		const size = this.varint();
		if (size > max) {
			this.#fail();
			return none;
		}
		return this.take(size);
	}

	#fail(): number {
		this.failed = true;
		this.offset = this.end;
		return 0;
	}
}

export class Writer {
	readonly bytes: Uint8Array;
	offset: number;
	end: number;
	overflowed = false;

	constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
		this.bytes = bytes;
		this.offset = offset;
		this.end = end;
	}

	get room(): number {
		return this.end - this.offset;
	}

	/** From now on there is room for `size` octets at most. */
	shorten(size: number): void {
		this.end = Math.min(this.end, this.offset + size);
	}

	/** Forgets all that was written after `offset`, and that it did not fit. */
	rewind(offset: number): void {
		this.offset = offset;
		this.overflowed = false;
	}

	u8(value: number): void {
		if (this.#reserve(1)) this.bytes[this.offset++] = value;
	}

	u16(value: number): void {
		if (!this.#reserve(2)) return;
		this.bytes[this.offset++] = value >>> 8;
		this.bytes[this.offset++] = value;
	}

	u32(value: number): void {
		if (!this.#reserve(4)) return;
		this.bytes[this.offset++] = value >>> 24;
		this.bytes[this.offset++] = value >>> 16;
		this.bytes[this.offset++] = value >>> 8;
		this.bytes[this.offset++] = value;
	}

	varint(value: number): void {
		if (value < 0x40) {
			this.u8(value);
		} else if (value < 0x4000) {
			this.u16(value | 0x4000);
		} else if (value < 0x4000_0000) {
			this.u32((value | 0x8000_0000) >>> 0);
		} else if (this.#reserve(8)) {
			this.u32((Math.floor(value / 0x1_0000_0000) | 0xc000_0000) >>> 0);
			this.u32(value >>> 0);
		}
	}

	put(octets: Uint8Array): void {
		if (!this.#reserve(octets.length)) return;
		this.bytes.set(octets, this.offset);
		this.offset += octets.length;
	}

	opaque(octets: Uint8Array): void {
		this.varint(octets.length);
		this.put(octets);
	}

	/** `size` octets of zero. */
	zero(size: number): void {
		if (!this.#reserve(size)) return;
		this.bytes.fill(0, this.offset, this.offset + size);
		this.offset += size;
	}

	/** What has been written since `from`: a view. */
	written(from = 0): Uint8Array {
		return this.bytes.subarray(from, this.offset);
	}

	#reserve(size: number): boolean {
		if (this.offset + size <= this.end && !this.overflowed) return true;
		this.overflowed = true;
		return false;
	}
}

/** Octets that `value` takes as a varint: 1, 2, 4 or 8. */
export function varintSize(value: number): number {
	if (value < 0x40) return 1;
	if (value < 0x4000) return 2;
	return value < 0x4000_0000 ? 4 : 8;
}

/** How one kind of field travels. `decode` relies on `Reader.failed`; it never throws. */
export type Codec<T> = {
	/** As it stands in wire/README.md. */
	readonly notation: string;
	encode(value: T, to: Writer): void;
	decode(from: Reader): T;
};

export const varint: Codec<number> = {
	notation: 'varint',
	encode: (value, to) => to.varint(value),
	decode: from => from.varint(),
};

export const u8: Codec<number> = {
	notation: 'u8',
	encode: (value, to) => to.u8(value),
	decode: from => from.u8(),
};

export const u32: Codec<number> = {
	notation: 'u32',
	encode: (value, to) => to.u32(value),
	decode: from => from.u32(),
};

/** Length and octets; decoding yields a view of the input. */
export const opaque: Codec<Uint8Array> = {
	notation: 'opaque',
	encode: (value, to) => to.opaque(value),
	decode: from => from.opaque(),
};

/** Exactly `size` octets; decoding yields a view of the input. */
export const fixed = (size: number): Codec<Uint8Array> => ({
	notation: `octets(${size})`,
	encode: (value, to) => to.put(value),
	decode: from => from.take(size),
});

/** A count and as many items, at most `max`: the cap is checked before anything is allocated. */
export const list = <T>(item: Codec<T>, max: number): Codec<readonly T[]> => ({
	notation: `list(${item.notation}, ${max})`,
	encode(value, to) {
		to.varint(value.length);
		for (const each of value) item.encode(each, to);
	},
	decode(from) {
		const count = from.varint();
		if (count > max || count > from.left) from.take(from.left + 1);
		const items: T[] = [];
		for (let index = 0; index < count && !from.failed; index++) items.push(item.decode(from));
		return items;
	},
});

/** Fields by name, in the order of the table. */
export type Fields = {readonly [name: string]: Codec<unknown>};
export type ValueOf<F> = {
	readonly [K in keyof F]: F[K] extends Codec<infer T> ? T : never;
};

/** A record of named fields, in their order. */
export function record<const F extends Record<string, Codec<unknown>>>(
	fields: F,
): Codec<ValueOf<F>> {
	const entries = Object.entries(fields) as [string, Codec<unknown>][];
	return {
		notation: `{${entries.map(([name, codec]) => `${name}: ${codec.notation}`).join(', ')}}`,
		encode(value, to) {
			for (const [name, codec] of entries) {
				codec.encode((value as Record<string, unknown>)[name], to);
			}
		},
		decode(from) {
			const value: Record<string, unknown> = {};
			for (const [name, codec] of entries) value[name] = codec.decode(from);
			return value as ValueOf<F>;
		},
	};
}
