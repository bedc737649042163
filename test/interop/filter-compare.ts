/**
 * Thousands of trees and rule lists through rsync(1) and through a pull, whose results must be the
 * same: `node dist/test/interop/filter-compare.js --cases 5000 --seed 1`.
 */
import {compareFilters, describeWorld} from '../support/filter-compare.ts';
import {compareMany} from '../support/many-cases.ts';

await compareMany({
	name: 'filter',
	cases: 5000,
	linesMax: 8,
	compare: compareFilters,
	describe: describeWorld,
});
