import {spawn} from 'node:child_process';
import {once} from 'node:events';
import test from 'ava';
import {processInfo} from '../../../native-free/process.ts';

const words = processInfo.identity.split(' ');

/** Our own identity with one word of it another. */
function otherwise(place: number, word: string): string {
	return words.with(place, word).join(' ');
}

test('this process runs', t => {
	t.is(words.length, 5, 'host, boot, namespace, number, start');
	t.is(processInfo.state(processInfo.identity), 'running');
});

test('another process runs until it ends', async t => {
	const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
	await once(child, 'spawn');
	const identity = otherwise(3, String(child.pid)).split(' ').with(4, '-').join(' ');
	t.is(processInfo.state(identity), 'running', 'where only the number is known');
	child.kill('SIGKILL');
	await once(child, 'exit');
	t.is(processInfo.state(identity), 'gone');
});

test('a number that is another process now is not the one that was meant', t => {
	const isKnown = words[4] !== '-';
	t.is(processInfo.state(otherwise(4, '1')), isKnown ? 'gone' : 'running');
});

test('what another machine or namespace says is unknown; another boot is gone', t => {
	t.is(processInfo.state(otherwise(0, 'elsewhere')), 'unknown');
	t.is(processInfo.state(otherwise(2, '1')), 'unknown');
	t.is(processInfo.state(otherwise(1, 'another-boot')), 'gone');
});

test('nonsense is no process', t => {
	for (const number of ['0', '-1', 'x', '', '1.5']) {
		t.is(processInfo.state(otherwise(3, number)), 'gone', number);
	}
	t.is(processInfo.state(''), 'unknown');
});
