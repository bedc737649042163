/** rsync(1) as the oracle of pull after pull; thousands of them more: `sequence-compare.ts`. */
import {spawnSync} from 'node:child_process';
import test from 'ava';
import {sharedPools} from '../support/pool.ts';
import {seedsOr} from '../support/seeds.ts';
import {compareSequence} from '../support/sequence-compare.ts';
import {Workspace} from '../support/workspace.ts';

const pools = sharedPools();
const isThere = spawnSync('rsync', ['--version']).status === 0;
const withRsync = isThere ? test : test.skip;

for (const seed of seedsOr(1, 2, 152, 240)) {
	withRsync(`pull after pull leaves what rsync leaves [SHOAL_SEED=${seed}]`, async t => {
		const differences = await compareSequence(pools(0), new Workspace(t).at('case'), seed);
		t.deepEqual(differences ?? [], []);
	});
}
