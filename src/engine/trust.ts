/**
 * Decides whom a receiver believes and which heads it takes: the pinned identity, or the one known
 * of the host, or, only if asked for, the one met first, or whom one of these has named to succeed
 * it; never an older head than one seen before, never one that has long expired.
 */
import {ShoalError} from '../error.ts';
import type {Platform} from '../platform/platform.ts';
import type {Origin} from '../receiver/update.ts';
import type {WebTransportPlace} from '../session/answer.ts';
import {formatKey} from '../session/key-text.ts';
import {formatSourceUrl, type SourceUrl} from '../session/source-url.ts';
import {type Head, openRotation, same} from '../session/statement.ts';
import {ConfigDirectory} from '../store/config-directory.ts';
import {KnownSources} from '../store/known-sources.ts';
import {copyOctets} from '../task/packed-octets.ts';
import type {Answered} from './connection.ts';

export type TrustOptions = {
	readonly configDirectory: string;
	readonly trustOnFirstUse: boolean;
	readonly allowRollback: boolean;
};

export class Trust {
	readonly #platform: Platform;
	readonly #options: TrustOptions;
	readonly #url: SourceUrl;
	readonly #host: string;
	/** The identity of the URL or of the host, with whom it succeeded and who has succeeded it. */
	readonly #line: readonly Uint8Array[];

	constructor(platform: Platform, options: TrustOptions, url: SourceUrl) {
		this.#platform = platform;
		this.#options = options;
		this.#url = url;
		this.#host = `${url.host}:${url.port}`;
		this.#line =
			this.#read(known => this.#knownLine(known)) ?? (url.identity ? [url.identity] : []);
	}

	/** The identity that the answer must prove; undefined: none is known yet. */
	get identity(): Uint8Array | undefined {
		return this.#line.at(-1);
	}

	/** The first of its line: records of what was pulled are kept by it, whoever signs now. */
	get eldest(): Uint8Array | undefined {
		return this.#line[0];
	}

	/** The delegation that the host showed last. */
	get delegation(): Uint8Array | undefined {
		const {identity} = this;
		return identity && this.#read(known => known.delegation(this.#host, identity));
	}

	/** Where the host answers WebTransport: as the URL says, or as it said last. */
	get webTransport(): WebTransportPlace | undefined {
		return this.#url.webTransport ?? this.#read(known => known.webTransport(this.#host));
	}

	/**
	 * @throws ShoalError PEER_UNKNOWN, HEAD_ROLLED_BACK, HEAD_EXPIRED
	 * @returns a warning, if there is one to give
	 */
	judge(answered: Answered): string | undefined {
		const {identity, head} = answered;
		if (this.identity === undefined && !this.#options.trustOnFirstUse) {
			const key = formatKey(identity);
			throw new ShoalError('PEER_UNKNOWN', `${this.#host} is not known; it says it is ${key}`);
		}
		const seen = this.#read(known => this.#highest(known, answered)) ?? 0;
		if (head.sequence < seen && !this.#options.allowRollback) {
			throw new ShoalError(
				'HEAD_ROLLED_BACK',
				`the source offers snapshot ${head.sequence}, but ${seen} has been seen`,
			);
		}
		return this.#judgeAge(head);
	}

	/** The key of the answer, if it is another one than was known, and proved to succeed that. */
	succession({identity}: Answered): string | undefined {
		const {identity: known} = this;
		if (known === undefined || same(known, identity)) return undefined;
		return `${this.#host} has changed its key to ${formatKey(identity)}, signed with the old one`;
	}

