/** Reaches all sources of a pull at once, and goes on with those that have the same to offer. */
import {ShoalError} from '../error.ts';
import type {Platform} from '../platform/platform.ts';
import {formatSourceUrl, type SourceUrl} from '../session/source-url.ts';
import {same} from '../session/statement.ts';
import {later, millis} from '../unit.ts';
import {pause} from './connection.ts';
import {Contributor} from './contributor.ts';
import {RateDial} from './rate-dial.ts';
import {RateShares} from './rate-shares.ts';
import {type ReachOptions, reach} from './reach.ts';
import {Several} from './several.ts';
import type {Supply} from './supply.ts';
import {Trust, type TrustOptions} from './trust.ts';

/** Whoever answers later than this after the first joins, but is not waited for. */
const graceMs = 1000;

/** Long enough that what a source sends in it is a rate. */
const lookEveryMs = 500;

type Attempt = {readonly name: string; readonly supply: Promise<Supply>};

/**
 * Whom each is believed to be: a key that one of the URLs has, or that is known of a host, goes for
 * all, or a host that was named without it could put another tree in the place of theirs.
 */
export function trustAlike(
	platform: Platform,
	options: TrustOptions,
	urls: readonly SourceUrl[],
): readonly Trust[] {
	const own = urls.map(url => new Trust(platform, options, url));
	const given = urls.find(({identity}) => identity !== undefined)?.identity;
	const identity = given ?? own.find(trust => trust.identity !== undefined)?.identity;
	if (identity === undefined) return own;
	return urls.map(url => new Trust(platform, options, {...url, identity}));
}

/** @throws ShoalError SOURCE_INVALID; if none is reached, as `reach` does for the first */
export async function reachSeveral(
	platform: Platform,
	urls: readonly SourceUrl[],
	trusts: readonly Trust[],
	options: ReachOptions,
): Promise<Several> {
	refuseUnlike(urls);
	const {notice, failed, task} = options;
	let several: Several | undefined;
	const over = new AbortController();
	const members = new Map<string, Contributor>();
	const failedEarly = new Map<string, ShoalError>();
	const shares = new RateShares(RateDial.of(options.rateMax));
	const missed = new Set<string>();
	const attempts = urls.map((url, index): Attempt => {
		const name = nameOf(url);
		const rateMax = shares.add(() => {
			const member = members.get(name);
			if (missed.has(name) || member?.dropped !== undefined) return undefined;
			return member?.supply.statistics.bytesIn ?? 0;
		});
		const fail = (error: ShoalError): void => {
			const member = members.get(name);
			if (several !== undefined && member !== undefined) several.drop(member, error);
			else failedEarly.set(name, error);
		};
		return {
			name,
			supply: reach(platform, url, trusts[index]!, {
				...options,
				rateMax,
				signal: over.signal,
				failed: fail,
			}),
		};
	});
	const answers = await firstAnswers(platform, attempts, task.signal).catch((error: unknown) => {
		shares.close();
		throw error;
	});
	const newest = newestOf(answers);
	const stopLooking = lookOften(platform, shares);
	const stopDialling = (): Promise<unknown> => {
		stopLooking();
		over.abort();
		return Promise.allSettled(attempts.map(({supply}) => supply));
	};
	several = new Several({platform, failed, notice, stopDialling}, newest);
	members.set(newest.name, newest);
	const join = (member: Contributor): void => {
		if (member === newest) return;
		members.set(member.name, member);
		several!.add(member);
		const {identity, root, sequence} = member.supply.head;
		const ended = failedEarly.get(member.name);
		if (ended !== undefined) several!.drop(member, ended);
		const isSame = same(identity, newest.supply.head.identity);
		if (!isSame) {
			const detail = 'it is a source of another identity';
			several!.drop(member, new ShoalError('PEER_AUTH_FAILED', detail));
		} else if (!same(root, newest.supply.head.root)) {
			const age = sequence < newest.supply.head.sequence ? 'an older' : 'another';
			several!.drop(member, new ShoalError('SOURCE_STALE', `it has ${age} snapshot`));
		}
	};
	for (const member of answers) join(member);
	for (const {name, supply} of attempts) {
		if (answers.some(answer => answer.name === name)) continue;
		supply.then(
			late => join(new Contributor(name, late, platform.clock.now())),
			(error: unknown) => {
				if (!(error instanceof ShoalError)) throw error;
				missed.add(name);
				if (!task.signal.aborted && !over.signal.aborted) several!.miss(name, error);
			},
		);
	}
	const ended = failedEarly.get(newest.name);
	if (ended !== undefined) several.drop(newest, ended);
	return several;
}

/** All that answer within the grace of the first. @throws what the first of them failed with */
async function firstAnswers(
	platform: Platform,
	attempts: readonly Attempt[],
	stop: AbortSignal,
): Promise<Contributor[]> {
	const answers: Contributor[] = [];
	const settled = attempts.map(({name, supply}) =>
		supply.then(
			each => {
				answers.push(new Contributor(name, each, platform.clock.now()));
			},
			() => undefined,
		),
	);
	const all = Promise.all(settled);
	await Promise.race([Promise.any(attempts.map(({supply}) => supply)).catch(() => undefined), all]);
	await Promise.race([all, pause(platform, graceMs, stop)]);
	if (answers.length === 0) await attempts[0]!.supply;
	const place = ({name}: Contributor) => attempts.findIndex(attempt => attempt.name === name);
	return [...answers].sort((a, b) => place(a) - place(b));
}

/** Parts the rate anew, now and then, until the answer is called. */
function lookOften({clock}: Platform, shares: RateShares): () => void {
	let cancel = (): void => undefined;
	let lookedAt = clock.now();
	const next = (): void => {
		cancel = clock.at(later(clock.now(), millis(lookEveryMs)), () => {
			const now = clock.now();
			shares.look((now - lookedAt) / 1e6);
			lookedAt = now;
			next();
		});
	};
	next();
	return () => {
		cancel();
		shares.close();
	};
}

/** Of the identity that was named first: another one counts its snapshots for itself. */
function newestOf(answers: readonly Contributor[]): Contributor {
	const {identity} = answers[0]!.supply.head;
	return answers
		.filter(({supply}) => same(supply.head.identity, identity))
		.reduce((best, each) => (each.supply.head.sequence > best.supply.head.sequence ? each : best));
}

/** Where it is, without what all of them have in common. */
function nameOf(url: SourceUrl): string {
	return formatSourceUrl({...url, identity: undefined, path: new Uint8Array(0)});
}

/** Sources of one pull offer one thing: its key and module are the same in all of them. */
function refuseUnlike(urls: readonly SourceUrl[]): void {
	const [first] = urls;
	for (const {identity, module, path} of urls) {
		const isKeyed = identity !== undefined && first!.identity !== undefined;
		const isAlike =
			module === first!.module &&
			same(path, first!.path) &&
			(!isKeyed || same(identity, first!.identity!));
		if (isAlike) continue;
		const detail = 'sources of one pull have the same key, module and path';
		throw new ShoalError('SOURCE_INVALID', detail);
	}
	const names = new Set(urls.map(nameOf));
	if (names.size < urls.length) throw new ShoalError('SOURCE_INVALID', 'a source is named twice');
}
