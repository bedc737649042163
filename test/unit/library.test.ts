import test from 'ava';
import * as library from '../../src/index.ts';

test('the library has the runs of the command line, and what their options and failures need', t => {
	t.deepEqual(Object.keys(library).sort(), [
		'RateDial',
		'Scheduler',
		'ShoalError',
		'diffSnapshots',
		'errorTable',
		'escapePath',
		'formatSourceUrl',
		'list',
		'parseFilterRules',
		'parseNames',
		'parseSourceUrl',
		'pull',
		'pullDefaults',
		'serve',
		'takeSnapshot',
	]);
});

test('a pull with defaults alone answers what failed, as a result', async t => {
	const result = await library.pull({
		...library.pullDefaults,
		source: {directory: '/nonexistent'},
		destination: '/nonexistent/mirror',
		configDirectory: '/nonexistent',
		threads: 0,
	});
	t.like(result, {ok: false, exit: 1});
	t.is(result.errors.length, 1);
});
