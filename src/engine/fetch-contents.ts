/**
 * Moves contents from a supply to an update until the update has all it wants: requests as long as
 * the supply is hungry, blocks as they arrive. Neither side knows of the other.
 */
import {ShoalError} from '../error.ts';
import type {Update} from '../receiver/update.ts';
import type {FetchAhead} from './fetch-ahead.ts';
import type {ContentHandler, Supply} from './supply.ts';

/** What both sides tell on their own; `fetchContents` listens while it runs. */
export type FetchEvents = {
	/** There may be more to ask for, or nothing more to wait for. */
	wake(): void;
	/** Nothing more can come, or be written; no ShoalError: a bug. */
	failed(error: Error): void;
};

export type FetchOptions = {
	readonly supply: Supply;
	readonly update: Pick<Update, 'nextRequest' | 'block' | 'refused' | 'done' | 'settled'>;
	readonly signal: AbortSignal | undefined;
	readonly events: FetchEvents;
	/** What was asked for before there was an update. */
	readonly ahead?: FetchAhead | undefined;
	/** Called for every block. */
	readonly onProgress: () => void;
};

/** @throws ShoalError INTERRUPTED, and whatever either side failed with */
export function fetchContents(options: FetchOptions): Promise<void> {
	const {supply, update, signal, events, ahead, onProgress} = options;
	return new Promise((resolve, reject) => {
		const end = (settle: () => void): void => {
			signal?.removeEventListener('abort', interrupt);
			events.wake = () => undefined;
			events.failed = () => undefined;
			settle();
		};
		const interrupt = (): void => {
			end(() => reject(new ShoalError('INTERRUPTED', 'stopped while fetching')));
		};
		const advance = (): void => {
			while (supply.hungry) {
				const request = update.nextRequest();
				if (request === undefined) break;
				supply.fetch(request);
			}
			if (update.settled) end(resolve);
		};
		events.wake = advance;
		events.failed = error => end(() => reject(error));
		const handler: ContentHandler = {
			block(request, object, offset, data) {
				update.block(request, object, offset, data);
				onProgress();
				// As octets come, the supply grows hungry long before a request is done.
				if (supply.hungry) advance();
			},
			refused: (request, object, code) => update.refused(request, object, code),
			done(request) {
				update.done(request);
				advance();
			},
		};
		if (signal?.aborted) return interrupt();
		if (ahead === undefined) supply.deliver(handler);
		else ahead.release(handler);
		signal?.addEventListener('abort', interrupt, {once: true});
		advance();
	});
}
