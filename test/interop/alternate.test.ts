/** rsync(1) as the oracle for --compare-dest, --copy-dest and --link-dest. */
import {execFileSync} from 'node:child_process';
import test from 'ava';
import {compareAlternates} from '../support/alternate-compare.ts';
import {Workspace} from '../support/workspace.ts';

const hasRsync = (() => {
	try {
		return execFileSync('rsync', ['--version']).length > 0;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
		throw error;
	}
})();

for (const seed of [1, 2, 4, 5, 12]) {
	(hasRsync ? test : test.skip)(
		`directories beside DEST are used as rsync uses them [SHOAL_SEED=${seed}]`,
		async t => {
			const {words, differences} = await compareAlternates(new Workspace(t).at('.'), seed);
			t.deepEqual(differences, [], words.join(' '));
		},
	);
}
