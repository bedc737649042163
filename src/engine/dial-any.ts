/**
 * Reaches a source in whichever of several ways it answers first: over UDP, which has a head start,
 * or inside of WebTransport, where UDP does not pass.
 */
import {ShoalError} from '../error.ts';
import {type LinkName, linkTitles} from '../link-name.ts';
import type {Platform} from '../platform/platform.ts';
import {type Connection, type DialOptions, joinFailures, pause} from './connection.ts';
import {dialPatiently, type Patience} from './dial-patiently.ts';

export type Way = {
	readonly link: LinkName;
	readonly dial: Omit<DialOptions, 'signal'>;
};

export type Reached = {
	readonly connection: Connection;
	readonly way: Way;
	/** Why it is this way, in a few words. */
	readonly reason: string;
};

/** Milliseconds that the first way has before the others are tried as well. */
export const headStartMs = 1000;

/**
 * The first of `ways` begins; the others begin together when its head start is over, or when it has
 * failed to reach anything. @throws ShoalError as Connection.dial does
 */
export async function dialAny(
	platform: Platform,
	ways: readonly [Way, ...Way[]],
	signal: AbortSignal | undefined,
	patience: Patience,
): Promise<Reached> {
	const over = new AbortController();
	const stop = AbortSignal.any([over.signal, ...(signal ? [signal] : [])]);
	const start = async (way: Way, reason: string): Promise<Reached> => {
		const connection = await dialPatiently(platform, {...way.dial, signal: stop}, patience);
		return {connection, way, reason};
	};
	const [first, ...others] = ways;
	const title = linkTitles[first.link];
	const tries = [start(first, `${title} answered`)];
	if (others.length === 0) return tries[0]!;
	const held = Promise.race([
		whyUnreachable(tries[0]!),
		pause(platform, headStartMs, stop).then(() => `no answer over ${title} within 1 s`),
	]);
	held.catch(() => undefined);
	for (const way of others) tries.push(held.then(why => start(way, why)));
	try {
		const reached = await Promise.any(tries);
		for (const each of tries)
			each.then(
				other => closeOther(other, reached),
				() => undefined,
			);
		return reached;
	} catch (error) {
		throw joinFailures((error as AggregateError).errors);
	} finally {
		over.abort();
	}
}

/** Resolves when it has failed to reach anything; fails when somebody has said no. */
async function whyUnreachable(attempt: Promise<Reached>): Promise<string> {
	try {
		await attempt;
	} catch (error) {
		const isUnreachable =
			error instanceof ShoalError &&
			(error.code === 'PATH_UNREACHABLE' || error.code === 'PATH_SILENT');
		if (isUnreachable) return error.message;
		throw error;
	}
	return new Promise<never>(() => undefined);
}

function closeOther(other: Reached, reached: Reached): void {
	if (other !== reached) void other.connection.close();
}
