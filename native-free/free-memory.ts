/**
 * Gives back memory outside of the collector's heap that nobody needs any more. Left to V8, it is
 * counted: some hundred datagrams of 64 KiB after the last time the whole heap is marked anew.
 */
import {MessageChannel} from 'node:worker_threads';

/**
 * What is transferred is detached before anyone asks where it goes (HTML §9.4.4, the message port
 * post message steps), and from a closed port it goes nowhere: 2 us for 64 KiB. The shorter
 * `ArrayBuffer.prototype.transfer(0)` is Node 22's.
 */
const {port1: nowhere, port2: beyond} = new MessageChannel();
nowhere.close();
beyond.close();

/**
 * The octets, if all of their buffer is theirs: then they are of no length from now on. What is of
 * none may have been freed before, and Node 22 throws when that is transferred again.
 */
export function freeMemory({buffer, byteLength}: Uint8Array): void {
	if (byteLength === 0 || buffer.byteLength !== byteLength) return;
	if (!(buffer instanceof ArrayBuffer)) return;
	nowhere.postMessage(undefined, [buffer]);
}

/** Freeing costs 2 us: what the collector takes for less than so many octets is less. */
const largeMin = 8192;

/** The same where it pays. */
export function freeLarge(octets: Uint8Array): void {
	if (octets.length >= largeMin) freeMemory(octets);
}
