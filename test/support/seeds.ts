/** The seeds of a test: those that it names, or the one that is to be run again. */
export function seedsOr(...usual: readonly number[]): readonly number[] {
	const given = process.env['SHOAL_SEED'];
	return given === undefined ? usual : [Number(given)];
}
