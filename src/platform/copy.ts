/**
 * Copies `from` into `into`, from `at` on, where there must be room for it. Either may be memory
 * that threads share, which the `set` of a typed array copies octet by octet. They do not overlap.
 */
export type Copy = (into: Uint8Array, at: number, from: Uint8Array) => void;
