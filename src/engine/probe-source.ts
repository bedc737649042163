/**
 * Asks a source one question and remembers nothing of the answer: whether it is reached, how far it
 * is, whether it proves the key, and what its signed statement says of time.
 */
import platform from '#platform';
import type {LinkName} from '../link-name.ts';
import type {SourceUrl} from '../session/source-url.ts';
import type {Head} from '../session/statement.ts';
import {Connection} from './connection.ts';
import {addressesOf, waysOf} from './reach.ts';
import {Trust} from './trust.ts';

export type SourceFacts = {
	readonly address: string;
	/** Undefined when the question had to be repeated. */
	readonly roundTripMs: number | undefined;
	/** The key was in the URL or is known of the host; else nobody vouches for it. */
	readonly isTrusted: boolean;
	readonly identity: Uint8Array;
	readonly head: Pick<Head, 'sequence' | 'issuedMs' | 'expiresMs' | 'entries'>;
};

/** @throws ShoalError as Connection.dial does */
export async function probeSource(
	url: SourceUrl,
	configDirectory: string,
	contactTimeoutSeconds: number,
	signal: AbortSignal,
	link: LinkName = 'udp',
): Promise<SourceFacts> {
	const trust = new Trust(
		platform,
		{configDirectory, trustOnFirstUse: false, allowRollback: false},
		url,
	);
	const {identity, delegation} = trust;
	const dial = {
		addresses: await addressesOf(platform, url, undefined, contactTimeoutSeconds),
		module: new TextEncoder().encode(url.module),
		sequence: 0,
		contactTimeout: contactTimeoutSeconds * 1e6,
		idleTimeout: contactTimeoutSeconds * 1e6,
		...(identity && {identity}),
		...(delegation && {delegation}),
	};
	const [way] = waysOf(platform, url, trust, link, dial);
	const connection = await Connection.dial(platform, {...way.dial, signal});
	try {
		const {answered, address} = connection;
		return {
			address,
			roundTripMs: answered.roundTrip === undefined ? undefined : answered.roundTrip / 1000,
			isTrusted: identity !== undefined,
			identity: answered.identity,
			head: answered.head,
		};
	} finally {
		await connection.close();
	}
}
