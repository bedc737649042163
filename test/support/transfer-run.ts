/**
 * One transfer in one world: a list, then the contents it names. Over plain sessions, which is fast,
 * or over real ones with hello, answer and tickets under a null cipher. What a run measures is what
 * the link counts.
 */
import type {Controller} from '../../src/congestion/controller.ts';
import {PathModel} from '../../src/congestion/model.ts';
import type {Payload} from '../../src/session/payload.ts';
import {Fetcher, type FetcherOptions} from '../../src/transfer/fetcher.ts';
import type {FetchRequest} from '../../src/transfer/request.ts';
import {Sender, type SenderOptions} from '../../src/transfer/sender.ts';
import {type Micros, micros} from '../../src/unit.ts';
import {type LinkSettings, SimLink} from './link.ts';
import {PlainSession} from './plain-session.ts';
import {Prng} from './prng.ts';
import {sealSession} from './sealed-session.ts';
import {SimReceiver, SimStore} from './sim-store.ts';
import {type Outcome, World} from './world.ts';
import {boundOf, idealTime, type WorldSettings} from './world-draw.ts';

export type RunOptions = {
	readonly fetcher?: Partial<FetcherOptions>;
	readonly sender?: Partial<SenderOptions>;
	readonly controller?: () => Controller;
	/** Contents that can be patches are wanted as such: how many octets they have is not known. */
	readonly patches?: boolean;
	/** Real sessions, with the handshake. */
	readonly sealed?: boolean;
	/** Microseconds to which timers are late. */
	readonly timerGrain?: number;
	/** Both processes run and wait in turn, so many microseconds on average. */
	readonly naps?: {readonly awake: number; readonly asleep: number};
	/** Microseconds that each read of the source takes, one after another; default: none. */
	readonly readTime?: number;
	/** Stands between the source's session and its sender. */
	readonly wrapSender?: (sender: Payload) => Payload;
	/** Called after every event of the run. */
	readonly trace?: (run: Run) => void;
};

export type Run = {
	readonly settings: WorldSettings;
	readonly world: World;
	readonly start: Micros;
	readonly store: SimStore;
	readonly receiver: SimReceiver;
	readonly controller: Controller;
	/** Made anew when a handshake has measured the round trip. */
	fetcher: Fetcher;
	/** Undefined until a session is made. */
	sender: Sender | undefined;
	readonly down: SimLink;
	readonly up: SimLink;
	/** Requests of contents. */
	readonly requests: readonly FetchRequest[];
	/** How the session failed, if it did. */
	failure: string | undefined;
};

export type RunResult = {
	readonly seed: number;
	readonly outcome: Outcome;
	readonly complete: boolean;
	/** What went wrong: octets that are not the right ones, or a session that ended. */
	readonly wrong: string | undefined;
	/** Microseconds: taken, at best, and as bounded. */
	readonly time: number;
	readonly ideal: number;
	readonly most: number;
	readonly half: number;
	readonly loss: number;
	/** Octets on the link either way, the least that could have carried the objects, the bounds. */
	readonly bytesDown: number;
	readonly bytesUp: number;
	readonly bytesLeast: number;
	readonly bytesDownMost: number;
	readonly bytesUpMost: number;
	readonly packets: number;
	readonly steps: number;
};

