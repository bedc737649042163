/**
 * One whole pull in one world, every part of it the real one but the disks and the network: hello,
 * answer, early octets, ticket, list, contents. What a run measures is what the links count.
 */
import {crypto as realCrypto} from '../../native-free/crypto.ts';
import {PathModel} from '../../src/congestion/model.ts';
import {FetchAhead} from '../../src/engine/fetch-ahead.ts';
import type {FetchEvents} from '../../src/engine/fetch-contents.ts';
import {type PathMemory, Remote} from '../../src/engine/remote.ts';
import type {Crypto} from '../../src/platform/crypto.ts';
import type {Address, DatagramSizes} from '../../src/platform/datagram.ts';
import type {Platform} from '../../src/platform/platform.ts';
import {Ahead} from '../../src/receiver/ahead.ts';
import type {ProvenPage} from '../../src/snapshot/proven-pages.ts';
import {fetchAway} from './fetch-away.ts';
import {type LinkSettings, SimLink} from './link.ts';
import {nullCrypto} from './null-crypto.ts';
import {Prng} from './prng.ts';
import {moduleName, SimSource} from './sim-source.ts';
import {requestsOf, SimDestination, SimTree} from './sim-tree.ts';
import {openTask} from './task.ts';
import type {RunResult} from './transfer-run.ts';
import {World} from './world.ts';
import {boundOf, idealTime, type WorldSettings} from './world-draw.ts';

export type FullOptions = {
	/** Real ciphers and hashes; else those of null-crypto. */
	readonly sealed?: boolean;
	/** Microseconds that a read of the source takes; default: drawn. */
	readonly readTime?: number;
	readonly stallTimeout?: number;
	/** Called when everything is in place and nothing has been sent. */
	readonly started?: (run: FullRun) => void;
	/** What the receiver remembers of paths; default: nothing. */
	readonly paths?: PathMemory;
	/** How large datagrams the source may try. */
	readonly datagramSizes?: DatagramSizes;
};

export type FullResult = RunResult & {
	/** Microseconds until the source's answer was there, and until the list was. */
	readonly answeredAfter: number;
	readonly listedAfter: number;
	readonly redials: number;
};

export class FullRun {
	readonly settings: WorldSettings;
	readonly world = new World({now: 1_000_000});
	readonly start = this.world.now;
	readonly down: SimLink;
	readonly up: SimLink;
	readonly tree: SimTree;
	readonly source: SimSource;
	readonly destination: SimDestination;
	readonly ideal: number;
	/** Microseconds after which the run is given up: ten times its bound. */
	readonly hard: number;
	readonly #crypto: Crypto;
	readonly #isKnown: boolean;
	readonly #stallTimeout: number;
	readonly #paths: PathMemory | undefined;
	#links = 0;
	#redials = 0;
	#answeredAt = Infinity;
	#listedAt = Infinity;
	#endedAt = Infinity;
	#failure: unknown;

