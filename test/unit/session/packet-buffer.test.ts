import test from 'ava';
import {PacketBuffer} from '../../../src/session/packet-buffer.ts';
import {Prng} from '../../support/prng.ts';

/** Hands out a packet filled with `fill`. */
function put(buffer: PacketBuffer, size: number, fill: number): Uint8Array {
	buffer.reserve(size);
	const packet = buffer.bytes.subarray(buffer.offset, buffer.offset + size);
	packet.fill(fill);
	buffer.take(size);
	return packet;
}

test('a packet is not written again before all are recycled [SHOAL_SEED=1]', t => {
	const prng = new Prng(1);
	const buffer = new PacketBuffer();
	buffer.recycle();
	for (let turn = 0; turn < 200; turn++) {
		const count = prng.below(100);
		const packets = Array.from({length: count}, (_, index) =>
			put(buffer, 1 + prng.below(turn % 9 === 0 ? 65_507 : 1472), index),
		);
		for (const [index, packet] of packets.entries()) {
			if (!packet.every(octet => octet === index)) return t.fail(`packet ${index} of turn ${turn}`);
		}
		buffer.recycle();
	}
	t.pass();
});

test('memory of packets that are done with is used again', t => {
	const buffer = new PacketBuffer();
	const first = put(buffer, 1200, 1);
	t.not(put(buffer, 1200, 2).byteOffset, first.byteOffset);
	buffer.recycle();
	const again = put(buffer, 1200, 3);
	t.is(again.buffer, first.buffer);
	t.is(again.byteOffset, first.byteOffset);
});

test('what was reserved and not taken is reserved again', t => {
	const buffer = new PacketBuffer();
	buffer.reserve(1472);
	const {bytes, offset} = buffer;
	buffer.reserve(1200);
	t.is(buffer.bytes, bytes);
	t.is(buffer.offset, offset);
});
