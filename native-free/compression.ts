/** Codecs by `node:zlib`: deflate (RFC 1951) and Brotli (RFC 7932); Zstandard from Node 22.15. */
import * as zlib from 'node:zlib';
import type {CodecName, Compression} from '../src/platform/compression.ts';

type Bounded = {
	readonly maxOutputLength: number;
	readonly finishFlush?: number;
	readonly params?: Readonly<Record<number, number>>;
	readonly dictionary?: Uint8Array;
};
type Zstd = {
	zstdCompressSync(octets: Uint8Array, options: object): Buffer;
	zstdDecompressSync(octets: Uint8Array, options: Bounded): Buffer;
};

type Codec = {
	compress(octets: Uint8Array, level: number, dictionary: Uint8Array | undefined): Buffer;
	expand(octets: Uint8Array, options: Bounded): Buffer;
};

const {constants} = zlib;

/** log2 of Brotli's window: what is compressed has at most 64 KiB. */
const brotliWindow = 16;

/**
 * log2 of the largest window that Zstandard may ask for, in place of its own 128 MiB: 8 MiB, the
 * most that RFC 8878 §3.1.1.1.2 advises encoders to use, and decoders to support.
 */
const zstdWindowMax = 23;

const codecs = new Map<CodecName, Codec>([
	[
		'deflate',
		{
			compress: (octets, level, dictionary) =>
				zlib.deflateRawSync(octets, {level, ...(dictionary && {dictionary})}),
			expand: (octets, options) => zlib.inflateRawSync(octets, options),
		},
	],
	[
		'brotli',
		{
			compress: (octets, level) =>
				zlib.brotliCompressSync(octets, {
					params: {
						[constants.BROTLI_PARAM_QUALITY]: level,
						[constants.BROTLI_PARAM_LGWIN]: brotliWindow,
						[constants.BROTLI_PARAM_SIZE_HINT]: octets.length,
					},
				}),
			expand: (octets, options) => zlib.brotliDecompressSync(octets, options),
		},
	],
]);

if ('zstdCompressSync' in zlib) {
	const {zstdCompressSync, zstdDecompressSync} = zlib as unknown as Zstd;
	/** ZSTD_c_compressionLevel of zstd.h: types of Node 20 do not have it. */
	const levelParameter = 100;
	/** ZSTD_d_windowLogMax: what has a larger window is refused before memory is taken for it. */
	const windowParameter = 100;
	const params = {[windowParameter]: zstdWindowMax};
	codecs.set('zstd', {
		compress: (octets, level) => zstdCompressSync(octets, {params: {[levelParameter]: level}}),
		expand: (octets, options) => zstdDecompressSync(octets, {...options, params}),
	});
}

const {zlib: deflateVersion, brotli, zstd} = process.versions as Record<string, string>;

export const compression: Compression = {
	version: [deflateVersion, brotli, zstd ?? ''].join(' '),
	has: codec => codecs.has(codec),
	compress: (codec, level, octets, dictionary) =>
		codecs.get(codec)!.compress(octets, level, windowOf(dictionary)),
	expand(codec, octets, size, dictionary) {
		const found = codecs.get(codec);
		if (found === undefined || size === 0) return undefined;
		try {
			const window = windowOf(dictionary);
			const expanded = found.expand(octets, {
				maxOutputLength: size,
				...(window && {dictionary: window}),
			});
			return expanded.length === size ? expanded : undefined;
		} catch {
			// Damaged, cut short, or of more octets than `size`.
			return undefined;
		}
	},
};

/** RFC 1951 §2: nothing refers further back. An empty one is none. */
function windowOf(dictionary: Uint8Array | undefined): Uint8Array | undefined {
	const window = dictionary?.subarray(-deflateWindow);
	return window?.length === 0 ? undefined : window;
}

const deflateWindow = 32_768;
