/** CRC-32 as in gzip (RFC 1952 §8): finds torn and rotten records, protects against nobody. */
const table = new Uint32Array(256).map((_, octet) => {
	let crc = octet;
	for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xedb8_8320;
	return crc >>> 0;
});

export function crc32(octets: Uint8Array): number {
	let crc = 0xffff_ffff;
	for (let index = 0; index < octets.length; index++) {
		crc = (crc >>> 8) ^ table[(crc ^ octets[index]!) & 0xff]!;
	}
	return ~crc >>> 0;
}
