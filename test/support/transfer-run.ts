/**
 * One transfer in one world: a list, then the contents it names, over plain sessions. What a run
 * measures is what the link counts.
 */
import type {Controller} from '../../src/congestion/controller.ts';
import {PathModel} from '../../src/congestion/model.ts';
import {Fetcher, type FetcherOptions} from '../../src/transfer/fetcher.ts';
import {Sender, type SenderOptions} from '../../src/transfer/sender.ts';
import {micros} from '../../src/unit.ts';
import {SimLink} from './link.ts';
import {PlainSession} from './plain-session.ts';
import {Prng} from './prng.ts';
import {SimReceiver, SimStore} from './sim-store.ts';
import {type Outcome, World} from './world.ts';
import {boundOf, idealTime, type WorldSettings} from './world-draw.ts';

export type RunOptions = {
	readonly fetcher?: Partial<FetcherOptions>;
	readonly sender?: Partial<SenderOptions>;
	readonly controller?: () => Controller;
	/** Called for every event of the run. */
	readonly trace?: (run: Run) => void;
};

export type Run = {
	readonly world: World;
	readonly fetcher: Fetcher;
	readonly sender: Sender;
	readonly controller: Controller;
	readonly down: SimLink;
	readonly up: SimLink;
	readonly receiver: SimReceiver;
};

export type RunResult = {
	readonly seed: number;
	readonly outcome: Outcome;
	readonly complete: boolean;
	readonly wrong: string | undefined;
	/** The code with which a side ended the session. */
	readonly closedWith: number | undefined;
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

export function startRun(settings: WorldSettings, options: RunOptions = {}) {
	const prng = new Prng(settings.seed ^ 0x7a11_5eed);
	const world = new World({now: 1_000_000});
	const start = world.now;
	const shift = (link: typeof settings.down) => ({
		...link,
		holes: (link.holes ?? []).map(([from, to]) => [from + start, to + start] as const),
	});
	const down = new SimLink(shift(settings.down), prng.fork());
	const up = new SimLink(shift(settings.up), prng.fork());
	world.route('source', 'receiver', down);
	world.route('receiver', 'source', up);

	const store = new SimStore(settings.sizes, 100);
	const receiver = new SimReceiver(store);
	const controller = options.controller?.() ?? new PathModel();
	const here = new PlainSession('source', prng.fork());
	const there = new PlainSession('receiver', prng.fork());
	const fetcher = new Fetcher({
		controller,
		handler: receiver,
		now: start,
		...options.fetcher,
	});
	const sender = new Sender({
		session: there,
		source: store,
		now: start,
		...options.sender,
	});
	here.payload = fetcher;
	there.payload = sender;
	there.onTurn = () => {
		for (let read = sender.pollRead(); read; read = sender.pollRead()) {
			sender.handleRead(read, store.read(read));
		}
	};
	receiver.onDone = request => {
		if (request.kind === 0) for (const each of store.contentRequests()) fetcher.fetch(each);
	};
	fetcher.fetch(store.listRequest());
	world.add('source', there);
	world.add('receiver', here);
	const run: Run = {world, fetcher, sender, controller, down, up, receiver};
	return {run, store, start, here, there};
}

export function runTransfer(settings: WorldSettings, options: RunOptions = {}): RunResult {
	const {run, store, start} = startRun(settings, options);
	const {world, receiver, down, up} = run;
	const ideal = idealTime(settings, store.listSize);
	const requests = 1 + store.pages.length;
	const hard = 10 * boundOf(settings, ideal, Infinity).most;
	const outcome = world.drive({
		done: () => {
			options.trace?.(run);
			return receiver.doneCount === requests || receiver.closedWith !== undefined;
		},
		until: start + hard,
		stepsMax: 5_000_000,
	});
	const time = micros(Math.round(world.now - start));
	const bound = boundOf(settings, ideal, time);
	return {
		seed: settings.seed,
		outcome,
		complete:
			receiver.doneCount === requests && receiver.bytes === store.contentBytes + store.listSize,
		wrong: receiver.wrong,
		closedWith: receiver.closedWith,
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
