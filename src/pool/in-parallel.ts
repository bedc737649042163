/**
 * Runs `act` for every item, at most `limit` at once, taking items only as there is room for
 * them. After a failure no more are taken; it rejects with the first one once all have ended.
 */
export async function inParallel<Item>(
	items: Iterable<Item>,
	limit: number,
	act: (item: Item) => Promise<void>,
): Promise<void> {
	const running = new Set<Promise<void>>();
	try {
		for (const item of items) {
			const one = act(item).finally(() => running.delete(one));
			running.add(one);
			if (running.size >= limit) await Promise.race(running);
		}
		await Promise.all(running);
	} finally {
		await Promise.allSettled(running);
	}
}
