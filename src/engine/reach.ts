/** Reaches the source of a pull or of a listing, wherever it is, and judges what it offers. */

import {type ControllerName, controllers} from '../congestion/controllers.ts';
import {ShoalError} from '../error.ts';
import type {LinkName} from '../link-name.ts';
import type {Platform} from '../platform/platform.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import type {WebTransportPlace} from '../session/answer.ts';
import type {SourceUrl} from '../session/source-url.ts';
import {pause} from './connection.ts';
import type {Way} from './dial-any.ts';
import {dialOrder} from './dial-order.ts';
import {KnownPaths} from './known-paths.ts';
import {RateDial} from './rate-dial.ts';
import {Remote} from './remote.ts';
import type {Supply} from './supply.ts';
import type {Trust, TrustOptions} from './trust.ts';
import {demandWebTransport, webTransportWay} from './webtransport-way.ts';

export type ReachOptions = TrustOptions & {
	/** Sequence of the head whose list is here; 0: none. */
	readonly sequence: number;
	/** The run: dialling becomes a part of it. */
	readonly task: ActiveTask;
	/** Ends the dialling when nobody needs its answer any more. */
	readonly signal?: AbortSignal | undefined;
	readonly rateMax?: number | RateDial;
	readonly timeoutSeconds?: number;
	readonly contactTimeoutSeconds?: number;
	readonly congestion?: ControllerName;
	readonly family?: 4 | 6;
	/** Default: `auto`, UDP and what gets through where that does not. */
	readonly link?: LinkName | 'auto';
	/** Told when it is known how the source is reached, and why so. */
	readonly linked?: (link: LinkName, reason: string) => void;
	readonly failed: (error: ShoalError) => void;
	readonly notice: (text: string) => void;
	readonly remark: (text: string) => void;
};

/** Octets received and not yet on disk at which the source is held back. */
const backlogMax = 64 << 20;

/** Seconds without an answer until a host counts as silent. */
const contactTimeoutDefault = 15;
/** Seconds without a packet, or without anything new, until a session counts as broken. */
const timeoutDefault = 30;

/** @throws ShoalError as Connection.dial and Trust.judge do */
export async function reach(
	platform: Platform,
	url: SourceUrl,
	trust: Trust,
	options: ReachOptions,
): Promise<Supply> {
	const {task, failed, notice, remark, rateMax, sequence} = options;
	const {identity, delegation} = trust;
	const timeout = (options.timeoutSeconds ?? timeoutDefault) * 1e6;
	const {link = 'auto'} = options;
	if (link === 'h3') await demandWebTransport(link);
	const dial = {
		addresses: await addressesOf(platform, url, options.family, options.contactTimeoutSeconds),
		module: new TextEncoder().encode(url.module),
		sequence,
		contactTimeout: (options.contactTimeoutSeconds ?? contactTimeoutDefault) * 1e6,
		idleTimeout: timeout,
		...(identity && {identity}),
		...(delegation && {delegation}),
	};
	const ways = () => waysOf(platform, url, trust, link, dial);
	const [way] = ways();
	const remote = await Remote.dial({
		platform,
		task,
		signal: options.signal,
		...way,
		fallbacks: () => ways().slice(1),
		linked: (name, reason) => options.linked?.(name, link === 'auto' ? reason : 'as asked for'),
		makeController: controllers[options.congestion ?? 'model'],
		paths: new KnownPaths(platform, options.configDirectory, remark),
		backlogMax,
		rate: RateDial.of(rateMax),
		stallTimeout: timeout,
		failed,
		remark,
	});
	try {
		const warning = trust.judge(remote.answered);
		if (warning !== undefined) notice(warning);
		const succession = trust.succession(remote.answered);
		if (succession !== undefined) notice(succession);
		remember(trust, remote, notice);
		remote.origin = trust.originOf(remote.answered);
		return remote;
	} catch (error) {
		await remote.close();
		throw error;
	}
}

/** What is tried, in order; without a place to dial, UDP is all there is to `auto`. */
export function waysOf(
	platform: Platform,
	url: SourceUrl,
	trust: Trust,
	link: LinkName | 'auto',
	dial: Way['dial'],
): [Way, ...Way[]] {
	const udp: Way = {link: 'udp', dial};
	if (link === 'udp') return [udp];
	const place = trust.webTransport;
	const over = (mode: 'h3' | 'h2', at: WebTransportPlace) =>
		webTransportWay(platform, mode, url, at, dial);
	if (link === 'auto') return place ? [udp, over('h3', place), over('h2', place)] : [udp];
	if (place !== undefined) return [over(link, place)];
	const detail = `nothing says where ${url.host} answers WebTransport: pull once over UDP, or`;
	throw new ShoalError('OPTION_INVALID', `${detail} put ?webtransport=PORT behind the URL`);
}

/** A key in the URL is enough to go on; only the next pull without one would miss this. */
function remember(trust: Trust, {answered}: Remote, notice: (text: string) => void): void {
	try {
		trust.remember(answered);
	} catch (error) {
		if (!(error instanceof ShoalError) || trust.identity === undefined) throw error;
		notice(`the source is not remembered: ${error.message}`);
	}
}

/**
 * Looks the host up, for no longer than a first answer may take.
 * @throws ShoalError PATH_UNREACHABLE
 */
export async function addressesOf(
	platform: Platform,
	{host, port}: SourceUrl,
	family: 4 | 6 | undefined,
	contactTimeoutSeconds = contactTimeoutDefault,
): Promise<string[]> {
	const over = new AbortController();
	const late = pause(platform, contactTimeoutSeconds * 1000, over.signal).then(() => undefined);
	try {
		const found = await Promise.race([platform.resolve(host, port), late]);
		if (found !== undefined) return dialOrder(host, found, family);
	} finally {
		over.abort();
	}
	const detail = `cannot find host ${JSON.stringify(host)} in ${contactTimeoutSeconds} s`;
	throw new ShoalError('PATH_UNREACHABLE', detail);
}
