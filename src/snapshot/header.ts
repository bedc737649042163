/** The first octets of a list. README.md §5. */
import {Reader, Writer} from '../wire/codec.ts';

/** What a list says of itself before anything else. */
export type Header = {
	/** Level of the top node. */
	readonly levels: number;
	readonly pageCount: number;
	readonly entryCount: number;
	readonly contentBytes: number;
	/** Octets of the top node, without the header. */
	readonly topNodeSize: number;
};

const magic = new TextEncoder().encode('shoal list 1\0');
/** SHA-256 over pages and nodes; SHA-256 tree over 64 KiB leaves; ends as in page-rule.ts. */
const nodeHashId = 1;
const contentDigestId = 1;
const pageRuleId = 1;

export const headerSize = magic.length + 3 + 1 + 4 + 8 + 8 + 4;

/** More levels than a list of 2^32 pages has: each has at most half the nodes below it, and one. */
export const levelsMax = 33;

export function encodeHeader(header: Header): Uint8Array {
	const to = new Writer(new Uint8Array(headerSize));
	to.put(magic);
	to.u8(nodeHashId);
	to.u8(contentDigestId);
	to.u8(pageRuleId);
	to.u8(header.levels);
	to.u32(header.pageCount);
	writeU64(to, header.entryCount);
	writeU64(to, header.contentBytes);
	to.u32(header.topNodeSize);
	return to.bytes;
}

/** Undefined unless `bytes` begin with a header that this version knows. */
export function decodeHeader(bytes: Uint8Array): Header | undefined {
	const from = new Reader(bytes, 0, Math.min(bytes.length, headerSize));
	const found = from.take(magic.length);
	if (found.length === 0 || !magic.every((octet, index) => octet === found[index]))
		return undefined;
	if (from.u8() !== nodeHashId || from.u8() !== contentDigestId) return undefined;
	if (from.u8() !== pageRuleId) return undefined;
	const levels = from.u8();
	const pageCount = from.u32();
	const entryCount = readU64(from);
	const contentBytes = readU64(from);
	const topNodeSize = from.u32();
	if (from.failed || levels < 1 || levels > levelsMax || pageCount < 1) return undefined;
	if (!Number.isSafeInteger(entryCount) || !Number.isSafeInteger(contentBytes)) return undefined;
	return {levels, pageCount, entryCount, contentBytes, topNodeSize};
}

function writeU64(to: Writer, value: number): void {
	to.u32(Math.floor(value / 0x1_0000_0000));
	to.u32(value >>> 0);
}

function readU64(from: Reader): number {
	return from.u32() * 0x1_0000_0000 + from.u32();
}
