import {execFileSync} from 'node:child_process';
import test from 'ava';
import {freeMemory} from '../../../native-free/free-memory.ts';

/** In a process of its own: what a thread is told is not of that thread alone. */
test('octets that are all of their buffer are freed at once', t => {
	const url = new URL('../../../native-free/free-memory.js', import.meta.url);
	const script = `
		const {freeMemory} = await import(${JSON.stringify(url.href)});
		const used = [process.memoryUsage().arrayBuffers];
		const all = Array.from({length: 64}, () => new Uint8Array(1 << 20));
		used.push(process.memoryUsage().arrayBuffers);
		for (const octets of all) freeMemory(octets);
		used.push(process.memoryUsage().arrayBuffers);
		console.log(JSON.stringify({used, left: all.filter(({length}) => length > 0).length}));
	`;
	const words = ['--input-type=module', '--eval', script];
	const {used, left} = JSON.parse(execFileSync(process.execPath, words, {encoding: 'utf8'}));
	t.true(used[1] > used[0] + (56 << 20));
	t.true(used[2] < used[0] + (8 << 20));
	t.is(left, 0);
});

test('what is freed again is nothing', t => {
	const octets = new Uint8Array(10);
	freeMemory(octets);
	t.notThrows(() => freeMemory(octets));
});

test('memory that others may look at stays', t => {
	const part = new Uint8Array(100).fill(7).subarray(0, 99);
	const shared = new Uint8Array(new SharedArrayBuffer(100)).fill(7);
	for (const octets of [part, shared]) {
		freeMemory(octets);
		t.is(octets[0], 7);
	}
});
