/**
 * Asks a source one question and remembers nothing of the answer: whether it is reached, how far it
 * is, whether it proves the key, and what its signed statement says of time. Then sees how large
 * datagrams may be on the way to it.
 */
import platform from '#platform';
import type {LinkName} from '../link-name.ts';
import type {SourceUrl} from '../session/source-url.ts';
import type {Head} from '../session/statement.ts';
import {Connection, pause} from './connection.ts';
import {addressesOf, waysOf} from './reach.ts';
import {SizeSearch} from './size-search.ts';
import {Trust} from './trust.ts';

export type SourceFacts = {
	readonly address: string;
	/** Undefined when the question had to be repeated. */
	readonly roundTripMs: number | undefined;
	/** The key was in the URL or is known of the host; else nobody vouches for it. */
	readonly isTrusted: boolean;
	readonly identity: Uint8Array;
	/** Octets of the largest datagram that was seen to reach it whole. */
	readonly datagramMax: number;
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
			datagramMax: await searchSize(connection, contactTimeoutSeconds, signal),
			head: answered.head,
		};
	} finally {
		await connection.close();
	}
}

/** What is known when the search ends, or when so many seconds have passed. */
async function searchSize(
	connection: Connection,
	seconds: number,
	signal: AbortSignal,
): Promise<number> {
	const {initiator, answered} = connection;
	const session = initiator.session!;
	const over = new AbortController();
	const late = pause(platform, seconds * 1000, AbortSignal.any([signal, over.signal]));
	const searched = new Promise<void>(done => {
		const roundTrip = answered.roundTrip ?? slowRoundTrip;
		const search = new SizeSearch({session, roundTrip, done});
		connection.attach(search, {early: () => undefined, failed: () => done()});
	});
	try {
		await Promise.race([searched, late]);
		return session.mtu.size;
	} finally {
		over.abort();
	}
}

/** Microseconds, where none could be measured. */
const slowRoundTrip = 500_000;
