/** Octets as people and files show them: two lower-case hexadecimal digits each. */

export function toHex(octets: Uint8Array): string {
	let text = '';
	for (const octet of octets) text += octet.toString(16).padStart(2, '0');
	return text;
}

/** Undefined when `text` is not whole octets in hexadecimal digits. */
export function fromHex(text: string): Uint8Array | undefined {
	if (text.length % 2 !== 0 || /[^0-9a-f]/i.test(text)) return undefined;
	const octets = new Uint8Array(text.length / 2);
	for (let index = 0; index < octets.length; index++) {
		octets[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
	}
	return octets;
}
