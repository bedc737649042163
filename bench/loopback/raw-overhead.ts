/** Header and tag of a packet of the program's, which the yardstick's have too. */
export const rawHeaderSize = 9;
export const rawOverhead = rawHeaderSize + 16;
