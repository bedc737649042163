import test from 'ava';
import {KillScene, type KillWay} from '../support/kill-scene.ts';
import {Prng} from '../support/prng.ts';
import {tempDirectory} from '../support/temp-directory.ts';

for (const [way, threads, seed] of [
	['in-place', 0, 71],
	['tree', 2, 72],
] as const satisfies readonly (readonly [KillWay, number, number])[]) {
	test(`kill -9 somewhere in a publish (${way}) loses nothing [SHOAL_SEED=${seed}]`, async t => {
		const options = {way, threads, counted: 'changing', span: 'publish'} as const;
		const scene = await KillScene.open(tempDirectory(t), options, seed);
		if (scene === undefined) {
			t.log('left out: gcc(1) is not here, or its library does not fit');
			t.pass();
			return;
		}
		t.teardown(() => scene.close());
		const prng = new Prng(seed);
		for (let turn = 0; turn < 3; turn++) {
			const last = 1 + 50 * turn + prng.below(50);
			const {found, faults} = await scene.kill(last);
			t.deepEqual(faults, [], `call ${last}`);
			t.not(found, 'over', `there are more calls than ${last}`);
		}
	});
}