	constructor(settings: WorldSettings, options: FullOptions = {}) {
		const {sealed = false, datagramSizes, readTime, stallTimeout = Infinity} = options;
		const prng = new Prng(settings.seed ^ 0xf011_5eed);
		const {world, start} = this;
		this.settings = settings;
		this.#crypto = sealed ? seededCrypto(prng.fork()) : nullCrypto(prng.fork());
		this.down = new SimLink(shifted(settings.down, start), prng.fork());
		this.up = new SimLink(shifted(settings.up, start), prng.fork());
		this.tree = new SimTree(settings.sizes, this.#crypto.sha256, prng.fork());
		this.destination = new SimDestination(this.tree);
		this.source = new SimSource({
			world,
			link: world.openLink('source', datagramSizes),
			crypto: this.#crypto,
			tree: this.tree,
			readTime: readTime ?? prng.logUniform(20, 5000),
		});
		this.#stallTimeout = stallTimeout;
		this.#paths = options.paths;
		// A host met before is asked under its key: the answer has room for more of the list.
		this.#isKnown = prng.chance(0.5);
		this.ideal = idealTime(settings, this.tree.list.bytes.length);
		this.hard = 10 * boundOf(settings, this.ideal, Infinity, true).most;
	}

	async execute(): Promise<FullResult> {
		const {world, start, hard} = this;
		this.#pull().then(
			() => this.#end(undefined),
			(reason: unknown) => this.#end(reason),
		);
		const outcome = await world.driveAsync({
			done: () => this.#endedAt !== Infinity,
			until: start + hard,
			stepsMax: 10_000_000,
		});
		const {settings, ideal, down, up, destination} = this;
		const time = Math.min(this.#endedAt, world.now) - start;
		const bound = boundOf(settings, ideal, time, true);
		return {
			seed: settings.seed,
			outcome,
			complete: this.#failure === undefined && destination.isWhole,
			wrong: this.#failure === undefined ? destination.wrong : String(this.#failure),
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
			answeredAfter: this.#answeredAt - start,
			listedAfter: this.#listedAt - start,
			redials: this.#redials,
		};
	}

	/** What a pull does between its first datagram and publishing. */
	async #pull(): Promise<void> {
		const {world, source, destination} = this;
		const events: FetchEvents = {wake: () => undefined, failed: () => undefined};
		const remote = await Remote.dial({
			platform: this.#platform(),
			task: openTask({kind: 'pull'}),
			dial: {
				addresses: ['source'],
				module: new TextEncoder().encode(moduleName),
				sequence: 0,
				identity: source.identity.public,
				...(this.#isKnown && {delegation: source.host.delegation}),
				contactTimeout: this.hard,
				idleTimeout,
			},
			makeController: saved => new PathModel(saved),
			...(this.#paths && {paths: this.#paths}),
			backlogMax,
			stallTimeout: this.#stallTimeout,
			failed: error => events.failed(error),
			remark: () => {
				this.#redials++;
				destination.mayRepeat = true;
			},
		});
		this.#answeredAt = world.now;
		const ahead = new FetchAhead(remote, new Ahead(this.#crypto.sha256));
		const onPage = (page: ProvenPage): void => ahead.addPage(page);
		const nowhere = new Uint8Array(0);
		const list = await remote.obtainList(undefined, nowhere, () => undefined, onPage);
		this.#listedAt = world.now;
		if (Buffer.compare(list.bytes, this.tree.list.bytes) !== 0) throw new Error('another list');
		const queue = requestsOf(list, this.tree, ahead.ahead);
		await fetchAway({
			remote,
			queue,
			events,
			ahead,
			block: (request, object, offset, data) => {
				destination.block(request, object, offset, data);
				world.at(world.now + writeTime, () => remote.taken(data.length));
			},
			refused: () => {
				destination.refusedCount++;
			},
		});
		this.#endedAt = world.now;
		await remote.close();
	}

	#end(reason: unknown): void {
		this.#failure = reason;
		this.#endedAt = Math.min(this.#endedAt, this.world.now);
	}

	/** As much of a platform as a connection needs; each link has an address of its own. */
	#platform(): Platform {
		const {world, down, up} = this;
		return {
			clock: world.clock,
			crypto: this.#crypto,
			openLink: async () => {
				const address: Address = `receiver:${++this.#links}`;
				world.route('source', address, down);
				world.route(address, 'source', up);
				return world.openLink(address);
			},
		} as Partial<Platform> as Platform;
	}
}

export function runFull(settings: WorldSettings, options: FullOptions = {}): Promise<FullResult> {
	const run = new FullRun(settings, options);
	options.started?.(run);
	return run.execute();
}

/** Holes count from the start of the run. */
function shifted(settings: LinkSettings, start: number): LinkSettings {
	const holes = settings.holes ?? [];
	return {...settings, holes: holes.map(([from, to]) => [from + start, to + start] as const)};
}

/** The real primitives, their randomness from a seed: keys, numbers and salts are its function. */
export function seededCrypto(prng: Prng): Crypto {
	const random = (into: Uint8Array): void => prng.fill(into);
	return {
		...realCrypto,
		random,
		dhGenerate() {
			const secret = prng.bytes(32);
			return {secret, public: realCrypto.dhPublic(secret)};
		},
		signGenerate() {
			const secret = prng.bytes(32);
			return {secret, public: realCrypto.signPublic(secret)};
		},
	};
}

/** As a pull has them unless it is told otherwise. */
const idleTimeout = 30_000_000;
const backlogMax = 64 << 20;

/** Microseconds until octets are on disk: writes are gathered that long. */
const writeTime = 5000;
