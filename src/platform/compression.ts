/** Codecs of octets, made by the system's libraries. Not every system has each of them. */
export type CodecName = 'deflate' | 'brotli' | 'zstd';

export type Compression = {
	/** Names the libraries: the same octets may become others under another one. */
	readonly version: string;
	has(codec: CodecName): boolean;
	/** The codec must be there. Only deflate takes a dictionary; of it, the last 32 KiB count. */
	compress(
		codec: CodecName,
		level: number,
		octets: Uint8Array,
		dictionary?: Uint8Array,
	): Uint8Array;
	/**
	 * What `octets` stand for, if that is exactly `size` octets; undefined: they are damaged, stand
	 * for fewer or for more. Never makes more than `size`, whatever they say.
	 */
	expand(
		codec: CodecName,
		octets: Uint8Array,
		size: number,
		dictionary?: Uint8Array,
	): Uint8Array | undefined;
};
