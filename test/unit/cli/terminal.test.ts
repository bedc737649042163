import {PassThrough, Writable} from 'node:stream';
import test from 'ava';
import type {LiveState} from '../../../src/cli/live-state.ts';
import {Terminal} from '../../../src/cli/terminal.ts';
import {readAll} from '../../support/read-all.ts';

const screen = (columns: number) => Object.assign(new PassThrough(), {isTTY: true, columns});

const eraseLine = '\u001b[2K';

const state = (title: string): LiveState => ({title, amounts: [], details: []});

/** Waits until something is drawn. */
async function drawn(stream: PassThrough): Promise<string> {
	for (;;) {
		const seen = readAll(stream);
		if (seen !== '') return seen;
		await new Promise(resolve => setTimeout(resolve, 5));
	}
}

test('what is shown is redrawn, and erased before other output; the cursor stays', async t => {
	const out = new PassThrough();
	const err = screen(40);
	const terminal = new Terminal(out, err);
	terminal.show(state('first'));
	terminal.show(state('looking'));
	t.is(readAll(err), '', 'nothing before what draws is loaded');
	const first = await drawn(err);
	t.true(first.includes('looking\n'));
	terminal.show(state('looking'));
	t.is(readAll(err), '', 'nothing new to draw');
	terminal.show(state('hashing'));
	const second = readAll(err);
	t.true(second.includes('hashing\n'));
	t.true(second.includes(eraseLine));
	void terminal.write('result\n');
	t.true(readAll(err).includes(eraseLine));
	t.is(readAll(out), 'result\n');
	terminal.warn('error');
	t.is(readAll(err), 'error\n');
	terminal.show(state('again'));
	t.true(readAll(err).includes('again\n'));
	terminal.close();
	t.true(readAll(err).includes(eraseLine));
	terminal.show(state('late'));
	t.is(readAll(err), '');
	t.false((first + second).includes('\u001b[?25'), 'a hidden cursor would need repair');
});

test('lines that a narrower terminal has folded are erased whole', async t => {
	const err = screen(40);
	const terminal = new Terminal(new PassThrough(), err);
	terminal.show(state('x'.repeat(39)));
	await drawn(err);
	err.columns = 20;
	terminal.show(state('short'));
	t.true(readAll(err).startsWith('\u001b[2A\u001b[1G\u001b[0J'), 'up by both halves, and clear');
	terminal.close();
	t.is(err.listenerCount('resize'), 0);
});

test('only a terminal has a width', t => {
	t.is(new Terminal(screen(40), new PassThrough()).columns, 40);
	t.is(new Terminal(new PassThrough(), screen(40)).columns, undefined);
});

test('nothing is shown where nobody looks, or where nothing can be redrawn', async t => {
	const pipe = new PassThrough();
	const dumb = screen(80);
	const sizeless = screen(0);
	const terminals = [new Terminal(screen(80), pipe), new Terminal(new PassThrough(), dumb, 'dumb')];
	for (const terminal of terminals) {
		t.false(terminal.redraws);
		terminal.show(state('line'));
	}
	await new Promise(resolve => setTimeout(resolve, 50));
	t.is(readAll(pipe) + readAll(dumb) + readAll(sizeless), '');
});

test('a reader that goes away ends the output, not the process', async t => {
	const pipe = new Writable({
		write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), {code: 'EPIPE'})),
	});
	const terminal = new Terminal(pipe, new PassThrough());
	await terminal.write('line\n');
	await new Promise(resolve => setImmediate(resolve));
	t.true(terminal.closed.aborted);
	t.is(terminal.write('more\n'), undefined);
});

test('a full disk behind the output is told once, and known at the end', async t => {
	const full = new Writable({
		write: (_chunk, _encoding, done) => done(Object.assign(new Error('full'), {code: 'ENOSPC'})),
	});
	const err = new PassThrough();
	const terminal = new Terminal(full, err);
	t.is(terminal.failure, undefined);
	void terminal.write('line\n');
	await new Promise(resolve => setImmediate(resolve));
	void terminal.write('more\n');
	full.emit('error', new Error('again'));
	t.is(terminal.failure?.exit, 11);
	t.true(terminal.closed.aborted);
	t.regex(readAll(err), /^shoal: OUTPUT_FAILED: standard output: full\. [^\n]+\n$/);
	err.emit('error', new Error('nowhere to tell'));
});

test('however many lines wait for a slow reader, one listener does', async t => {
	const slow = new PassThrough({highWaterMark: 4});
	const terminal = new Terminal(slow, new PassThrough());
	const before = slow.listenerCount('drain');
	const waits = Array.from({length: 20}, () => terminal.write('more than four\n'));
	t.is(slow.listenerCount('drain'), before + 1);
	slow.resume();
	await Promise.all(waits);
	t.is(slow.listenerCount('drain'), before);
});

test('a slow reader makes the writer wait', async t => {
	const slow = new PassThrough({highWaterMark: 4});
	const terminal = new Terminal(slow, new PassThrough());
	const wait = terminal.write('more than four\n');
	t.true(wait instanceof Promise);
	slow.resume();
	await wait;
	t.pass();
});
