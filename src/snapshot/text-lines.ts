/** Lines of a file that an operator wrote for rsync: what rsync(1) reads with and without -0. */

/**
 * Views of the lines that say something: neither empty nor, from a `;` or `#` at their start on,
 * comments. They end with a line feed or a carriage return, or with a NUL.
 */
export function* splitLines(octets: Uint8Array, nulLines: boolean): Generator<Uint8Array> {
	for (let start = 0, at = 0; at <= octets.length; at++) {
		const octet = octets[at];
		const isEnd = nulLines ? octet === 0 : octet === 0x0a || octet === 0x0d;
		if (!isEnd && octet !== undefined) continue;
		if (at > start && octets[start] !== 0x3b && octets[start] !== 0x23) {
			yield octets.subarray(start, at);
		}
		start = at + 1;
	}
}
