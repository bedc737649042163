/**
 * A local directory as the source of a pull: its snapshot is taken first, as by `shoal snapshot`,
 * then its contents are read by the same task that serves clients. Nothing is sealed or sent.
 */
import platform from '#platform';
import {ShoalError} from '../error.ts';
import type {Pool} from '../pool/pool.ts';
import type {ActiveTask, TaskFigures} from '../scheduler/active-task.ts';
import type {Head} from '../session/statement.ts';
import type {List} from '../snapshot/list.ts';
import {placeIn} from '../source/file-place.ts';
import {Published} from '../source/published.ts';
import {makeBatch} from '../source/read-batch.ts';
import type {FileLog} from '../store/file-log.ts';
import {readCost, readRanges} from '../task/read.ts';
import type {FetchRequest} from '../transfer/request.ts';
import type {ReadRequest} from '../transfer/sender.ts';
import {micros} from '../unit.ts';
import {objectKind, refuseCode} from '../wire/frame.ts';
import {KeptObjects} from './kept-objects.ts';
import {OpenedTree} from './opened-tree.ts';
import type {PullOptions} from './options.ts';
import {Pace} from './pace.ts';
import {Problems} from './problems.ts';
import {RateDial} from './rate-dial.ts';
import type {ContentHandler, Supply, SupplyStatistics} from './supply.ts';

/** Octets asked for and not yet read, or read and not yet on disk, at which it is fed no more. */
const pendingMax = 32 << 20;

export type LocalOptions = Pick<PullOptions, 'on' | 'rateMax' | 'sourceState'> & {
	readonly directory: string;
};

/** @throws ShoalError TREE_MISSING, STORE_*, INTERRUPTED */
export async function openLocal(
	pool: Pool,
	task: ActiveTask,
	{directory, sourceState: state, rateMax, on}: LocalOptions,
): Promise<Supply> {
	const tree = OpenedTree.open(platform, {directory, state});
	try {
		const taken = await task.run({kind: 'snapshot', owner: directory}, taking =>
			tree.take(pool, taking),
		);
		const {saved, problems} = taken;
		const told = new Problems(on);
		for (const {code, message, path} of problems) told.add(code, message, path);
		const pace = new Pace(platform.clock, RateDial.of(rateMax));
		const read = task.open({kind: 'read'});
		const list = tree.listOf(taken);
		return new LocalSupply({pool, tree, list, sequence: saved.sequence, task: read, pace});
	} catch (error) {
		tree.close();
		throw error;
	}
}

type LocalParts = {
	readonly pool: Pool;
	readonly tree: OpenedTree;
	readonly list: List;
	readonly sequence: number;
	readonly task: ActiveTask;
	readonly pace: Pace;
};

class LocalSupply implements Supply {
	readonly head: Head;
	readonly origin = undefined;
	readonly isOutlived = false;
	readonly statistics: SupplyStatistics = {
		datagramsIn: 0,
		datagramsOut: 0,
		bytesIn: 0,
		bytesOut: 0,
		rangesLost: 0,
		rangesRepaired: 0,
		rangesDuplicate: 0,
		roundTrip: 0,
	};
	readonly #pool: Pool;
	readonly #task: ActiveTask;
	readonly #pace: Pace;
	readonly #tree: OpenedTree;
	readonly #files: FileLog;
	readonly #kept: KeptObjects;
	readonly #published: Published;
	#contents: ContentHandler | undefined;
	#pending = 0;
	#isClosed = false;
	outstandingCount = 0;

