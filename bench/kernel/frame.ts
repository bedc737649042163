/** Frames as they travel in bulk: a data frame and one block that fills a datagram. */
import {Reader, Writer} from '../../src/wire/codec.ts';
import {decodeFrame, encodeFrame, type FrameValue} from '../../src/wire/frame.ts';
import {Prng} from '../../test/support/prng.ts';
import {benchSeed, fold, type Kernel} from '../harness.ts';

const blockSize = 1100;
const payloadSize = 1200;

const dataOf = (number: number): FrameValue<'data'> => ({
	flags: 0,
	time: (number * 96) >>> 0,
	version: number >>> 4,
	held: 0,
	taken: number >>> 6,
	unsent: number >>> 6,
});

function encode(number: number, data: Uint8Array, to: Writer): void {
	encodeFrame('data', dataOf(number), to);
	const block = {want: number >>> 6, object: 0, offset: number * blockSize, data};
	encodeFrame('block', block, to);
}

export const frameKernels: readonly Kernel[] = [
	{
		name: 'kernel/frame-encode',
		unit: 'datagrams',
		prepare: smoke => {
			const amount = smoke ? 100 : 200_000;
			const data = new Prng(benchSeed).bytes(blockSize);
			const packet = new Uint8Array(payloadSize);
			return {
				amount,
				run: () => {
					let sum = 0;
					for (let number = 0; number < amount; number++) {
						const to = new Writer(packet);
						encode(number, data, to);
						sum = fold(packet.subarray(0, 24), sum);
					}
					return sum;
				},
			};
		},
	},
	{
		name: 'kernel/frame-decode',
		unit: 'datagrams',
		prepare: smoke => {
			const amount = smoke ? 100 : 200_000;
			const data = new Prng(benchSeed).bytes(blockSize);
			const packets = Array.from({length: 64}, (_, number) => {
				const to = new Writer(new Uint8Array(payloadSize));
				encode(number * 1000, data, to);
				return to.bytes.subarray(0, to.offset);
			});
			return {
				amount,
				run: () => {
					let sum = 0;
					for (let number = 0; number < amount; number++) {
						const from = new Reader(packets[number % packets.length]!);
						for (let frame = decodeFrame(from); frame; frame = decodeFrame(from)) {
							if (frame.name === 'block') sum += frame.offset + frame.data.length;
						}
					}
					return sum;
				},
			};
		},
	},
];
