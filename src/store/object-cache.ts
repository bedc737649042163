/**
 * Objects that were read lately, by a key of their own. Ranges of one are asked for one after
 * another, several files' at once, and by many receivers of one update: each is read once.
 */

/** Octets that are kept; one larger object is kept until the next. */
const cacheSizeMax = 64 << 20;

/**
 * Objects that are kept. One costs some 500 octets beside its own, with its key: whoever has ever
 * others of a few octets made must not fill more than as much again.
 */
const cacheCountMax = 1 << 17;

export class ObjectCache<Key = number> {
	/** In order of their last use. */
	readonly #objects = new Map<Key, Uint8Array>();
	#size = 0;

	get(key: Key): Uint8Array | undefined {
		const octets = this.#objects.get(key);
		if (octets === undefined) return undefined;
		this.#objects.delete(key);
		this.#objects.set(key, octets);
		return octets;
	}

	set(key: Key, octets: Uint8Array): void {
		this.#drop(key);
		this.#objects.set(key, octets);
		this.#size += octets.length;
		for (const oldest of this.#objects.keys()) {
			const isFull = this.#size > cacheSizeMax || this.#objects.size > cacheCountMax;
			if (!isFull || oldest === key) return;
			this.#drop(oldest);
		}
	}

	clear(): void {
		this.#objects.clear();
		this.#size = 0;
	}

	#drop(key: Key): void {
		this.#size -= this.#objects.get(key)?.length ?? 0;
		this.#objects.delete(key);
	}
}
