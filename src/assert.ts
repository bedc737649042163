/** A condition that only a bug can break. Nothing catches it: the run ends with exit 70. */
export class AssertionError extends Error {
	override readonly name = 'AssertionError';
}

/** @throws AssertionError when `condition` is false: a bug in shoal, never bad input. */
export function assert(condition: unknown, message = 'assertion failed'): asserts condition {
	if (!condition) throw new AssertionError(message);
}
