/** Fetches every content of a list, as a pull does, and stages none of it. */

import type {FetchAhead} from '../../src/engine/fetch-ahead.ts';
import {type FetchEvents, fetchContents} from '../../src/engine/fetch-contents.ts';
import type {Remote} from '../../src/engine/remote.ts';
import type {RequestQueue, RowRequest} from '../../src/receiver/request-queue.ts';

export type FetchAway = {
	readonly remote: Remote;
	readonly queue: RequestQueue;
	readonly events: FetchEvents;
	readonly ahead?: FetchAhead;
	/** `data` is borrowed. */
	readonly block: (request: RowRequest, object: number, offset: number, data: Uint8Array) => void;
	readonly refused?: () => void;
};

export async function fetchAway(options: FetchAway): Promise<void> {
	const {remote, queue, events, ahead, block, refused = () => undefined} = options;
	let open = ahead?.count ?? 0;
	let isDrained = false;
	await fetchContents({
		supply: remote,
		update: {
			nextRequest() {
				const request = queue.next();
				if (request === undefined) isDrained = true;
				else open++;
				return request;
			},
			block: (request, object, offset, data) => {
				block(request as RowRequest, object, offset, data);
			},
			refused,
			done: () => {
				open--;
			},
			get settled() {
				return isDrained && open === 0;
			},
		},
		signal: undefined,
		events,
		...(ahead && {ahead}),
		onProgress: () => undefined,
	});
}
