/**
 * Dials as long as it is worth while: a source that says when to come back is dialled again then,
 * if that is before the time for a first answer is over.
 */
import {ShoalError} from '../error.ts';
import type {Platform} from '../platform/platform.ts';
import {later, millis} from '../unit.ts';
import {Connection, type DialOptions, pause} from './connection.ts';

export type Patience = {
	/** The source was there a moment ago: one that restarts is away, and its port refuses. */
	readonly wasThere: boolean;
	readonly remark: (text: string) => void;
};

/** @throws ShoalError as Connection.dial does */
export async function dialPatiently(
	platform: Platform,
	options: DialOptions,
	{wasThere, remark}: Patience,
): Promise<Connection> {
	const {clock} = platform;
	const giveUpAt = later(clock.now(), options.contactTimeout ?? 0);
	for (let awayMs = awayFirstMs; ; awayMs *= 2) {
		try {
			return await Connection.dial(platform, options);
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			const isAway = wasThere && error.code === 'PATH_UNREACHABLE';
			const waitMs = isAway ? awayMs : spread(platform, error.retryMs);
			if (waitMs === 0 || later(clock.now(), millis(waitMs)) > giveUpAt) throw error;
			if (!isAway) remark(`${error.message}; asking again in ${Math.ceil(waitMs / 1000)} s`);
			await pause(platform, waitMs, options.signal);
			if (options.signal?.aborted) throw error;
		}
	}
}

/** Up to a quarter later, so that those who were turned away together do not return together. */
function spread({crypto}: Platform, retryMs: number): number {
	const octet = new Uint8Array(1);
	crypto.random(octet);
	return retryMs * (1 + octet[0]! / 1024);
}

const awayFirstMs = 250;
