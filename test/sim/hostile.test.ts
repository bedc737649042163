import test from 'ava';
import {closeCode} from '../../src/session/payload.ts';
import {
	Bed,
	blocksOf,
	initialWindow,
	mostIn,
	oneWay,
	overProven,
	roundTrip,
} from '../support/bed.ts';
import {Hostile, type Say} from '../support/hostile.ts';
import {nullCrypto} from '../support/null-crypto.ts';
import {Prng} from '../support/prng.ts';
import {SealRecord} from '../support/seal-record.ts';
import {seedsOr} from '../support/seeds.ts';

const second = 1_000_000;
const MiB = 1 << 20;

/** More than any path takes. */
const wild = {rate: 2 ** 40, bytes: 2 ** 50};

/** A path that takes a while to carry all. */
const steady = {rate: 6_250_000, delay: oneWay, queue: 625_000};

/** All that is wanted, as far as one packet tells it. */
const some = 60;

/** What an honest receiver of the same tree is sent in its busiest round trip. */
async function honestMost(): Promise<number> {
	const bed = new Bed();
	const fetcher = bed.fetcher();
	bed.seat('receiver:1', fetcher);
	await bed.pass(10 * second, () => fetcher.wantedBytes === 0);
	return mostIn(bed.sent, roundTrip);
}

const seeds = seedsOr(1, 2, 3, 4, 5, 6, 7, 8);

test('an honest receiver gets the whole path, far beyond the initial window', async t => {
	t.true((await honestMost()) > 100 * initialWindow);
});

test('who grants wildly and proves what it receives gets at most twice that', async t => {
	const bed = new Bed();
	const requests = bed.requests().slice(0, some);
	const hostile = new Hostile(1000, (to, self, now) => {
		self.feedback(to, wild);
		self.receipt(to, now);
		self.wants(to, 0, requests);
	});
	const peer = bed.seat('receiver:1', hostile);
	await bed.pass(20 * second);
	t.is(peer.end, undefined);
	t.true(hostile.bytesIn > 8 * MiB, 'it proves, so it gets much');
	const over = overProven(bed.sent, hostile.proven);
	t.true(over <= 1, `${over} of what may be in flight`);
	t.true(over > 0.5, 'the bound is what holds it');
});

test('on a narrow path wild grants get no more through, and fill no more than twice of it', async t => {
	const options = {link: {rate: 1_250_000, delay: oneWay, queue: 125_000}, sizes: [16 * MiB]};
	const bed = new Bed(options);
	const requests = bed.requests().slice(0, some);
	const hostile = new Hostile(1000, (to, self, now) => {
		self.feedback(to, wild);
		self.receipt(to, now);
		self.wants(to, 0, requests);
	});
	bed.seat('receiver:1', hostile);
	await bed.pass(10 * second);
	const {rate} = options.link;
	const sent = bed.sentTo('receiver:1', 6 * second);
	t.true(sent <= 2.6 * 5 * rate, `${sent} octets in 5 s`);
	const honest = new Bed(options);
	honest.seat('receiver:1', honest.fetcher());
	await honest.pass(10 * second);
	const octets = honest.sentTo('receiver:1', 6 * second);
	t.true(octets > 0.8 * 5 * rate && octets < 1.2 * 5 * rate, `${octets} octets in 5 s`);
	t.true(honest.sentTo('receiver:1') > 0.8 * hostile.bytesIn, 'honesty gets as much through');
});

/** Wants much, grants wildly, and says nothing else of what comes, every 10 ms. */
const claimless: Say = (to, self) => self.feedback(to, wild);

test('who grants wildly and proves nothing gets an initial window in three seconds', async t => {
	const bed = new Bed();
	const requests = bed.requests().slice(0, some);
	const hostile = new Hostile(10_000, (to, self, now) => {
		claimless(to, self, now);
		self.wants(to, 0, requests);
	});
	bed.seat('receiver:1', hostile);
	await bed.pass(30 * second);
	const most = mostIn(blocksOf(bed.sent), 2.9 * second);
	t.true(most > initialWindow / 2 && most <= initialWindow, `${most} octets`);
});

