/**
 * Decides whom a receiver believes and which heads it takes: the pinned identity, or the one known
 * of the host, or, only if asked for, the one met first; never an older head than one seen before,
 * never one that has long expired.
 */
import {ShoalError} from '../error.ts';
import type {Platform} from '../platform/platform.ts';
import {formatKey} from '../session/key-text.ts';
import type {SourceUrl} from '../session/source-url.ts';
import {type Head, same} from '../session/statement.ts';
import {ConfigDirectory} from '../store/config-directory.ts';
import {KnownSources} from '../store/known-sources.ts';
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
	readonly #pinned: Uint8Array | undefined;

	constructor(platform: Platform, options: TrustOptions, url: SourceUrl) {
		this.#platform = platform;
		this.#options = options;
		this.#url = url;
		this.#host = `${url.host}:${url.port}`;
		this.#pinned = url.identity ?? this.#read(known => known.identity(this.#host));
	}

	/** The identity that the answer must prove; undefined: none is known yet. */
	get identity(): Uint8Array | undefined {
		return this.#pinned;
	}

	/** The delegation that the host showed last. */
	get delegation(): Uint8Array | undefined {
		const identity = this.#pinned;
		return identity && this.#read(known => known.delegation(this.#host, identity));
	}

	/**
	 * @throws ShoalError PEER_UNKNOWN, HEAD_ROLLED_BACK, HEAD_EXPIRED
	 * @returns a warning, if there is one to give
	 */
	judge(answered: Answered): string | undefined {
		const {identity, head} = answered;
		if (this.#pinned === undefined && !this.#options.trustOnFirstUse) {
			const key = formatKey(identity);
			throw new ShoalError('PEER_UNKNOWN', `${this.#host} is not known; it says it is ${key}`);
		}
		const seen = this.#read(known => known.sequence(identity, this.#url.module)) ?? 0;
		if (head.sequence < seen && !this.#options.allowRollback) {
			throw new ShoalError(
				'HEAD_ROLLED_BACK',
				`the source offers snapshot ${head.sequence}, but ${seen} has been seen`,
			);
		}
		return this.#judgeAge(head);
	}

	/** Keeps what the answer proved, once it has been judged. */
	remember({identity, head, delegation}: Answered): void {
		const config = ConfigDirectory.open(this.#platform, this.#options.configDirectory, true);
		if (config === undefined) return;
		try {
			const known = new KnownSources(config);
			const before = known.identity(this.#host);
			if (before === undefined || !same(before, identity)) {
				known.rememberIdentity(this.#host, identity);
			}
			// Another pull may have seen a newer one since this one was judged.
			const seen = known.sequence(identity, this.#url.module);
			if (head.sequence > seen || this.#options.allowRollback) {
				known.rememberSequence(identity, this.#url.module, head.sequence);
			}
			known.rememberDelegation(this.#host, identity, delegation);
		} finally {
			config.close();
		}
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
