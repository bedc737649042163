/** Packets by their frames, for tests that speak for one side of a transfer. */
import {PathMtu} from '../../src/session/path-mtu.ts';
import type {Payload, SessionHandle} from '../../src/session/payload.ts';
import type {Micros} from '../../src/unit.ts';
import {Reader, Writer} from '../../src/wire/codec.ts';
import {decodeFrame, encodeFrame, type Frame} from '../../src/wire/frame.ts';

export const payloadMax = 1175;

export function packetOf(...frames: readonly Frame[]): Uint8Array {
	const to = new Writer(new Uint8Array(1 << 16));
	for (const frame of frames) encodeFrame(frame.name, frame as never, to);
	return to.written();
}

export function framesOf(payload: Uint8Array): Frame[] {
	const from = new Reader(payload);
	const frames: Frame[] = [];
	for (let frame = decodeFrame(from); frame; frame = decodeFrame(from)) frames.push(frame);
	return frames;
}

/** A session that carries one payload in a test's hands: numbers, skips, and what it was told. */
export class HandSession implements SessionHandle {
	readonly payloadMax = payloadMax;
	readonly overhead = 25;
	readonly mtu = new PathMtu({max: 1200});
	readonly validated = true;
	readonly peer = 'peer';
	readonly skipped = new Set<number>();
	next = 0;
	wakes = 0;
	closedWith: number | undefined;

	wasSkipped(from: number, to: number): boolean {
		if (to >= this.next) return true;
		for (const number of this.skipped) if (number >= from && number <= to) return true;
		return false;
	}

	wake(): void {
		this.wakes++;
	}

	close(code: number): void {
		this.closedWith = code;
	}

	/** The next packet of `payload`, or undefined; its number is `next` − 1 afterwards. */
	poll(payload: Payload, now: Micros): Uint8Array | undefined {
		const to = new Writer(new Uint8Array(payloadMax));
		if (!payload.pollPacket(this.next, to, now)) return undefined;
		this.next++;
		return to.written();
	}

	/** All packets that may leave now. */
	drain(payload: Payload, now: Micros): Uint8Array[] {
		const packets: Uint8Array[] = [];
		for (let each = this.poll(payload, now); each; each = this.poll(payload, now)) {
			packets.push(each);
			if (packets.length > 10_000) throw new Error('no end of packets');
		}
		return packets;
	}
}
