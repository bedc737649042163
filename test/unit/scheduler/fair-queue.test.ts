import test from 'ava';
import {costMax, type FairItem, FairQueue, quantum} from '../../../src/scheduler/fair-queue.ts';
import {Prng} from '../../support/prng.ts';

type Item = FairItem & {readonly name: string};

const item = (client: string, name: string, cost = quantum, priority = 0): Item => {
	return {client, name, cost, priority};
};

function drain(queue: FairQueue<Item>): string[] {
	const names: string[] = [];
	for (let next = queue.shift(); next !== undefined; next = queue.shift()) names.push(next.name);
	return names;
}

function filled(items: readonly Item[]): FairQueue<Item> {
	const queue = new FairQueue<Item>();
	for (const each of items) queue.push(each);
	return queue;
}

test('one client is served in order', t => {
	t.deepEqual(drain(filled(['1', '2', '3'].map(name => item('a', name)))), ['1', '2', '3']);
});

test('clients take turns, whoever came first with however much', t => {
	const queue = filled([
		item('a', 'a1'),
		item('a', 'a2'),
		item('a', 'a3'),
		item('b', 'b1'),
		item('c', 'c1'),
		item('c', 'c2'),
	]);
	t.deepEqual(drain(queue), ['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
});

test('a turn is worth the same in many small jobs as in one large one', t => {
	const small = quantum / 4;
	const queue = filled([
		...[1, 2, 3, 4, 5, 6, 7, 8].map(n => item('a', `a${n}`, small)),
		item('b', 'b1'),
		item('b', 'b2'),
	]);
	t.deepEqual(drain(queue), ['a1', 'a2', 'a3', 'a4', 'b1', 'a5', 'a6', 'a7', 'a8', 'b2']);
});

test('a job of several turns waits for them, and others go on meanwhile', t => {
	const queue = filled([
		item('a', 'large', 3 * quantum),
		...[1, 2, 3, 4].map(n => item('b', `b${n}`)),
	]);
	t.deepEqual(drain(queue), ['b1', 'b2', 'large', 'b3', 'b4']);
});

test('a higher priority passes all that wait', t => {
	const queue = filled([
		item('a', 'low', quantum, -1),
		item('a', 'middle', quantum, 0),
		item('b', 'high', quantum, 5),
		item('a', 'high too', quantum, 5),
		item('a', 'between', quantum, 3),
	]);
	t.deepEqual(drain(queue), ['high', 'high too', 'between', 'middle', 'low']);
});

test('a client that comes back has saved nothing up', t => {
	const queue = filled([item('a', 'a1', 1), item('b', 'b1'), item('b', 'b2')]);
	t.is(queue.shift()?.name, 'a1');
	queue.push(item('a', 'a2', quantum));
	queue.push(item('a', 'a3', quantum));
	t.deepEqual(drain(queue), ['b1', 'a2', 'b2', 'a3']);
});

test('an exaggerated cost counts as the largest there is', t => {
	const queue = filled([item('a', 'a1', Number.MAX_VALUE), item('b', 'b1', costMax)]);
	t.deepEqual(drain(queue), ['a1', 'b1']);
});

test('what is removed is not handed out, and its client loses no later turn', t => {
	const queue = filled([item('a', 'a1'), item('b', 'b1'), item('c', 'c1'), item('b', 'b2')]);
	t.is(queue.remove(each => each.name === 'b1')?.name, 'b1');
	t.is(queue.remove(each => each.name === 'a1')?.name, 'a1');
	t.is(
		queue.remove(each => each.name === 'a1'),
		undefined,
	);
	t.is(queue.size, 2);
	t.deepEqual(drain(queue), ['b2', 'c1']);
	t.is(queue.size, 0);
	t.is(queue.shift(), undefined);
});

test('it lists what waits', t => {
	const queue = filled([item('a', 'a1'), item('b', 'b1', quantum, 2), item('a', 'a2')]);
	t.deepEqual(
		[...queue].map(({name}) => name),
		['b1', 'a1', 'a2'],
	);
});

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
	test(`busy clients get equal shares, whatever their jobs cost [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const queue = new FairQueue<Item>();
		const clients = ['a', 'b', 'c', 'd', 'e'].slice(0, 2 + prng.below(4));
		const largest = clients.map(() => 1 + prng.below(3 * quantum));
		const served = new Map(clients.map(client => [client, 0]));
		const refill = (client: string): void => {
			const most = largest[clients.indexOf(client)]!;
			queue.push(item(client, '', 1 + prng.below(most)));
		};
		for (const client of clients) for (let count = 0; count < 3; count++) refill(client);
		for (let step = 0; step < 4000; step++) {
			const next = queue.shift()!;
			served.set(next.client, served.get(next.client)! + next.cost);
			refill(next.client);
		}
		const shares = [...served.values()];
		const spread = Math.max(...shares) - Math.min(...shares);
		t.true(spread <= 2 * (quantum + Math.max(...largest)), `shares differ by ${spread}`);
	});
}
