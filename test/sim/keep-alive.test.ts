/**
 * A session that nothing is asked of for long, as while a receiver searches large files: it is kept
 * alive through routers that forget what is silent, not for ever, and is there again when wanted.
 */
import test from 'ava';
import {PathModel} from '../../src/congestion/model.ts';
import {Remote} from '../../src/engine/remote.ts';
import {DialScene} from '../support/dial-scene.ts';
import {moduleName} from '../support/sim-source.ts';
import {openTask} from '../support/task.ts';

const there = '192.0.2.1:8730';
const minutes = 60_000_000;
const file = {
	snapshot: 0,
	kind: 3,
	page: 0,
	position: 2,
	count: 1,
	offset: 0,
	length: 1000,
} as const;

/** A session over which the file has come once, and when datagrams went up since. */
async function settle(idleTimeoutMs = 30_000, loss = 0) {
	const scene = new DialScene([there]);
	const {world} = scene;
	const source = scene.sources.get(there)!;
	const remarks: string[] = [];
	const failures: unknown[] = [];
	const wait = async <T>(promise: Promise<T>): Promise<T> => {
		let isOver = false;
		const over = () => {
			isOver = true;
		};
		promise.then(over, over);
		await world.driveAsync({done: () => isOver, until: world.now + minutes});
		return promise;
	};
	const remote = await wait(
		Remote.dial({
			platform: scene.platform,
			task: openTask({kind: 'pull'}),
			dial: {
				addresses: [there],
				module: new TextEncoder().encode(moduleName),
				sequence: 0,
				identity: source.identity.public,
				contactTimeout: 15_000_000,
				idleTimeout: idleTimeoutMs * 1000,
			},
			makeController: () => new PathModel(),
			backlogMax: 1 << 20,
			failed: error => failures.push(error),
			remark: text => remarks.push(text),
		}),
	);
	await wait(remote.fetchObject(file));
	const ups: number[] = [];
	const drop = (_index: number, _data: Uint8Array, now: number) => {
		ups.push(now);
		return scene.prng.chance(loss);
	};
	scene.up.settings = {...scene.up.settings, drop};
	const pass = async (time: number) => {
		const end = world.now + time;
		let isOver = false;
		world.at(end, () => {
			isOver = true;
		});
		await world.driveAsync({done: () => isOver, until: end + 1});
	};
	return {scene, source, remote, remarks, failures, ups, wait, pass};
}

/** The longest silence between two of them, in seconds. */
function longest(times: readonly number[]): number {
	return Math.max(...times.slice(1).map((time, index) => time - times[index]!)) / 1e6;
}

test('an idle session says a word every 15 seconds, and goes on after half an hour', async t => {
	const {source, remote, remarks, ups, wait, pass} = await settle();
	await pass(30 * minutes);
	t.true(longest(ups) <= 15.5, `${longest(ups)} s of silence`);
	t.true(ups.length <= 2 * 130, `${ups.length} datagrams in half an hour`);
	t.is(source.responder.sessionCount, 1);
	t.is((await wait(remote.fetchObject(file))).length, 1000);
	t.deepEqual(remarks, [], 'it is the same session');
});

test('pings that get lost are repeated before anybody gives up', async t => {
	const {source, remarks, ups, pass} = await settle(30_000, 0.1);
	await pass(30 * minutes);
	t.true(longest(ups) <= 15.5, `${longest(ups)} s of silence`);
	t.is(source.responder.sessionCount, 1);
	t.deepEqual(remarks, []);
});

test('after an hour without use the source has its place back, and is dialled when wanted', async t => {
	const {source, remote, remarks, failures, ups, wait, pass} = await settle();
	await pass(65 * minutes);
	const last = ups.length;
	t.is(source.responder.sessionCount, 0);
	t.is(source.module.sessionCount, 0);
	await pass(120 * minutes);
	t.is(ups.length, last, 'nothing is sent, nothing is dialled');
	t.true(remote.hungry, 'a pull goes on asking');
	t.is((await wait(remote.fetchObject(file))).length, 1000);
	t.is(source.responder.sessionCount, 1);
	t.is(remarks.length, 1);
	t.deepEqual(failures, []);
});

test('who asked to give up sooner pings sooner', async t => {
	const {ups, source, pass} = await settle(8000);
	await pass(5 * minutes);
	t.true(longest(ups) <= 4.5, `${longest(ups)} s of silence`);
	t.is(source.responder.sessionCount, 1);
});
