/** `-z` and its like, with rsync's names and meanings: rows of the table, and what they ask for. */
import platform from '#platform';
import type {PullOptions} from '../engine/options.ts';
import {ShoalError} from '../error.ts';
import type {CodecName} from '../platform/compression.ts';
import {formOf} from '../wire/compressed.ts';
import type {OptionValues} from './option.ts';

/** Codecs by the names that rsync and ours have; the first that is there is that of `auto`. */
const codecNames: Readonly<Record<string, CodecName>> = {
	brotli: 'brotli',
	zstd: 'zstd',
	deflate: 'deflate',
	zlib: 'deflate',
	zlibx: 'deflate',
};

/** Every source has it. */
const floor: CodecName = 'deflate';

/** @throws ShoalError OPTION_INVALID */
export function readCompress(options: OptionValues): PullOptions['compress'] {
	const {compress, noCompress, skipCompress} = options;
	const {compressChoice = options.zc, compressLevel = options.zl} = options;
	const isAsked = compress ?? compressChoice ?? compressLevel;
	if (isAsked === undefined || noCompress !== undefined) return undefined;
	if (compressChoice === 'none' || compressLevel === 0) return undefined;
	const codec = codecNames[compressChoice ?? 'auto'] ?? 'brotli';
	if (!platform.compression.has(codec)) {
		const detail = `--compress-choice: this version of Node has no ${codec}; 22.15 has`;
		throw new ShoalError('OPTION_INVALID', detail);
	}
	const forms = [formOf(codec, compressLevel), formOf(floor, compressLevel)];
	return {forms: [...new Set(forms)], skips: skipsOf(skipCompress ?? suffixesDefault)};
}

/** Octets that a suffix may have at each place, in either case. */
type Suffix = readonly ReadonlySet<number>[];

/**
 * Whether a path ends in one of the suffixes: `gz/mp[34]/7z`, without their dots, as rsync reads
 * them. Case is ignored; an empty list skips nothing.
 */
export function skipsOf(list: string): (path: Uint8Array) => boolean {
	const suffixes = list.split('/').filter(each => each !== '');
	const read = suffixes.map(readSuffix);
	return path => read.some(suffix => endsWith(path, suffix));
}

function readSuffix(text: string): Suffix {
	const encoder = new TextEncoder();
	const places: ReadonlySet<number>[] = [new Set([dot])];
	for (const [, letters, letter] of text.matchAll(/\[([^\]]*)\]|(.)/gsu)) {
		const either = letters === undefined ? [letter!] : [...letters];
		if (either.length === 0) {
			throw new ShoalError('OPTION_INVALID', `--skip-compress: nothing matches ${text}`);
		}
		if (letters === undefined && letter!.length + encoder.encode(letter).length > 2) {
			for (const octet of encoder.encode(letter)) places.push(new Set([octet]));
			continue;
		}
		const cases = either.flatMap(each => [each.toLowerCase(), each.toUpperCase()]);
		places.push(new Set(cases.flatMap(each => [...encoder.encode(each)])));
	}
	return places;
}

function endsWith(path: Uint8Array, suffix: Suffix): boolean {
	const start = path.length - suffix.length;
	return start >= 0 && suffix.every((octets, index) => octets.has(path[start + index]!));
}

const dot = 0x2e;

/**
 * What rsync(1) skips, but for `ts`: that is TypeScript in more trees than it is MPEG, and what is
 * compressed already is found out anyway, leaf by leaf.
 */
const suffixesDefault =
	'3g2/3gp/7z/aac/ace/apk/avi/bz2/deb/dmg/ear/f4v/flac/flv/gpg/gz/iso/jar/jpeg/jpg/lrz/lz/lz4/' +
	'lzma/lzo/m1a/m1v/m2a/m2ts/m2v/m4a/m4b/m4p/m4r/m4v/mka/mkv/mov/mp1/mp2/mp3/mp4/mpa/mpeg/mpg/' +
	'mpv/mts/odb/odf/odg/odi/odm/odp/ods/odt/oga/ogg/ogm/ogv/ogx/opus/otg/oth/otp/ots/ott/oxt/' +
	'png/qt/rar/rpm/rz/rzip/spx/squashfs/sxc/sxd/sxg/sxm/sxw/sz/tbz/tbz2/tgz/tlz/txz/tzo/vob/' +
	'war/webm/webp/xz/z/zip/zst';