test('who never says anything again gets one initial window', async t => {
	const bed = new Bed();
	const requests = bed.requests().slice(0, some);
	const hostile = new Hostile(Infinity, (to, self) => {
		self.feedback(to, wild);
		self.wants(to, 0, requests);
	});
	const peer = bed.seat('receiver:1', hostile);
	await bed.pass(600 * second);
	t.is(peer.end, undefined, 'pings keep the session');
	const blocks = mostIn(blocksOf(bed.sent), Infinity);
	t.true(blocks > initialWindow / 2 && blocks <= initialWindow, `${blocks} octets`);
});

test('who says nothing at all gets nothing at all', async t => {
	const bed = new Bed();
	const peer = bed.seat('receiver:1', new Hostile(Infinity, () => undefined));
	await bed.pass(100 * second);
	t.is(peer.end, undefined);
	t.true(mostIn(bed.sent, 5 * second) < 5000);
});

for (const [name, ahead] of [
	['all that was sent before the newest', 0],
	['what is still on its way', 1],
	['what was never sent', 1000],
] as const) {
	test(`who claims ${name} is closed for a forged receipt`, async t => {
		const bed = new Bed();
		const requests = bed.requests().slice(0, some);
		const hostile = new Hostile(1000, (to, self) => {
			self.feedback(to, wild);
			self.claim(to, self.receipts.largest + ahead);
			self.wants(to, 0, requests);
		});
		const peer = bed.seat('receiver:1', hostile);
		await bed.pass(60 * second, () => peer.end !== undefined);
		t.is(peer.closedWith, closeCode.forgedReceipt);
		t.true(bed.sentTo('receiver:1') <= 2 * initialWindow);
		t.is(bed.source.responder.sessionCount, 0);
	});
}

test('who claims now and then what was lost is found out before it has gained much', async t => {
	let claimed = 0;
	for (const seed of seeds) {
		const bed = new Bed({seed, link: {rate: Infinity, delay: oneWay, loss: 0.3}});
		const requests = bed.requests().slice(0, some);
		const luck = new Prng(seed);
		const hostile = new Hostile(1000, (to, self, now) => {
			self.feedback(to, wild);
			self.receipt(to, now);
			for (const lost of self.missing.splice(0)) {
				if (!luck.chance(0.5)) continue;
				self.claimOne(to, lost);
				claimed++;
			}
			self.wants(to, 0, requests);
		});
		const peer = bed.seat('receiver:1', hostile);
		await bed.pass(60 * second, () => peer.end !== undefined);
		t.is(peer.closedWith, closeCode.forgedReceipt);
	}
	t.true(claimed < 50 * seeds.length, `${claimed} packets in ${seeds.length} sessions`);
});

test('who wants more than a session may want is closed, and its wants cost a bounded read', async t => {
	for (const grant of [wild, {rate: 0, bytes: 0}]) {
		const bed = new Bed();
		const requests = bed.requests().filter(({length}) => length > MiB / 4);
		let next = 0;
		const hostile = new Hostile(1000, (to, self) => {
			self.feedback(to, grant);
			for (; to.room > 64; next++) self.wants(to, next, [requests[next % requests.length]!]);
		});
		const peer = bed.seat('receiver:1', hostile);
		await bed.pass(10 * second, () => peer.end !== undefined);
		t.is(peer.closedWith, closeCode.limit);
		t.true(next > 1024);
		t.true(bed.source.bytesRead <= 2 * MiB);
	}
});

test('who wants as much as it may and takes nothing costs a bounded read', async t => {
	const bed = new Bed();
	const requests = bed.requests().filter(({length}) => length > MiB / 4);
	let next = 0;
	const hostile = new Hostile(1000, (to, self) => {
		self.feedback(to, {rate: 0, bytes: 0});
		for (; next < 1024 && to.room > 64; next++) {
			self.wants(to, next, [requests[next % requests.length]!]);
		}
	});
	const peer = bed.seat('receiver:1', hostile);
	await bed.pass(30 * second);
	t.is(peer.end, undefined);
	t.is(next, 1024);
	t.true(bed.source.bytesRead > 0);
	t.true(bed.source.bytesRead <= 1.25 * MiB, `${bed.source.bytesRead} octets`);
});