/** Sets a run up; nothing has happened yet. */
export function startRun(settings: WorldSettings, options: RunOptions = {}): Run {
	const prng = new Prng(settings.seed ^ 0x7a11_5eed);
	const {timerGrain = 1} = options;
	const naps = options.naps && {...options.naps, prng: prng.fork()};
	const world = new World({now: 1_000_000, timerGrain, naps});
	const start = world.now;
	const down = new SimLink(shifted(settings.down, start), prng.fork());
	const up = new SimLink(shifted(settings.up, start), prng.fork());
	world.route('source', 'receiver', down);
	world.route('receiver', 'source', up);
	const store = new SimStore(settings.sizes, 100);
	const receiver = new SimReceiver(store);
	const controller = options.controller?.() ?? new PathModel();
	const run: Run = {
		settings,
		world,
		start,
		store,
		receiver,
		controller,
		fetcher: new Fetcher({controller, handler: receiver, now: start, ...options.fetcher}),
		sender: undefined,
		down,
		up,
		requests: options.patches ? store.patchRequests() : store.contentRequests(),
		failure: undefined,
	};
	receiver.onList = () => {
		for (const request of run.requests) run.fetcher.fetch(request);
	};
	if (options.sealed) sealSession(run, options, prng);
	else joinPlain(run, options, prng);
	return run;
}

export function runTransfer(settings: WorldSettings, options: RunOptions = {}): RunResult {
	const run = startRun(settings, options);
	const {world, receiver, store, start, down, up} = run;
	const ideal = idealTime(settings, store.listSize);
	const outcome = world.drive({
		done: () => {
			options.trace?.(run);
			return isOver(run);
		},
		until: start + 10 * boundOf(settings, ideal, Infinity, options.sealed).most,
		stepsMax: 5_000_000,
	});
	const time = micros(Math.round(world.now - start));
	const bound = boundOf(settings, ideal, time, options.sealed);
	const closed = receiver.closedWith === undefined ? undefined : `closed ${receiver.closedWith}`;
	return {
		seed: settings.seed,
		outcome,
		complete: receiver.isWhole,
		wrong: receiver.wrong ?? run.failure ?? closed,
		time,
		ideal,
		most: bound.most,
		half: bound.half,
		loss: settings.loss,
		bytesDown: down.counts.sentBytes,
		bytesUp: up.counts.sentBytes,
		bytesLeast: (ideal * settings.rate) / 1e6,
		bytesDownMost: bound.bytesDown,
		bytesUpMost: bound.bytesUp,
		packets: down.counts.sent + up.counts.sent,
		steps: world.steps,
	};
}

/** Everything has come, or nothing more will. */
export function isOver({receiver, requests, failure}: Run): boolean {
	return (
		receiver.doneCount === requests.length ||
		receiver.closedWith !== undefined ||
		failure !== undefined
	);
}

/** Reads at once whatever a sender wants. */
export function readAll(sender: Sender, store: SimStore): void {
	for (let read = sender.pollRead(); read; read = sender.pollRead()) {
		sender.handleRead(read, store.read(read));
	}
}

function joinPlain(run: Run, options: RunOptions, prng: Prng): void {
	const {world, store, fetcher, start} = run;
	const here = new PlainSession('source', prng.fork());
	const there = new PlainSession('receiver', prng.fork());
	const sender = new Sender({session: there, source: store, now: start, ...options.sender});
	run.sender = sender;
	here.payload = fetcher;
	there.payload = options.wrapSender?.(sender) ?? sender;
	const {readTime} = options;
	there.onTurn =
		readTime === undefined
			? () => readAll(sender, store)
			: slowDisk(readTime, world, () => {
					const read = sender.pollRead();
					if (read === undefined) return undefined;
					return () => {
						sender.handleRead(read, store.read(read));
						world.poll('source');
					};
				});
	fetcher.fetch(store.listRequest());
	world.add('source', there);
	world.add('receiver', here);
}

/** One read at a time, each as long: `next` starts one and answers what ends it. */
function slowDisk(time: number, world: World, next: () => (() => void) | undefined): () => void {
	let busy = false;
	const start = (): void => {
		if (busy) return;
		const end = next();
		if (end === undefined) return;
		busy = true;
		world.at(world.now + time, () => {
			busy = false;
			end();
			start();
		});
	};
	return start;
}

/** Holes are told from the start of the run. */
function shifted(link: LinkSettings, start: number): LinkSettings {
	if (link.holes === undefined) return link;
	return {...link, holes: link.holes.map(([from, to]) => [from + start, to + start] as const)};
}
