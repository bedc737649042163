/** Asks a source one question: what its newest signed head is. Nothing of the answer is kept. */
import type {Platform} from '../platform/platform.ts';
import type {SourceUrl} from '../session/source-url.ts';
import {Connection} from './connection.ts';
import {addressesOf} from './reach.ts';

export type HeadQuestion = {
	readonly identity: Uint8Array | undefined;
	/** The host's, as it was shown last. */
	readonly delegation: Uint8Array | undefined;
	/** Of the head that is known: then the answer brings nothing but the statement. */
	readonly sequence: number;
	readonly contactTimeoutSeconds: number;
	readonly signal: AbortSignal;
};

/** The connection is closed already: its answer and address are what is of use. */
export async function askHead(
	platform: Platform,
	url: SourceUrl,
	{identity, delegation, sequence, contactTimeoutSeconds, signal}: HeadQuestion,
): Promise<Connection> {
	const connection = await Connection.dial(platform, {
		addresses: await addressesOf(platform, url, undefined, contactTimeoutSeconds),
		module: new TextEncoder().encode(url.module),
		sequence,
		contactTimeout: contactTimeoutSeconds * 1e6,
		idleTimeout: contactTimeoutSeconds * 1e6,
		signal,
		...(identity && {identity}),
		...(delegation && {delegation}),
	});
	await connection.close();
	return connection;
}
