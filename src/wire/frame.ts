/**
 * The frames of a packet, as a table: types, encoder, decoder, fuzzer and wire/README.md read it.
 * Meaning stands in wire/README.md §5; nothing here knows who may send what.
 */
import {
	type Codec,
	fixed,
	list,
	opaque,
	type Reader,
	record,
	u8,
	u32,
	type ValueOf,
	varint,
	type Writer,
} from './codec.ts';

/** Receipts and diffs named in one frame: more would not fit a datagram of 1200 octets. */
const receiptRangesMax = 256;
const diffsMax = 8;
/** Certificates that a source may be met with: the one in use and the next. */
const certificatesMax = 2;

const receiptRange = record({gap: varint, length: varint});
const diff = record({sequence: varint, size: varint, digest: fixed(32)});

export const frameTable = {
	padding: {type: 0x00, fields: {}},
	ping: {type: 0x01, fields: {}},
	close: {type: 0x02, fields: {code: varint, text: opaque}},
	pathChallenge: {type: 0x03, fields: {data: fixed(8)}},
	pathResponse: {type: 0x04, fields: {data: fixed(8)}},
	probe: {type: 0x05, fields: {}},

	feedback: {
		type: 0x10,
		fields: {version: varint, below: varint, rate: varint, packet: varint, bytes: varint},
	},
	receipt: {
		type: 0x11,
		fields: {largest: varint, delay: varint, ranges: list(receiptRange, receiptRangesMax)},
	},
	want: {
		type: 0x12,
		fields: {
			number: varint,
			snapshot: varint,
			kind: u8,
			page: varint,
			position: varint,
			count: varint,
			offset: varint,
			length: varint,
		},
	},
	wantPatch: {
		type: 0x13,
		fields: {
			number: varint,
			snapshot: varint,
			page: varint,
			position: varint,
			leaf: varint,
			lacked: opaque,
			offset: varint,
			length: varint,
		},
	},

	data: {
		type: 0x20,
		fields: {
			flags: u8,
			time: u32,
			version: varint,
			held: varint,
			taken: varint,
			unsent: varint,
		},
	},
	block: {type: 0x21, fields: {want: varint, object: varint, offset: varint, data: opaque}},
	refuse: {type: 0x22, fields: {want: varint, object: varint, code: u8}},
	end: {type: 0x23, fields: {want: varint, offset: varint}},

	ask: {type: 0x30, fields: {module: opaque, sequence: varint}},
	head: {type: 0x31, fields: {statement: opaque, diffs: list(diff, diffsMax)}},
	delegation: {type: 0x32, fields: {statement: opaque}},
	rotation: {type: 0x33, fields: {statement: opaque}},
	ticket: {type: 0x34, fields: {sealed: opaque}},
	refusal: {type: 0x35, fields: {code: u8, retryMs: varint, text: opaque}},
	webTransport: {
		type: 0x36,
		fields: {port: varint, certificates: list(fixed(32), certificatesMax)},
	},
} as const satisfies Record<string, {type: number; fields: Record<string, Codec<unknown>>}>;

export type FrameName = keyof typeof frameTable;
export type FrameValue<N extends FrameName> = ValueOf<(typeof frameTable)[N]['fields']>;
/** A decoded frame; octets in it are views of the input. */
export type Frame = {[N in FrameName]: {readonly name: N} & FrameValue<N>}[FrameName];

/** What a want's `kind` asks for, and, by a number that no want says, `wantPatch`. README.md §6. */
export const objectKind = {
	...{list: 0, node: 1, diff: 2, content: 3, leaves: 4, sums: 5},
	patch: 255,
} as const;
/** Kinds above the first six are of compressed forms: `compressed.ts`. */
export type ObjectKind = (typeof objectKind)[keyof typeof objectKind] | CompressedKind;
type CompressedKind = 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17;

/** Why a source does not send an object of a want. */
export const refuseCode = {stale: 1, unavailable: 2, unreadable: 3, invalid: 4} as const;

/** Bit of `data.flags`: the source had less to send than it was granted. */
export const dataFlagSourceLimited = 1;

type Row = {name: FrameName; type: number; codec: Codec<Record<string, unknown>>};
const rows: Row[] = Object.entries(frameTable).map(([name, {type, fields}]) => ({
	name: name as FrameName,
	type,
	codec: record(fields as Record<string, Codec<unknown>>) as unknown as Codec<
		Record<string, unknown>
	>,
}));
const byName = new Map(rows.map(row => [row.name, row]));
const byType = new Map(rows.map(row => [row.type, row]));

/** Writes one frame; if it does not fit, `to.overflowed` is set and the caller rewinds. */
export function encodeFrame<N extends FrameName>(name: N, value: FrameValue<N>, to: Writer): void {
	const row = byName.get(name)!;
	to.u8(row.type);
	row.codec.encode(value as Record<string, unknown>, to);
}

/**
 * The next frame, or undefined when the input is at its end (`from.left === 0`), is malformed or
 * has an unknown type (`from.failed`). Padding is skipped.
 */
export function decodeFrame(from: Reader): Frame | undefined {
	while (from.left > 0) {
		const type = from.u8();
		if (type === frameTable.padding.type) continue;
		const row = byType.get(type);
		if (row === undefined) {
			from.take(from.left + 1);
			return undefined;
		}
		const value = row.codec.decode(from);
		if (from.failed) return undefined;
		value['name'] = row.name;
		return value as unknown as Frame;
	}
	return undefined;
}
