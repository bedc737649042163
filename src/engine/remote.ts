/**
 * A source on the other side of a network, as a pull uses it: its newest head, objects of the list
 * as promises, contents as they arrive. A session that breaks while something is outstanding is
 * dialled again, and what had not come is asked for again, as long as the source still offers the
 * same snapshot.
 */
import type {Controller} from '../congestion/controller.ts';
import type {MakeController} from '../congestion/controllers.ts';
import type {PathRecord} from '../congestion/resume.ts';
import {ShoalError} from '../error.ts';
import type {LinkName} from '../link-name.ts';
import type {Address, LinkStatistics} from '../platform/datagram.ts';
import type {Platform} from '../platform/platform.ts';
import type {Origin} from '../receiver/update.ts';
import type {ActiveTask, TaskFigures} from '../scheduler/active-task.ts';
import {type Head, same} from '../session/statement.ts';
import type {List} from '../snapshot/list.ts';
import type {ProvenPage} from '../snapshot/proven-pages.ts';
import {Fetcher} from '../transfer/fetcher.ts';
import type {FetchHandler, FetchRequest} from '../transfer/request.ts';
import type {Answered, Connection, DialOptions} from './connection.ts';
import {dialAny, type Reached, type Way} from './dial-any.ts';
import {EarlyObjects, type ObjectArrived, obtainList} from './obtain-list.ts';
import type {RateDial} from './rate-dial.ts';
import type {ContentHandler, KnownList, Supply, SupplyStatistics} from './supply.ts';

export type RemoteOptions = {
	readonly platform: Platform;
	/** The run: each dialling is a part of it. */
	readonly task: ActiveTask;
	readonly dial: Omit<DialOptions, 'signal'>;
	/** What `dial` goes over; default: UDP. */
	readonly link?: LinkName;
	/** Ways to try where that does not get through; asked for anew whenever it is dialled. */
	readonly fallbacks?: () => readonly Way[];
	/** Told when it is reached, and when it is reached in another way than before. */
	readonly linked?: (link: LinkName, reason: string) => void;
	readonly makeController: MakeController;
	/** What paths carried in earlier sessions; default: nothing is remembered. */
	readonly paths?: PathMemory;
	/** Octets handed over and not yet on disk at which the source is held back. */
	readonly backlogMax: number;
	/** Ends the dialling when nobody needs its answer any more. */
	readonly signal?: AbortSignal | undefined;
	/** Octets a second that the source is granted at most. */
	readonly rate?: RateDial;
	/** Microseconds for which a source may answer without sending anything; default: for ever. */
	readonly stallTimeout?: number;
	/** The session broke, and dialling again did not help. */
	readonly failed: (error: ShoalError) => void;
	readonly remark: (text: string) => void;
};

/** Remembers what a path has carried: one over UDP, between two addresses. */
export type PathMemory = {
	recall(remote: Address, local: Address): PathRecord | undefined;
	keep(remote: Address, local: Address, record: PathRecord | 'refuted'): void;
};

type Collector = {
	readonly bytes: Uint8Array;
	readonly arrived: ObjectArrived | undefined;
	resolve(bytes: Uint8Array): void;
	reject(error: ShoalError): void;
};

export class Remote implements Supply {
	readonly answered: Answered;
	readonly early: EarlyObjects;
	origin: Origin | undefined;
	isOutlived = false;
	readonly #options: RemoteOptions;
	/** How it was reached the last time. */
	#link: LinkName;
	#connection: Connection;
	#fetcher: Fetcher | undefined;
	#controller: Controller | undefined;
	#contents: ContentHandler | undefined;
	/** Requests for objects of the list, and who waits for them. */
	readonly #collectors = new Map<FetchRequest, Collector>();
	/** Everything asked for that is not done, in order. */
	readonly #outstanding = new Set<FetchRequest>();
	readonly #past: SupplyStatistics;
	/** Octets of contents handed over and not taken: of this session, and of those before it. */
	#untaken = 0;
	#pastUntaken = 0;
	#isClosed = false;
	/** Ends a dialling that is under way when nobody needs its answer any more. */
	readonly #stop = new AbortController();
	/** Between two sessions: what is asked for now is asked for when the next one is there. */
	#isRedialling = false;
	/** Nothing was outstanding when the session ended: the next request dials. */
	#isResting = false;
	/** What ended it for good. */
	#failure: ShoalError | undefined;
	#barrenRedials = 0;
	#unfollow: (() => void) | undefined;

