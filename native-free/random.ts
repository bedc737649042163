/** Randomness of the system, fit for keys. */
import {randomFillSync} from 'node:crypto';
import type {Random} from '../src/platform/crypto.ts';

export const random: Random = into => {
	randomFillSync(into);
};
