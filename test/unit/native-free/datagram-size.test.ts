import test from 'ava';
import {datagramSizes, FragmentCount, sizesWithin} from '../../../native-free/datagram-size.ts';

const sizes = (six: boolean, own?: number, mtu?: number, cut?: number) =>
	sizesWithin({six, own, mtu, fragmentCount: () => cut});

test('what an operator allows, and what the interface carries, bounds datagrams', t => {
	t.is(sizes(false, 1500, undefined, 0).max, 1472);
	t.is(sizes(false, 9000, 1400, 0).max, 1372);
	t.is(sizes(true, 1500, 1400, 0).max, 1352);
	t.is(sizes(false, 1500, 9000, 0).max, 1472);
	t.is(sizes(false, undefined, undefined, 0).max, 65_507);
});

test('where cut packets are not told of, nothing large is tried unless it is asked for', t => {
	t.deepEqual(sizes(false, 9000), {max: 1200});
	t.deepEqual(sizes(false, 9000, 1500), {max: 1472});
	t.deepEqual(sizes(true, 1500, 9000), {max: 1452});
});

test('a socket of this machine goes by it', t => {
	t.true(datagramSizes('127.0.0.1', 1400).max <= 1372);
});

test('where this machine tells of cut packets, it tells a number', t => {
	for (const host of ['127.0.0.1', '::1']) {
		const count = datagramSizes(host).fragmentCount?.(0);
		t.true(count === undefined || (Number.isInteger(count) && count >= 0), host);
	}
});

test('a count that is new enough is not read again', t => {
	let [table, reads] = ['7', 0];
	const count = new FragmentCount(() => {
		reads++;
		return table;
	}, Number);
	t.is(count.read(1e9), 7);
	table = '9';
	t.is(count.read(1e9), 7);
	t.is(count.read(0), 9);
	t.is(count.read(1e9), 9);
	t.is(reads, 2);
});
