/** How large datagrams a path carries, found by one who wants nothing else; in virtual time. */
import test from 'ava';
import {SizeSearch} from '../../../src/engine/size-search.ts';
import {nullCrypto} from '../../support/null-crypto.ts';
import {Prng} from '../../support/prng.ts';
import {drainEvents, goodPath, Network, TestSource} from '../../support/session-pair.ts';

const roundTrip = 2 * goodPath.delay;

/** A search over a path; how many milliseconds it took, and the largest datagram that arrived. */
function search(
	carries: number,
	{own = 8972, loss = 0, isThere = true}: {own?: number; loss?: number; isThere?: boolean} = {},
) {
	const network = new Network(new Prng(1));
	const source = new TestSource(nullCrypto(new Prng(2)));
	network.add('source:1', source.responder(network.now));
	const initiator = source.initiator(network.now, {sizes: {max: own}, idleTimeout: 5_000_000});
	network.add('receiver:1', initiator);
	network.runFor(100_000);
	drainEvents(initiator);
	network.path = {...network.path, loss};
	let probes = 0;
	network.onSend = ({length}) => {
		if (length > 1200) probes++;
		return isThere && length <= carries;
	};
	const startAt = network.now;
	let doneCount = 0;
	const session = initiator.session!;
	initiator.attach(new SizeSearch({session, roundTrip, done: () => doneCount++}), network.now);
	network.runFor(20_000_000, () => doneCount > 0);
	const ms = (network.now - startAt) / 1000;
	// Nothing more is sent or told.
	const before = probes;
	network.runFor(20_000_000);
	return {size: session.mtu.size, ms, probes: before, later: probes - before, doneCount};
}

for (const carries of [1200, 1232, 1372, 1472, 8972]) {
	test(`a path that carries ${carries} octets is found to`, t => {
		const {size, ms, probes, later, doneCount} = search(carries);
		t.true(size <= carries && size > carries - 32, `${size} octets`);
		t.is(doneCount, 1);
		t.is(later, 0);
		// Three tries of each of a dozen sizes that fail. Each takes a little over two patiences, and
		// the session's own pings are waited for: most of it is spent above what is usual.
		t.true(probes <= 36, `${probes} probes`);
		t.true(ms < 10_000, `${ms} ms`);
	});
}

test('what the host itself cannot send whole is not tried', t => {
	const {size, probes} = search(8972, {own: 1472});
	t.is(size, 1472);
	t.is(probes, 1);
	t.like(search(8972, {own: 1200}), {size: 1200, probes: 0, doneCount: 1});
});

test('packets that are lost now and then do not make the path narrower', t => {
	t.is(search(1472, {own: 1472, loss: 0.1}).size, 1472);
});

test('a source that is gone ends the search with its session', t => {
	const {size, doneCount, ms} = search(1472, {isThere: false});
	t.is(size, 1200);
	t.is(doneCount, 1);
	t.true(ms < 16_000, `${ms} ms`);
});