	private constructor(options: RemoteOptions, {connection, way}: Reached) {
		this.#options = options;
		this.#link = way.link;
		this.#connection = connection;
		this.answered = connection.answered;
		this.early = new EarlyObjects(this.answered.head, this.answered.diffs);
		this.early.add(this.answered.early);
		this.#past = {
			datagramsIn: 0,
			datagramsOut: 0,
			bytesIn: 0,
			bytesOut: 0,
			rangesLost: 0,
			rangesRepaired: 0,
			rangesDuplicate: 0,
			roundTrip: this.answered.roundTrip ?? 0,
		};
	}

	/** @throws ShoalError as Connection.dial does */
	static async dial(options: RemoteOptions): Promise<Remote> {
		const {platform, task, remark} = options;
		const patience = {wasThere: false, remark};
		const reached = await task.run({kind: 'connect', signal: options.signal}, ({signal}) =>
			dialAny(platform, waysOf(options), signal, patience),
		);
		options.linked?.(reached.way.link, reached.reason);
		return new Remote(options, reached);
	}

	get head(): Head {
		return this.answered.head;
	}

	async obtainList(
		known: KnownList | undefined,
		path: Uint8Array,
		onProgress: (done: number, total: number) => void,
		onPage?: (page: ProvenPage) => void,
	): Promise<List> {
		const list = await obtainList({
			head: this.head,
			snapshot: 0,
			diffs: this.answered.diffs,
			known,
			path,
			early: this.early,
			fetch: (request, arrived) => this.fetchObject(request, arrived),
			sha256: this.#options.platform.crypto.sha256,
			onProgress,
			onPage,
		});
		this.#forgetObjects();
		return list;
	}

	/** True while more requests would help to keep the path full. */
	get hungry(): boolean {
		if (this.#isResting) return true;
		return this.#fetcher?.hungry ?? !(this.#isClosed || this.#isRedialling);
	}

	/** Requests that are not done. */
	get outstandingCount(): number {
		return this.#outstanding.size;
	}

	get limitedBy(): Fetcher['limitedBy'] {
		return this.#fetcher?.limitedBy;
	}

	get statistics(): SupplyStatistics {
		const total = {...this.#past};
		if (!this.#isRedialling) addLink(total, this.#connection.statistics);
		if (this.#fetcher !== undefined) addFetch(total, this.#fetcher);
		return total;
	}

	get figures(): TaskFigures {
		const {rate = 0, wantedBytes = 0} = this.#fetcher ?? {};
		return {
			requests: this.#outstanding.size,
			inFlight: wantedBytes,
			untaken: this.#untaken + this.#pastUntaken,
			rateGranted: Math.round(rate),
			rangesLost: this.statistics.rangesLost,
		};
	}

	/** Who takes the contents from now on. */
	deliver(contents: ContentHandler): void {
		this.#contents = contents;
	}

	/** Asks for contents: the answers go to the handler given to `deliver`. */
	fetch(request: FetchRequest): void {
		if (this.#failure !== undefined) {
			const failure = this.#failure;
			queueMicrotask(() => this.#fail(failure));
			return;
		}
		this.#outstanding.add(request);
		if (this.#isResting) void this.#dialAgain();
		if (this.#isRedialling) return;
		this.#open().fetch(request);
		this.#connection.wake();
	}

	/** One range of one object, whole. @throws ShoalError SNAPSHOT_INVALID when it is refused */
	fetchObject(request: FetchRequest, arrived?: ObjectArrived): Promise<Uint8Array> {
		return new Promise((resolve, reject) => {
			const bytes = new Uint8Array(request.length);
			this.#collectors.set(request, {bytes, arrived, resolve, reject});
			this.fetch(request);
		});
	}

	/** So many octets of contents are on disk. */
	taken(octets: number): void {
		const past = Math.min(octets, this.#pastUntaken);
		this.#pastUntaken -= past;
		this.#untaken -= octets - past;
		if (octets > past) this.#fetcher?.taken(octets - past);
		this.#connection.wake();
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		this.#keepPath();
		this.#unfollow?.();
		this.#stop.abort();
		await this.#connection.close();
	}

	#open(): Fetcher {
		if (this.#fetcher !== undefined) return this.#fetcher;
		const {platform, makeController, backlogMax, rate, stallTimeout} = this.#options;
		const now = platform.clock.now();
		const {address, local, answered} = this.#connection;
		const {roundTrip} = answered;
		// Inside of a stream another controller decides.
		const paths = this.#link === 'udp' ? this.#options.paths : undefined;
		this.#controller = makeController(paths?.recall(address, local));
		const fetcher = new Fetcher({
			controller: this.#controller,
			handler: this.#handler(),
			now,
			roundTrip,
			backlogMax,
			rateMax: rate?.rate,
			stallTimeout,
		});
		this.#fetcher = fetcher;
		this.#unfollow ??= rate?.onChange(() => {
			this.#fetcher?.limitRate(rate.rate);
			this.#connection.wake();
		});
		this.#connection.attach(fetcher, {
			early: event => this.early.add(event.early),
			failed: error => void this.#redial(error),
		});
		return fetcher;
	}

	/** The session is over: what it has seen of the path is for the next one. */
	#keepPath(): void {
		const {address, local} = this.#connection;
		const record = this.#controller?.record;
		this.#controller = undefined;
		if (record === undefined || this.#link !== 'udp') return;
		this.#options.paths?.keep(address, local, record);
	}

	#handler(): FetchHandler {
		return {
			block: (request, object, offset, data, now) => {
				this.#barrenRedials = 0;
				const collector = this.#collectors.get(request);
				if (collector === undefined) {
					this.#untaken += data.length;
					this.#contents?.block(request, object, offset, data, now);
				} else {
					collector.bytes.set(data, offset - request.offset);
					collector.arrived?.(offset, data);
					this.#fetcher?.taken(data.length);
				}
			},
			refused: (request, object, code) => {
				const collector = this.#collectors.get(request);
				if (collector === undefined) return this.#contents?.refused(request, object, code);
				this.#collectors.delete(request);
				collector.reject(new ShoalError('SNAPSHOT_INVALID', 'the source lacks its own list'));
			},
			done: request => {
				this.#outstanding.delete(request);
				const collector = this.#collectors.get(request);
				this.#collectors.delete(request);
				if (collector !== undefined) collector.resolve(collector.bytes);
				else this.#contents?.done(request);
			},
			head: () => {
				this.isOutlived = true;
			},
			closed: () => undefined,
		};
	}

	/** The session broke: dials again if anything is to come, or tells why not. */
	async #redial(error: ShoalError): Promise<void> {
		if (this.#isClosed) return;
		const isWanted = this.#outstanding.size > 0;
		if (!isWorthRedialling(error) || (isWanted && ++this.#barrenRedials > barrenRedialsMax)) {
			this.#fail(error);
			return;
		}
		addLink(this.#past, this.#connection.statistics);
		if (this.#fetcher !== undefined) addFetch(this.#past, this.#fetcher);
		this.#pastUntaken += this.#untaken;
		this.#untaken = 0;
		this.#keepPath();
		this.#fetcher = undefined;
		this.#isRedialling = true;
		this.#isResting = !isWanted;
		await this.#connection.close();
		const then = isWanted ? 'dialling again' : 'dialling again when something is to come';
		this.#options.remark(`${error.message}; ${then}`);
		if (isWanted) await this.#dialAgain();
	}

	/** Asks the next session for what has not come. */
	async #dialAgain(): Promise<void> {
		this.#isResting = false;
		try {
			const again = {kind: 'connect', signal: this.#stop.signal};
			const connection = await this.#options.task.run(again, ({signal}) => this.#reach(signal));
			if (this.#isClosed) return await connection.close();
			this.#connection = connection;
			if (!same(connection.answered.head.root, this.answered.head.root)) {
				this.isOutlived = true;
				throw new ShoalError('SESSION_CLOSED', 'the source has a newer snapshot meanwhile');
			}
			this.#isRedialling = false;
			const requests = [...this.#outstanding];
			this.#outstanding.clear();
			for (const request of requests) this.fetch(request);
		} catch (reason) {
			this.#fail(reason);
		}
	}

	/**
	 * The way and the address that were there go first; the others are for when they are there no
	 * more, because the source or this host has moved, or a network has begun to drop datagrams.
	 */
	async #reach(signal: AbortSignal): Promise<Connection> {
		const {platform, remark, linked} = this.#options;
		const {address} = this.#connection;
		const ways = waysOf(this.#options, this.#link);
		const [{dial}] = ways;
		const addresses = [address, ...dial.addresses.filter(each => each !== address)];
		ways[0] = {...ways[0], dial: {...dial, addresses}};
		const reached = await dialAny(platform, ways, signal, {wasThere: true, remark});
		const {link} = reached.way;
		if (link !== this.#link) linked?.(link, reached.reason);
		this.#link = link;
		return reached.connection;
	}

	/** What came early need not come again. */
	#forgetObjects(): void {
		for (const request of this.#collectors.keys()) {
			this.#outstanding.delete(request);
			this.#fetcher?.cancel(request);
		}
		if (this.#collectors.size > 0) this.#connection.wake();
		this.#collectors.clear();
	}

	#fail(reason: unknown): void {
		if (!(reason instanceof ShoalError)) throw reason;
		if (this.#isClosed) return;
		this.#failure = reason;
		for (const {reject} of this.#collectors.values()) reject(reason);
		this.#collectors.clear();
		this.#options.failed(reason);
	}
}

/** All that can be tried, `first` first. */
function waysOf(options: RemoteOptions, first?: LinkName): [Way, ...Way[]] {
	const {dial, link = 'udp', fallbacks = () => [], task} = options;
	const watched = (way: Way): Way => ({...way, dial: {...way.dial, spans: task.spans}});
	const ways = [{link, dial}, ...fallbacks()].map(watched);
	ways.sort((a, b) => Number(b.link === first) - Number(a.link === first));
	return ways as [Way, ...Way[]];
}

/** Sessions in a row that break before anything came: then it is not worth another. */
const barrenRedialsMax = 3;

/** Silence, a restart of the source or of something between: not what a peer did on purpose. */
function isWorthRedialling({code}: ShoalError): boolean {
	return code === 'SESSION_IDLE' || code === 'SESSION_CLOSED' || code === 'PATH_UNREACHABLE';
}

function addLink(to: SupplyStatistics, link: LinkStatistics): void {
	to.datagramsIn += link.datagramsIn;
	to.datagramsOut += link.datagramsOut;
	to.bytesIn += link.bytesIn;
	to.bytesOut += link.bytesOut;
}

function addFetch(
	to: SupplyStatistics,
	{statistics, roundTrip}: Pick<Fetcher, 'statistics' | 'roundTrip'>,
): void {
	to.rangesLost += statistics.rangesLost;
	to.rangesRepaired += statistics.rangesLost - statistics.rangesMissing;
	to.rangesDuplicate += statistics.rangesDuplicate;
	if (roundTrip > 0) to.roundTrip = roundTrip;
}
