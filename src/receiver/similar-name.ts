/**
 * How alike two file names are, by the measure of `rsync --fuzzy`, so that a basis is the one that
 * rsync would take: an edit distance in which octets that differ little count a little less, and
 * in which the suffix counts ten times more.
 */

/** An insertion, a removal or an exchange; what the octets themselves add stays far below it. */
const unit = 1 << 16;

/** Names further apart than so many edits have nothing to do with each other. */
export const editsMax = 25;
export const distanceMax = editsMax * unit;

const dot = 0x2e;
const tilde = 0x7e;

/** Distance of two names and their suffixes; more than `max`: it may be any such number. */
export function nameDistance(a: Uint8Array, b: Uint8Array, max: number): number {
	const whole = editDistance(a, b, max);
	if (whole > max) return whole;
	return whole + 10 * editDistance(suffixOf(a), suffixOf(b), Infinity);
}

/** Levenshtein's, row by row. Infinity as soon as the lengths alone make it more than `max`. */
function editDistance(a: Uint8Array, b: Uint8Array, max: number): number {
	if (Math.abs(a.length - b.length) * unit > max) return Infinity;
	const row = new Float64Array(b.length + 1);
	for (let j = 1; j <= b.length; j++)
		row[j] = row[j - 1]! + unit + (a.length === 0 ? b[j - 1]! : 0);
	for (let i = 1; i <= a.length; i++) {
		let diagonal = row[0]!;
		row[0] = i * unit + (b.length === 0 ? sumOf(a, i) : 0);
		for (let j = 1; j <= b.length; j++) {
			const [from, to] = [a[i - 1]!, b[j - 1]!];
			const exchanged = diagonal + (from === to ? 0 : unit + Math.abs(from - to));
			diagonal = row[j]!;
			const moved = Math.min(diagonal + unit + from, row[j - 1]! + unit + to);
			row[j] = Math.min(exchanged, moved);
		}
	}
	return row[b.length]!;
}

function sumOf(octets: Uint8Array, count: number): number {
	let sum = 0;
	for (let at = 0; at < count; at++) sum += octets[at]!;
	return sum;
}

/**
 * From the last dot that says what the file is: dots at the start, a `~` at the end and marks of
 * old copies (`.bak`, `.old`, `.orig`, `.~1~`) say nothing, and a number only if nothing else does.
 */
export function suffixOf(name: Uint8Array): Uint8Array {
	let start = 0;
	while (name[start] === dot) start++;
	const hasTilde = name.length - start > 1 && name[name.length - 1] === tilde;
	let end = name.length - (hasTilde ? 1 : 0);
	let found = name.subarray(end, end);
	while (end - start > 1) {
		const at = name.subarray(0, end).lastIndexOf(dot);
		if (at <= start) break;
		const suffix = name.subarray(at, end);
		end = at;
		if (isOfOldCopy(suffix, hasTilde)) continue;
		found = suffix;
		if (suffix.length === 1 || !isNumber(suffix.subarray(1))) break;
	}
	return found;
}

function isOfOldCopy(suffix: Uint8Array, hasTilde: boolean): boolean {
	const text = String.fromCharCode(...suffix.subarray(0, 6));
	if (text === '.bak' || text === '.old' || text === '.orig') return true;
	return hasTilde && suffix.length > 2 && suffix[1] === tilde && isNumber(suffix.subarray(2));
}

function isNumber(octets: Uint8Array): boolean {
	return octets.every(octet => octet >= 0x30 && octet <= 0x39);
}
