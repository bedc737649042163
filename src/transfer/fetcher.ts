/**
 * The receiver's side of a transfer: it knows what it asked for and what came, so reliability and
 * rate are decided here. wire/README.md §5.
 */
import type {Controller} from '../congestion/controller.ts';
import type {Payload} from '../session/payload.ts';
import type {Micros} from '../unit.ts';
import type {Writer} from '../wire/codec.ts';
import type {FetchHandler, FetchRequest, FetchStatistics} from './request.ts';

export type FetcherOptions = {
	readonly controller: Controller;
	readonly handler: FetchHandler;
	readonly now: Micros;
	/** A round trip measured by the handshake, in microseconds. */
	readonly roundTrip?: number | undefined;
	/** Octets handed over and not `taken` at which the grant closes; default: no bound. */
	readonly backlogMax?: number | undefined;
	/** Octets a second never to be exceeded, as the network counts them. */
	readonly rateMax?: number | undefined;
};

/**
 * After `fetch`, `cancel` and `taken` the caller wakes the session: there may be something to send.
 */
export declare class Fetcher implements Payload {
	readonly skips: boolean;
	readonly statistics: FetchStatistics;
	constructor(options: FetcherOptions);
	/** Asks for a line of octets; answers come through the handler, never from within this call. */
	fetch(request: FetchRequest): void;
	/** No more of this request is handed over; what is on its way is dropped. */
	cancel(request: FetchRequest): void;
	/** So many octets that `block` handed over are on disk: the grant opens. */
	taken(octets: number): void;
	/** Octets of all requests that have not come. */
	readonly wantedBytes: number;
	/** True while more requests would help to keep the path full. */
	readonly hungry: boolean;
	/** What holds the transfer up now. */
	readonly limitedBy: 'path' | 'source' | 'disk' | 'limit' | undefined;
	/** Octets a second granted now; smoothed round trip in microseconds, 0 before the first. */
	readonly rate: number;
	readonly roundTrip: number;
	/** Loss of the path as last measured, 0 … 1. */
	readonly lossRate: number;
	/** At most so many octets a second from now on; undefined: as the path allows. */
	limitRate(rateMax: number | undefined): void;

	handlePacket(
		number: number,
		payload: Uint8Array,
		datagramSize: number,
		now: Micros,
	): number | undefined;
	pollPacket(number: number, to: Writer, now: Micros): boolean;
	pathChanged(now: Micros): void;
	handleTimeout(now: Micros): void;
	pollTimeout(): Micros;
	closed(code: number, text: string): void;
}