test('who withdraws what it has made the source read is closed before that costs much', async t => {
	const bed = new Bed();
	const requests = bed.requests().filter(({length}) => length > MiB / 4);
	let next = 0;
	const hostile = new Hostile(5000, (to, self) => {
		self.feedback(to, {rate: 0, bytes: 0, below: next});
		for (let count = 0; count < 8; count++, next++) {
			self.wants(to, next, [requests[next % requests.length]!]);
		}
	});
	const peer = bed.seat('receiver:1', hostile);
	await bed.pass(30 * second, () => peer.end !== undefined);
	t.is(peer.closedWith, closeCode.limit);
	t.true(bed.source.bytesRead < 32 * MiB, `${bed.source.bytesRead} octets read`);
});

test('addresses of others get three times what came from them, however fast one moves', async t => {
	const bed = new Bed({link: steady, sizes: [16 * MiB]});
	const requests = bed.requests().slice(0, some);
	const hostile = new Hostile(1000, (to, self, now) => {
		self.feedback(to, wild);
		self.receipt(to, now);
		self.wants(to, 0, requests);
	});
	const peer = bed.seat('receiver:1', hostile);
	await bed.pass(second);
	const fast = bed.sentTo('receiver:1', bed.world.now - roundTrip);
	t.true(fast > 10 * initialWindow, 'it was fast where it was');
	let victims = 0;
	const movedAt = bed.world.now;
	for (; victims < 50; victims++) {
		const before = peer.datagrams.length;
		const victim = `victim:${victims}`;
		// Nothing that is sent there comes to the one who lies.
		peer.move(victim, {rate: Infinity, delay: oneWay, loss: 1});
		await bed.pass(20_000);
		const from = peer.datagrams.slice(before).reduce((sum, {length}) => sum + length, 0);
		t.true(from > 0);
		const to = bed.sent.filter(each => each.to === victim);
		const octets = to.reduce((sum, {length}) => sum + length, 0);
		t.true(octets <= 3 * from, `${octets} for ${from}`);
	}
	t.is(bed.source.responder.sessionCount, 1);
	// Nothing that goes to the old address is proved any more.
	const after = bed.sent.filter(({to, at}) => to === 'receiver:1' && at > movedAt + 2 * roundTrip);
	t.true(mostIn(blocksOf(after), roundTrip) <= initialWindow);
});

test('a ticket brought from an address of others gets three times what came from there', async t => {
	const bed = new Bed();
	const requests = bed.requests().slice(0, some);
	const hostile = new Hostile(Infinity, (to, self) => {
		self.feedback(to, wild);
		self.wants(to, 0, requests);
	});
	const peer = bed.seat('receiver:1', hostile);
	let before = 0;
	peer.answered = () => {
		before = peer.datagrams.length;
		peer.move('victim:1', {rate: Infinity, delay: oneWay, loss: 1});
	};
	// Until its first ping.
	await bed.pass(0.9 * second);
	t.is(bed.source.responder.counts.sessions, 1);
	const from = peer.datagrams.slice(before).reduce((sum, {length}) => sum + length, 0);
	const to = bed.sent.filter(each => each.to === 'victim:1');
	const octets = to.reduce((sum, {length}) => sum + length, 0);
	t.true(octets <= 3 * from, `${octets} for ${from}`);
	t.true(octets > 2 * from, 'the bound is what holds it');
});

test('who moves and shows it starts again from the initial window', async t => {
	const bed = new Bed({link: steady, sizes: [16 * MiB]});
	const requests = bed.requests().slice(0, some);
	const hostile = new Hostile(1000, (to, self, now) => {
		self.feedback(to, wild);
		self.receipt(to, now);
		self.wants(to, 0, requests);
	});
	const peer = bed.seat('receiver:1', hostile);
	// What it proves is true, but of another path.
	peer.hearsEverywhere = true;
	await bed.pass(second);
	for (let move = 2; move < 8; move++) {
		const address = `receiver:${move}`;
		peer.move(address);
		await bed.pass(4 * roundTrip);
		const first = bed.sent.find(({to, size}) => to === address && size > 1000)!;
		t.not(first, undefined, 'the session goes on there');
		const early = bed.sentTo(address, first.at, first.at + roundTrip);
		t.true(early <= initialWindow + 1228, `${early} in the first round trip`);
		t.true(bed.sentTo(address, first.at + roundTrip) > initialWindow, 'more when it is proved');
	}
	t.is(peer.end, undefined);
	t.is(bed.source.responder.counts.sessions, 1);
});

