import {PassThrough, Writable} from 'node:stream';
import test from 'ava';
import {Terminal} from '../../../src/cli/terminal.ts';

const screen = (columns: number) => Object.assign(new PassThrough(), {isTTY: true, columns});

const text = (stream: PassThrough) => String(stream.read() ?? '');

test('the status line is cut to the width, redrawn, and erased before other output', t => {
	const out = new PassThrough();
	const err = screen(40);
	const terminal = new Terminal(out, err);
	terminal.showStatus('x'.repeat(60));
	t.is(text(err), `\r${'x'.repeat(39)}`);
	terminal.showStatus('short');
	t.is(text(err), `\r${'short'.padEnd(39)}`);
	terminal.showStatus('short');
	t.is(text(err), '', 'nothing new to draw');
	void terminal.write('result\n');
	t.is(text(err), `\r${' '.repeat(5)}\r`);
	t.is(text(out), 'result\n');
	terminal.warn('error');
	t.is(text(err), 'error\n');
});

test('only a terminal has a width', t => {
	t.is(new Terminal(screen(40), new PassThrough()).columns, 40);
	t.is(new Terminal(new PassThrough(), screen(40)).columns, undefined);
});

test('no status line where nobody looks', t => {
	const err = new PassThrough();
	const terminal = new Terminal(new PassThrough(), err);
	terminal.showStatus('line');
	t.is(text(err), '');
	t.false(terminal.redraws);
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

test('a slow reader makes the writer wait', async t => {
	const slow = new PassThrough({highWaterMark: 4});
	const terminal = new Terminal(slow, new PassThrough());
	const wait = terminal.write('more than four\n');
	t.true(wait instanceof Promise);
	slow.resume();
	await wait;
	t.pass();
});
