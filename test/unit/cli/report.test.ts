import test from 'ava';
import {AssertionError} from '../../../src/assert.ts';
import {describeFailure, errorLine} from '../../../src/cli/report.ts';
import {ShoalError} from '../../../src/error.ts';

const line = (error: unknown) => errorLine(describeFailure(error).report);

test('an error is code, what happened to what, and the hint', t => {
	const path = new TextEncoder().encode('a\nb');
	const error = new ShoalError('FILE_UNREADABLE', 'permission denied', {path});
	t.is(
		line(error),
		'shoal: FILE_UNREADABLE: a\\#012b: permission denied. ' +
			'Give the user that runs shoal the right to read it.',
	);
	t.is(describeFailure(error).exit, 23);
});

test('a path that the message names already is not named twice, nor a stop put twice', t => {
	const path = new TextEncoder().encode('a/b');
	const error = new ShoalError('FILE_UNREADABLE', 'cannot read a/b.', {path});
	t.true(line(error).startsWith('shoal: FILE_UNREADABLE: cannot read a/b. Give'));
});

test('control characters in a message are escaped, whoever wrote it', t => {
	const text = line(new ShoalError('ACCESS_DENIED', 'go away\n\u001b[2J'));
	t.true(text.includes('go away\\#012\\#033[2J'));
	t.false(text.includes('\n'));
});

test('a name that a message has escaped already is not escaped again', t => {
	const error = new ShoalError('OPTION_INVALID', 'a\\#012b is no path of the tree');
	t.true(line(error).includes(': a\\#012b is no path'), line(error));
});

test('anything else is a bug: exit 70, one line, a request to report it', t => {
	for (const bug of [
		new AssertionError('broken'),
		new TypeError('a\nb'),
		'thrown text',
		undefined,
	]) {
		t.is(describeFailure(bug).exit, 70);
		const text = line(bug);
		t.regex(text, /^shoal: INTERNAL: .*report this line.*\.$/);
	}
	t.regex(line(new AssertionError('broken')), /AssertionError: broken at .*\.js:\d+:\d+/);
});
