/** What the program asks of a datagram network. Promises are stated as absences. */

/** Names a peer's address and port: opaque above the driver, equal strings are one address. */
export type Address = string;

export type Datagram = {readonly data: Uint8Array; readonly from: Address};
export type Transmit = {readonly data: Uint8Array; readonly to: Address};

export type LinkStatistics = {
	datagramsIn: number;
	datagramsOut: number;
	bytesIn: number;
	bytesOut: number;
	/**
	 * Datagrams that the driver or the kernel refused: they count as lost on the path. A link with
	 * many peers may look at one of each batch only.
	 */
	sendFailures: number;
};

export type LinkHandler = {
	/** What arrived since the last turn; plain arrays, the handler's until it releases them. */
	datagrams(batch: readonly Datagram[]): void;
	/** The peer's port refuses (a connected socket only), or the link broke. */
	failed(error: Error): void;
};

/** How large datagrams may become. */
export type DatagramSizes = {
	/** Largest that leaves this host in one piece; the initial size where that is not known. */
	readonly max: number;
	/**
	 * Fragments that this host has made so far, for others too; as of `age` microseconds ago at the
	 * earliest.
	 */
	readonly fragmentCount?: (age: number) => number;
};

/**
 * Unreliable, unordered. May drop, repeat or reorder a datagram; never splits or joins one;
 * never blocks; never queues without bound.
 */
export type DatagramLink = {
	readonly local: Address;
	/** Largest payload it carries, in octets. */
	readonly payloadMax: number;
	/** What the search for the path's MTU may try. */
	readonly sizes: DatagramSizes;
	readonly statistics: LinkStatistics;
	/**
	 * Takes datagrams from the front of `batch` and answers how many: the rest must be offered
	 * again after `drained`. It may copy nothing: a taken buffer must not be changed
	 * before the link `isIdle`.
	 */
	send(batch: readonly Transmit[]): number;
	/** Nothing that `send` took is in use any more: its buffers may be written again. */
	readonly isIdle?: boolean;
	/** Calls once, when a `send` that took less than it was offered may be tried again. */
	drained(then: () => void): void;
	/** One handler at a time; nothing is delivered before there is one. */
	receive(handler: LinkHandler): void;
	/** Nobody looks any more at a datagram that the handler was given: its memory may go. */
	release?(data: Uint8Array): void;
	close(): Promise<void>;
};
