/** How long a queue means what: pure functions of a rate, octets a second, and of microseconds. */

/** Longer than this ends a start (RFC 9406 §4.2). */
export function startQueueMax(roundTrip: number, rate: number): number {
	return Math.min(queueMost, Math.max(queueLeast, roundTrip / 8)) + 3 * packetTime(rate);
}

/** Who sends faster is to leave the shorter queue (sharing.ts). */
export function ownQueueMax(rate: number): number {
	const own = queueRoot * Math.sqrt(packetTime(rate));
	return Math.min(ownMost, ownLeast + own) + 3 * packetTime(rate);
}

/** Shorter than this is none. */
export function emptyQueueMax(rate: number): number {
	return emptyMost + packetTime(rate);
}

/** A queue that may be a full one, where queues are short. */
export function fullQueueMin(rate: number): number {
	return fullLeast + 2 * packetTime(rate);
}

function packetTime(rate: number): number {
	return (packetSize * 1e6) / Math.max(1, rate);
}

/** A full datagram of 1200 octets with IPv4 and UDP headers. */
const packetSize = 1228;

/** RFC 9406 §4.3: bounds of the delay that ends a start. */
const queueLeast = 4000;
const queueMost = 16_000;

/**
 * For each root of a microsecond between packets: 8 + 2.5 ms at 100 Mbit/s, 8 + 7.8 at 10, the most
 * at 2.4. With 4 instead of 8 a busy machine's own lateness was taken for a queue.
 */
const queueRoot = 250;
const ownLeast = 8000;
const ownMost = 24_000;

/** Timers are late by one to two milliseconds. */
const emptyMost = 3000;
const fullLeast = 1000;