	constructor({pool, tree, list, sequence, task, pace}: LocalParts) {
		const {sha256} = platform.crypto;
		this.#pool = pool;
		this.#task = task;
		this.#pace = pace;
		this.#tree = tree;
		this.#files = tree.files();
		this.#kept = new KeptObjects(platform, pool, tree, this.#files);
		this.head = headOf(tree.directory, list, sequence);
		this.#published = new Published({
			list,
			head: this.head,
			statement: new Uint8Array(0),
			diffs: [],
			predecessors: [],
			sha256,
		});
	}

	/** Both of its disks are this machine's. */
	get limitedBy(): 'limit' | 'disk' {
		return this.#pace.isLimited ? 'limit' : 'disk';
	}

	obtainList(): Promise<List> {
		return Promise.resolve(this.#published.list);
	}

	get hungry(): boolean {
		return this.#pending < pendingMax;
	}

	get figures(): TaskFigures {
		return {requests: this.outstandingCount, pending: this.#pending};
	}

	deliver(contents: ContentHandler): void {
		this.#contents = contents;
	}

	fetch(request: FetchRequest): void {
		this.outstandingCount++;
		this.#pending += request.length;
		void this.#answer(request).finally(() => {
			this.outstandingCount--;
			if (!this.#isClosed) this.#contents?.done(request);
		});
	}

	taken(octets: number): void {
		this.#pending -= octets;
	}

	async close(): Promise<void> {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#pace.close();
		if (this.#task.isOpen) this.#task.done();
		this.#files.close();
		this.#kept.close();
		this.#tree.close();
	}

	async #answer(request: FetchRequest): Promise<void> {
		const resolved = this.#published.resolve(request);
		for (let object = 0; object < request.count; object++) {
			const length =
				typeof resolved === 'number' || request.count === 1
					? request.length
					: resolved.sizes[object]!;
			if (length === 0) continue;
			const position = request.position + object;
			const read = {...request, position, length};
			await this.#pace.wait(length);
			if (this.#isClosed) return;
			const octets = typeof resolved === 'number' ? resolved : await this.#read(read);
			if (this.#isClosed) return;
			if (typeof octets === 'number') {
				this.#pending -= length;
				this.#contents?.refused(request, object, octets);
			} else {
				const now = platform.clock.now();
				this.#contents?.block(request, object, request.offset, octets, micros(now));
			}
		}
	}

	async #read(request: ReadRequest): Promise<Uint8Array | number> {
		const {kind, page, position, offset, length} = request;
		try {
			if (kind !== objectKind.content) {
				const object = await this.#object(kind, page, position);
				if (typeof object === 'number') return object;
				return object.subarray(offset, offset + length);
			}
			const data = new Uint8Array(new SharedArrayBuffer(length));
			const batch = makeBatch(this.#tree.root, [request], [this.#published], data);
			const {status} = await this.#pool.run(readRanges, batch, {
				...this.#task.order,
				cost: readCost(batch),
			});
			return status[0] === 0 ? data : status[0]!;
		} catch (error) {
			if (error instanceof ShoalError) return refuseCode.unreadable;
			throw error;
		}
	}

	/** Leaf hashes or sums of an entry. */
	async #object(kind: number, page: number, position: number): Promise<Uint8Array | number> {
		const digest = this.#published.digestOf(page, position);
		const find = () =>
			kind === objectKind.leaves ? this.#kept.leaves(digest) : this.#kept.sums(digest);
		const found = find();
		if (found !== undefined) return found;
		if (digest.length === 0) return refuseCode.unavailable;
		const {root} = this.#tree;
		const place = placeIn(this.#published, page, position, false);
		const [code] = await this.#kept.maker.make(root, [place], this.#task.order);
		return code || (find() ?? refuseCode.unavailable);
	}
}

/** A local tree has no signature: its path stands for the identity that records are kept by. */
function headOf(directory: string, list: List, sequence: number): Head {
	const path = new TextEncoder().encode(directory);
	const nowMs = platform.clock.wallMs();
	return {
		identity: platform.crypto.sha256(path),
		module: new Uint8Array(0),
		sequence,
		issuedMs: nowMs,
		expiresMs: nowMs,
		root: list.root,
		size: list.bytes.length,
		top: list.topSize,
		entries: list.entryCount,
		contentBytes: list.contentBytes,
		previous: new Uint8Array(32),
		label: new Uint8Array(0),
	};
}
