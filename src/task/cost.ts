/** What jobs cost, in octets of hashing that take as long: turns are shared by it. */

/** To open and close a file: some 20 µs. */
export const costPerFile = 16_384;

/** To look at an entry: 6 µs. */
export const costPerEntry = 1024;