test('hellos and packets played again make no session and use no nonce twice', async t => {
	const record = new SealRecord(nullCrypto(new Prng(5)));
	const bed = new Bed({crypto: record.crypto, sizes: [200_000, 5000, 70]});
	const {world, source} = bed;
	const fetcher = bed.fetcher();
	const peer = bed.seat('receiver:1', fetcher);
	for (const address of ['receiver:2', 'receiver:3']) bed.stranger(address);
	let played = 0;
	const playAll = async (): Promise<void> => {
		for (const data of [...peer.datagrams]) {
			for (const from of ['receiver:1', 'receiver:2', 'receiver:3']) {
				world.transmit(from, {data: data.slice(), to: 'source'});
			}
			played += data.length;
			await bed.pass(1000);
		}
	};
	await bed.pass(2.5 * roundTrip);
	await playAll();
	await bed.pass(10 * second);
	t.is(fetcher.wantedBytes, 0, 'the honest session is not disturbed');
	await playAll();
	t.is(source.responder.counts.sessions, 1);
	peer.initiator.close(0, '');
	world.poll('receiver:1');
	await bed.pass(10 * second);
	t.is(source.responder.sessionCount, 0);
	await playAll();
	// The keys of tickets are gone.
	await bed.pass(200 * second);
	await playAll();
	t.is(source.responder.counts.sessions, 1);
	source.restart();
	await playAll();
	t.is(source.responder.counts.sessions, 0);
	t.is(source.responder.sessionCount, 0);
	t.true(record.count > 200, `${record.count} seals`);
	t.is(record.reused, undefined);
	for (const address of ['receiver:2', 'receiver:3']) {
		const to = bed.sent.filter(each => each.to === address);
		const octets = to.reduce((sum, {length}) => sum + length, 0);
		t.true(octets > 0 && octets <= 3 * played, `${octets} for ${played}`);
	}
});

test('one nonce for two texts would be seen', t => {
	const record = new SealRecord(nullCrypto(new Prng(5)));
	const key = record.crypto.aead('AESGCM', new Uint8Array(16));
	const nonce = new Uint8Array(12);
	key.seal(new Uint8Array(40), 4, 40, nonce);
	key.seal(new Uint8Array(40), 4, 40, nonce);
	t.is(record.reused, undefined);
	key.seal(new Uint8Array(40).fill(1), 4, 40, nonce);
	t.not(record.reused, undefined);
});

test('hostile receivers take nothing from an honest one', async t => {
	const alone = new Bed();
	const first = alone.fetcher();
	alone.seat('receiver:1', first);
	await alone.pass(10 * second, () => first.wantedBytes === 0);
	const aloneTime = alone.world.now;

	const bed = new Bed();
	const requests = bed.requests().slice(0, some);
	const habits: Say[] = [
		(to, self) => self.feedback(to, wild),
		(to, self, now) => {
			self.feedback(to, wild);
			self.receipt(to, now);
		},
		(to, self) => {
			self.feedback(to, wild);
			self.claim(to, self.receipts.largest);
		},
		(to, self) => self.feedback(to, {rate: 0, bytes: 0, below: self.version}),
	];
	habits.forEach((say, index) => {
		const hostile = new Hostile(1000, (to, self, now) => {
			say(to, self, now);
			self.wants(to, self.version, requests);
		});
		bed.seat(`hostile:${index}`, hostile);
	});
	const fetcher = bed.fetcher();
	bed.seat('receiver:1', fetcher);
	await bed.pass(20 * second, () => fetcher.wantedBytes === 0);
	t.is(fetcher.wantedBytes, 0);
	t.true(bed.world.now <= 1.1 * aloneTime, `${bed.world.now} us, alone ${aloneTime}`);
});
