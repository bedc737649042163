/** Faults that a side of a transfer could have, planted to see that the promises notice. */
import type {Payload} from '../../src/session/payload.ts';
import {Reader, Writer} from '../../src/wire/codec.ts';
import {decodeFrame, encodeFrame} from '../../src/wire/frame.ts';

/** Frames of `payload` with every grant opened wide. */
function opened(payload: Uint8Array): Uint8Array {
	const to = new Writer(new Uint8Array(2 * payload.length + 100));
	const from = new Reader(payload);
	for (let frame = decodeFrame(from); frame; frame = decodeFrame(from)) {
		if (frame.name === 'feedback') {
			encodeFrame('feedback', {...frame, rate: 1e9, bytes: 1e12}, to);
		} else {
			encodeFrame(frame.name, frame as never, to);
		}
	}
	return to.written();
}

/** A source that takes no notice of what it is granted. */
export function ignoringGrants(sender: Payload): Payload {
	return {
		skips: sender.skips,
		handlePacket: (number, payload, size, now) =>
			sender.handlePacket(number, opened(payload), size, now),
		pollPacket: (number, to, now) => sender.pollPacket(number, to, now),
		pathChanged: now => sender.pathChanged(now),
		handleTimeout: now => sender.handleTimeout(now),
		pollTimeout: () => sender.pollTimeout(),
		closed: (code, text) => sender.closed(code, text),
	};
}
