/** A source whose packets are authentic and untrue: what an honest sender says, changed. */
import type {Payload} from '../../src/session/payload.ts';
import {Writer} from '../../src/wire/codec.ts';
import type {Frame} from '../../src/wire/frame.ts';
import {framesOf, packetOf} from './frames.ts';

/** What to say in place of these frames; `count` packets of contents were said before. */
export type Lie = (frames: readonly Frame[], count: number) => readonly Frame[] | Uint8Array;

/** Octets that a lie may be longer than the truth. */
const spare = 120;

/** Tells `lie` from the first packet of contents on: the list, want 0, comes as it is. */
export function lying(sender: Payload, lie: Lie): Payload {
	let count = -1;
	return {
		skips: sender.skips,
		handlePacket: (number, payload, size, now) => sender.handlePacket(number, payload, size, now),
		pollPacket(number, to, now) {
			const truth = new Writer(new Uint8Array(to.room - spare));
			if (!sender.pollPacket(number, truth, now)) return false;
			const frames = framesOf(truth.written());
			if (count >= 0 || frames.some(frame => frame.name === 'block' && frame.want > 0)) count++;
			if (count < 0) {
				to.put(truth.written());
				return true;
			}
			const said = lie(frames, count);
			const octets = said instanceof Uint8Array ? said : packetOf(...said);
			to.put(octets.subarray(0, to.room));
			return true;
		},
		pathChanged: now => sender.pathChanged(now),
		handleTimeout: now => sender.handleTimeout(now),
		pollTimeout: () => sender.pollTimeout(),
		closed: (code, text) => sender.closed(code, text),
	};
}

type Named<N extends Frame['name']> = Extract<Frame, {name: N}>;

/** Changes the frames of one kind, and leaves the others as they are. */
export function changing<N extends Frame['name']>(
	name: N,
	change: (frame: Named<N>, count: number) => Partial<Named<N>>,
): Lie {
	return (frames, count) =>
		frames.map(frame =>
			frame.name === name ? ({...frame, ...change(frame as Named<N>, count)} as Frame) : frame,
		);
}

/** Says these after the truth. */
export function adding(more: (frames: readonly Frame[], count: number) => readonly Frame[]): Lie {
	return (frames, count) => [...frames, ...more(frames, count)];
}