	/** Keeps what the answer proved, once it has been judged. */
	remember(answered: Answered): void {
		const {identity, head, delegation, rotations, webTransport} = answered;
		const config = ConfigDirectory.open(this.#platform, this.#options.configDirectory, true);
		if (config === undefined) return;
		try {
			const known = new KnownSources(config);
			const before = known.identity(this.#host);
			if (before === undefined || !same(before, identity)) {
				known.rememberIdentity(this.#host, identity);
			}
			this.#rememberLine(known, rotations);
			// Another pull may have seen a newer one since this one was judged.
			const seen = this.#highest(known, answered);
			if (head.sequence > seen || this.#options.allowRollback) {
				known.rememberSequence(identity, this.#url.module, head.sequence);
			}
			known.rememberDelegation(this.#host, identity, delegation);
			known.rememberWebTransport(this.#host, webTransport);
		} finally {
			config.close();
		}
	}

	/** What the answer has shown of the source, for who serves on what comes from there. */
	originOf({head, statement, rotations}: Answered): Origin {
		const {crypto} = this.#platform;
		const {identity} = head;
		const known = [...(this.#read(each => each.rotations()) ?? []), ...rotations];
		const line: Uint8Array[] = [];
		for (let to = identity; line.length < lineMax; ) {
			const step = known.find(each => {
				const rotation = openRotation(crypto, each);
				return rotation !== undefined && same(rotation.to, to);
			});
			if (step === undefined) break;
			line.unshift(step);
			to = openRotation(crypto, step)!.from;
		}
		const upstream = formatSourceUrl({...this.#url, identity, path: new Uint8Array(0)});
		return {upstream, statement: copyOctets(statement), rotations: line};
	}

	/** Whoever is at the end of it is believed, and nobody before. */
	#knownLine(known: KnownSources): Uint8Array[] {
		const {crypto} = this.#platform;
		const identity = this.#url.identity ?? known.identity(this.#host);
		if (identity === undefined) return [];
		const line = [identity];
		const rotations = known.rotations().map(statement => openRotation(crypto, statement));
		for (let isWhole = false; !isWhole && line.length < lineMax; ) {
			const next = rotations.find(each => each !== undefined && same(each.from, line.at(-1)!));
			const before = rotations.find(each => each !== undefined && same(each.to, line[0]!));
			if (next !== undefined) line.push(next.to);
			if (before !== undefined) line.unshift(before.from);
			isWhole = next === undefined && before === undefined;
		}
		return line;
	}

	/** Each of these was signed by the one before it, or it is none of this line. */
	#rememberLine(known: KnownSources, rotations: readonly Uint8Array[]): void {
		let {identity} = this;
		for (const statement of identity === undefined ? [] : rotations) {
			const rotation = openRotation(this.#platform.crypto, statement);
			if (rotation === undefined || !same(rotation.from, identity!)) continue;
			known.rememberRotation(rotation.from, statement);
			identity = rotation.to;
		}
	}

	/** The highest sequence that any of a line has shown: a successor goes on counting. */
	#highest(known: KnownSources, {identity, rotations}: Answered): number {
		const isOfLine = rotations.length > 0 || this.#line.some(each => same(each, identity));
		const line = isOfLine ? [...this.#line, identity] : [identity];
		return Math.max(...line.map(identity => known.sequence(identity, this.#url.module)));
	}

	#judgeAge({issuedMs, expiresMs}: Head): string | undefined {
		const wallMs = this.#platform.clock.wallMs();
		if (wallMs <= expiresMs) return undefined;
		const hours = Math.ceil((wallMs - expiresMs) / 3_600_000);
		const since = `the source's statement expired ${hours} h ago`;
		if (wallMs > expiresMs + (expiresMs - issuedMs)) throw new ShoalError('HEAD_EXPIRED', since);
		return `${since}: it may be cut off from its origin`;
	}

	/** Asks what is known; undefined where nothing has been remembered yet. */
	#read<T>(ask: (known: KnownSources) => T): T | undefined {
		const config = ConfigDirectory.open(this.#platform, this.#options.configDirectory, false);
		if (config === undefined) return undefined;
		try {
			return ask(new KnownSources(config));
		} finally {
			config.close();
		}
	}
}

/** A source that changes its key each month is followed for five years. */
const lineMax = 64;
