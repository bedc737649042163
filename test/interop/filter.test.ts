/** rsync(1) as the oracle of filter rules; thousands of cases more: `filter-compare.ts`. */
import {spawnSync} from 'node:child_process';
import test from 'ava';
import {compareFilters} from '../support/filter-compare.ts';
import {sharedPools} from '../support/pool.ts';
import {seedsOr} from '../support/seeds.ts';
import {Workspace} from '../support/workspace.ts';

const pools = sharedPools();
const isThere = spawnSync('rsync', ['--version']).status === 0;
const withRsync = isThere ? test : test.skip;

for (const seed of seedsOr(...Array.from({length: 12}, (_, at) => at + 1))) {
	withRsync(`rules and names leave what rsync leaves [SHOAL_SEED=${seed}]`, async t => {
		const differences = await compareFilters(pools(0), new Workspace(t).at('case'), seed);
		t.deepEqual(differences ?? [], []);
	});
}
