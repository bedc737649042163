import test from 'ava';
import {CapsuleChannel} from '../../../src/driver/capsule-channel.ts';
import {Prng} from '../../support/prng.ts';
import {seedsOr} from '../../support/seeds.ts';

const datagramMax = 16_384;

/** A channel whose stream keeps what is written, one array for each time it is uncorked. */
function open() {
	const writes: Buffer[][] = [];
	let isCorked = false;
	const stream = {
		writableLength: 0,
		write: (octets: Uint8Array) => {
			if (!isCorked) writes.push([]);
			writes.at(-1)!.push(Buffer.from(octets));
			return false;
		},
		cork: () => {
			isCorked = true;
			writes.push([]);
		},
		uncork: () => {
			isCorked = false;
		},
	};
	const controls: Buffer[] = [];
	const control = (capsule: Uint8Array) => void controls.push(Buffer.from(capsule));
	const channel = new CapsuleChannel({stream, datagramMax, control});
	const arrived: Uint8Array[] = [];
	return {channel, writes, controls, arrived, take: (data: Uint8Array) => void arrived.push(data)};
}

const tick = () => new Promise<void>(resolve => process.nextTick(resolve));

/** A capsule whose integers are of four octets. */
function capsule(type: number, body: Uint8Array): Buffer {
	const head = Buffer.alloc(8);
	head.writeUInt32BE(0x8000_0000 + type, 0);
	head.writeUInt32BE(0x8000_0000 + body.length, 4);
	return Buffer.concat([head, body]);
}

test('a datagram is a capsule with the shortest length there is', async t => {
	const {channel, writes} = open();
	for (const size of [0, 63, 64, 16_383, 16_384]) channel.send(new Uint8Array(size));
	const heads = writes.flat().filter((_, index) => index % 2 === 0);
	t.deepEqual(
		heads.map(head => head.toString('hex')),
		['0000', '003f', '004040', '007fff', '0080004000'],
	);
	await tick();
});

test('what is sent in one turn leaves in one write, and the next turn in another', async t => {
	const {channel, writes} = open();
	channel.send(new Uint8Array(1));
	channel.send(new Uint8Array(2));
	await tick();
	channel.send(new Uint8Array(3));
	await tick();
	t.deepEqual(
		writes.map(each => each.length),
		[4, 2],
	);
});

for (const seed of seedsOr(1, 2, 3)) {
	test(`datagrams arrive whole, wherever the stream is cut [SHOAL_SEED=${seed}]`, async t => {
		const prng = new Prng(seed);
		const from = open();
		const to = open();
		to.channel.receive(to.take);
		const sent = Array.from({length: 60}, () => prng.bytes(prng.below(prng.pick([3, 70, 17_000]))));
		for (const each of sent) from.channel.send(each);
		await tick();
		const stream = Buffer.concat(from.writes.flat());
		for (let at = 0; at < stream.length; ) {
			const end = at + 1 + prng.below(prng.pick([2, 100, 40_000]));
			to.channel.push(stream.subarray(at, end));
			at = end;
		}
		const expected = sent.filter(({length}) => length <= datagramMax);
		t.deepEqual(to.arrived.map(Buffer.from), expected.map(Buffer.from));
		for (const {buffer, length} of to.arrived) t.is(buffer.byteLength, length, 'its own memory');
	});
}

test('a datagram of the largest size arrives; one octet more is skipped, and what follows is not', t => {
	const {channel, arrived, take} = open();
	channel.receive(take);
	for (const size of [datagramMax, datagramMax + 1, 5])
		channel.push(capsule(0, Buffer.alloc(size)));
	t.deepEqual(
		arrived.map(({length}) => length),
		[datagramMax, 5],
	);
});

test('what ends a session goes on whole; what opens streams, and what nobody knows, does not', t => {
	const {channel, arrived, controls, take} = open();
	channel.receive(take);
	const close = capsule(0x2843, Buffer.from('\0\0\0\u0004why'));
	const drain = capsule(0x78ae, Buffer.alloc(0));
	const stream = capsule(0x190b4d3b, Buffer.alloc(100_000));
	const all = [stream, close, capsule(0x3f, Buffer.alloc(3)), drain, capsule(0, Buffer.of(7))];
	for (const octet of Buffer.concat(all)) channel.push(Buffer.of(octet));
	t.deepEqual(controls, [close, drain]);
	t.deepEqual(arrived, [Uint8Array.of(7)]);
});

test('an empty capsule of any kind is over at once', t => {
	const {channel, arrived, controls, take} = open();
	channel.receive(take);
	const empty = Buffer.alloc(0);
	const kinds = [0x3f, 0, 0x190b4d3b, 0x78ae];
	channel.push(Buffer.concat(kinds.map(kind => capsule(kind, empty))));
	channel.push(capsule(0, Buffer.of(7)));
	t.deepEqual(arrived, [new Uint8Array(0), Uint8Array.of(7)]);
	t.deepEqual(controls, [capsule(0x78ae, empty)]);
});

test('a close whose words are longer than any may be is skipped', t => {
	const {channel, controls} = open();
	channel.push(capsule(0x2843, Buffer.alloc(4 + 1024)));
	channel.push(capsule(0x2843, Buffer.alloc(4 + 1025)));
	t.deepEqual(
		controls.map(({length}) => length),
		[8 + 4 + 1024],
	);
});

test('a length of 2^62 - 1 is taken for what it is: nothing behind it is read, or kept', t => {
	const {channel, arrived, take} = open();
	channel.receive(take);
	channel.push(Buffer.of(0, ...new Array<number>(8).fill(0xff)));
	for (let count = 0; count < 100; count++) channel.push(capsule(0, Buffer.of(1)));
	t.deepEqual(arrived, []);
});

test('what comes before anyone takes it waits, as many as a turn brings', t => {
	const {channel, arrived, take} = open();
	for (let count = 0; count < 100; count++) channel.push(capsule(0, Buffer.of(count)));
	channel.receive(take);
	t.deepEqual(
		arrived.map(data => data[0]),
		Array.from({length: 64}, (_, index) => index),
	);
});
