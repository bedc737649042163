/** Runs one update of a destination from a TreeSource, as the engine does. */
import platform from '#platform';
import type {Pool} from '../../src/pool/pool.ts';
import {
	type OpenOptions,
	type Plan,
	type PlanOptions,
	type PublishResult,
	Update,
} from '../../src/receiver/update.ts';
import type {List} from '../../src/snapshot/list.ts';
import {Prng} from './prng.ts';
import {openTask} from './task.ts';
import {Bell, type Fed, type FeedOptions, feed, type TreeSource} from './tree-source.ts';

export const defaults: PlanOptions = {
	owner: true,
	group: true,
	permissions: true,
	times: true,
	numericIds: false,
	delete: true,
	deleteMax: undefined,
	check: false,
	checksum: false,
	ignoreTimes: false,
	sizeOnly: false,
	wholeFile: false,
	sparse: false,
	fuzzy: 0,
	alternates: undefined,
	strict: false,
	filters: [],
	names: undefined,
	recursive: false,
	roots: {source: new Uint8Array(0), destination: new Uint8Array(0)},
};

export type PullTree = {
	readonly pool: Pool;
	readonly source: TreeSource;
	/** What came of its list, if that is a slice. */
	readonly list?: List;
	readonly destination: string;
	readonly options?: Partial<PlanOptions>;
	readonly open?: Partial<OpenOptions>;
	readonly feed?: Partial<FeedOptions>;
	/** Called where the contents have come and nothing is published. */
	readonly beforePublish?: (update: Update) => void | Promise<void>;
};

export type Pulled = {
	/** The record says that there is nothing to do. */
	readonly unchanged: boolean;
	readonly plan: Plan | undefined;
	readonly result: PublishResult | undefined;
	readonly fed: Fed;
};

const image = {
	identity: new Uint8Array(32),
	module: new Uint8Array(0),
	subPath: new Uint8Array(0),
};

export function openUpdate(
	pool: Pool,
	destination: string,
	more: Partial<OpenOptions> = {},
): Promise<Update> {
	return Update.open({
		platform: {...platform, tree: pool.context.tree},
		pool,
		destination,
		image,
		makePath: false,
		dryRun: false,
		fsync: false,
		task: openTask({kind: 'pull'}),
		handler: {taken: () => undefined, wake: () => undefined, failed: () => undefined},
		...more,
	});
}

/** One pull from its start to its end. */
export async function pullTree(pull: PullTree): Promise<Pulled> {
	const {pool, source, destination, list = source.list} = pull;
	const options = {...defaults, ...pull.options};
	const none = {requests: 0, blocks: 0, octets: 0, contents: 0, compressed: 0};
	let failure: Error | undefined;
	const bell = new Bell();
	const handler = {
		taken: () => undefined,
		wake: bell.ring,
		failed: (error: Error) => {
			failure = error;
			bell.ring();
		},
	};
	const update = await openUpdate(pool, destination, {handler, ...pull.open});
	try {
		if (update.matches(list.root, options)) {
			return {unchanged: true, plan: undefined, result: undefined, fed: none};
		}
		const plan = await update.plan(list, options);
		await update.begin();
		const fed = await feed(source, update, {
			prng: new Prng(1),
			bell,
			...pull.feed,
			isOver: () => failure !== undefined,
		});
		if (failure !== undefined) throw failure;
		if (!update.settled) {
			await update.abort();
			return {unchanged: false, plan, result: undefined, fed};
		}
		await pull.beforePublish?.(update);
		const result = await update.publish(1);
		return {unchanged: false, plan, result, fed};
	} catch (error) {
		await update.abort();
		throw error;
	} finally {
		await update.close();
	}
}
