import test from 'ava';
import {TimerHeap} from '../../../src/session/timer-heap.ts';
import {micros, never} from '../../../src/unit.ts';
import {Prng} from '../../support/prng.ts';
import {seedsOr} from '../../support/seeds.ts';

test('an empty heap is due never', t => {
	const heap = new TimerHeap<string>();
	t.is(heap.earliest, never);
	t.is(heap.first, undefined);
	heap.delete('a');
	heap.set('a', micros(5));
	heap.set('a', never);
	t.is(heap.first, undefined);
});

for (const seed of seedsOr(1, 2)) {
	test(`a sorted list says the same [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const heap = new TimerHeap<number>();
		const model = new Map<number, number>();
		for (let step = 0; step < 5000; step++) {
			const key = prng.below(60);
			if (prng.chance(0.3)) {
				heap.delete(key);
				model.delete(key);
			} else {
				const at = micros(prng.below(1000));
				heap.set(key, at);
				model.set(key, at);
			}
			const earliest = Math.min(never, ...model.values());
			if (heap.earliest !== earliest) t.fail(`step ${step}`);
			if (model.size > 0 && model.get(heap.first!) !== earliest) t.fail(`step ${step}`);
		}
		t.pass();
	});
}
