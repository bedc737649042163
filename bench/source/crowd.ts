/**
 * Many receivers in one process, through the library: a process for each would not fit. They fetch
 * what changed and throw it away once it is proven, or only ask whether anything has. Words: a JSON
 * of `CrowdOrder`; answers a JSON of `CrowdResult`.
 */
import {readFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import platform from '#platform';
import {PathModel} from '../../src/congestion/model.ts';
import {Connection} from '../../src/engine/connection.ts';
import {RateDial} from '../../src/engine/rate-dial.ts';
import {Remote} from '../../src/engine/remote.ts';
import {Scheduler} from '../../src/scheduler/scheduler.ts';
import {parseSourceUrl} from '../../src/session/source-url.ts';
import {entryType} from '../../src/snapshot/entry.ts';
import {List} from '../../src/snapshot/list.ts';
import {ListChanges} from '../../src/snapshot/list-changes.ts';
import {contentDigest} from '../../src/snapshot/merkle.ts';
import type {FetchRequest} from '../../src/transfer/request.ts';
import {objectKind} from '../../src/wire/frame.ts';

export type CrowdOrder = {
	readonly url: string;
	readonly count: number;
	/** Between the beginnings of two. */
	readonly apartMs: number;
	/** The list that all of them have, and its sequence. */
	readonly list: string;
	readonly sequence: number;
	/** Only ask. */
	readonly polls: boolean;
};

export type CrowdResult = {
	readonly seconds: number;
	/** Those that got all that they wanted. */
	readonly answered: number;
	/** Of proven contents, in all. */
	readonly octets: number;
	/** How long each took, in seconds, in order. */
	readonly each: readonly number[];
};

/** Octets a second: of every three receivers one is slow, one is not fast, and one is. */
const rates = [1e6, 4e6, Infinity];

/** Requests that one receiver has under way. */
const requestsMax = 64;

const {sha256} = platform.crypto;
const order = JSON.parse(process.argv[2]!) as CrowdOrder;
const url = parseSourceUrl(order.url);
const known = {list: openList(readFileSync(order.list)), sequence: order.sequence};
const dial = {
	addresses: [`127.0.0.1:${url.port}`],
	identity: url.identity!,
	module: new Uint8Array(0),
	contactTimeout: 30e6,
	idleTimeout: 60e6,
};
process.stdout.write(`${JSON.stringify(await runAll())}\n`);
process.exit(0);

async function runAll(): Promise<CrowdResult> {
	// What a receiver knows who has been here before: who the source is, and its host's key.
	const first = await Connection.dial(platform, {...dial, sequence: 0, signal: undefined});
	const {delegation} = first.answered;
	await first.close();
	const startedAt = performance.now();
	const each: number[] = [];
	let octets = 0;
	const one = async (index: number): Promise<void> => {
		await sleep(startedAt + index * order.apartMs - performance.now());
		const begunAt = performance.now();
		octets += order.polls ? await poll(delegation) : await fetchUpdate(delegation, index);
		each.push((performance.now() - begunAt) / 1000);
	};
	const all = await Promise.allSettled(Array.from({length: order.count}, (_, index) => one(index)));
	const answered = all.filter(({status}) => status === 'fulfilled').length;
	const seconds = (performance.now() - startedAt) / 1000;
	return {seconds, answered, octets, each: each.sort((a, b) => a - b)};
}

async function poll(delegation: Uint8Array): Promise<number> {
	const {sequence} = order;
	const asked = await Connection.dial(platform, {...dial, delegation, sequence, signal: undefined});
	if (asked.answered.head.sequence !== sequence) throw new Error('there is a newer snapshot');
	await asked.close();
	return 0;
}

/** Octets of contents that were right. */
async function fetchUpdate(delegation: Uint8Array, index: number): Promise<number> {
	const remote = await Remote.dial({
		platform,
		task: new Scheduler().open({kind: 'pull'}),
		dial: {...dial, delegation, sequence: order.sequence},
		makeController: () => new PathModel(),
		backlogMax: 64 << 20,
		rate: new RateDial(rates[index % rates.length]),
		stallTimeout: 60e6,
		failed: error => process.stderr.write(`${error.message}\n`),
		remark: () => undefined,
	});
	const list = await remote.obtainList(known, new Uint8Array(0), () => undefined);
	const wants = wantsOf(list);
	let octets = 0;
	const work = async (): Promise<void> => {
		for (let want = wants.pop(); want !== undefined; want = wants.pop()) {
			const content = await remote.fetchObject(want.request);
			if (Buffer.compare(contentDigest(sha256, content), want.digest) !== 0) {
				throw new Error('other octets than the list says');
			}
			octets += content.length;
		}
	};
	await Promise.all(Array.from({length: requestsMax}, work));
	await remote.close();
	return octets;
}

/** Contents that only the new list has, the first last. */
function wantsOf(list: List): {request: FetchRequest; digest: Uint8Array}[] {
	const wants: {request: FetchRequest; digest: Uint8Array}[] = [];
	for (const changes = new ListChanges(known.list, list); changes.next(); ) {
		const {kind, after} = changes;
		if (kind === 'removed' || after.type !== entryType.file || after.size === 0) continue;
		const {page, position, size: length} = after;
		const object = {snapshot: 0, kind: objectKind.content, page, position};
		const request = {...object, count: 1, offset: 0, length};
		wants.push({request, digest: after.digest.slice()});
	}
	return wants.reverse();
}

function openList(bytes: Uint8Array): List {
	const list = List.open(bytes, sha256);
	if (!(list instanceof List)) throw new Error(list.problem);
	return list;
}
