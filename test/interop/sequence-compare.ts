/**
 * Sources that are pulled again and again while they and DEST change, beside rsync(1), which does
 * the same to a twin of DEST: `node dist/test/interop/sequence-compare.js --cases 1000 --seed 1`.
 */
import {compareMany} from '../support/many-cases.ts';
import {compareSequence} from '../support/sequence-compare.ts';

await compareMany({name: 'sequence', cases: 1000, linesMax: 12, compare: compareSequence});
