import {PassThrough} from 'node:stream';
import test from 'ava';
import platform from '#platform';
import type {Context} from '../../../src/cli/context.ts';
import {failedRun} from '../../../src/cli/failed-run.ts';
import type {OptionValues} from '../../../src/cli/option.ts';
import {Terminal} from '../../../src/cli/terminal.ts';
import {type Voice, withVoice} from '../../../src/cli/voice.ts';
import {ShoalError} from '../../../src/error.ts';
import {Scheduler} from '../../../src/scheduler/scheduler.ts';
import {readAll} from '../../support/read-all.ts';

type Heard = {exit: number; out: string; err: string};

/** What a command that does `body` prints. */
async function hear(
	options: OptionValues,
	body: (voice: Voice) => number,
	interactive = false,
): Promise<Heard> {
	const out = Object.assign(new PassThrough(), {isTTY: interactive});
	const err = new PassThrough();
	const context: Context = {
		operands: [],
		options,
		terminal: new Terminal(out, err),
		platform,
		scheduler: new Scheduler(),
		signal: new AbortController().signal,
		configDirectory: '/nowhere',
	};
	const exit = await withVoice(context, failedRun, body);
	return {exit, out: readAll(out), err: readAll(err)};
}

const problem = {code: 'FILE_UNREADABLE', path: 'a', message: 'denied', hint: 'Hint.'} as const;

test('people are told results where they look, or when they ask', async t => {
	const talks = (voice: Voice) => Number(voice.talks);
	t.is((await hear({}, talks)).exit, 0, 'cron');
	t.is((await hear({}, talks, true)).exit, 1, 'a terminal');
	t.is((await hear({verbose: 1}, talks)).exit, 1);
	t.is((await hear({quiet: 1}, talks, true)).exit, 0);
	t.is((await hear({json: 1}, talks, true)).exit, 0);
});

test('of many problems of a kind ten are named, and the others counted', async t => {
	const tell = (voice: Voice, count: number): number => {
		for (let each = 0; each < count; each++) {
			voice.handle({event: 'problem', problem: {...problem, path: `a${each}`}});
		}
		return 0;
	};
	const lines = (heard: Heard) => heard.err.trimEnd().split('\n');
	const ten = await hear({}, voice => tell(voice, 10));
	t.is(lines(ten).length, 10);
	t.is(lines(ten)[0], 'shoal: FILE_UNREADABLE: a0: denied. Hint.');
	const many = await hear({}, voice => tell(voice, 1234));
	t.is(lines(many).length, 11);
	t.is(lines(many).at(-1), 'shoal: FILE_UNREADABLE: and 1,224 more');
	const more = await hear({}, voice => {
		tell(voice, 20);
		voice.endProblems([{code: 'FILE_UNREADABLE', count: 5000}]);
		return 0;
	});
	t.is(lines(more).at(-1), 'shoal: FILE_UNREADABLE: and 4,990 more');
	t.is(lines(more).length, 11);
});

test('cron hears nothing of what needs no one; who looks on does', async t => {
	const say = (voice: Voice): number => {
		voice.handle({event: 'remark', text: 'dialling again'});
		voice.handle({event: 'skipped', ...problem});
		return 0;
	};
	t.is((await hear({}, say)).err, '');
	t.is((await hear({}, say, true)).err, 'shoal: dialling again\n');
	t.is((await hear({verbose: 1}, say)).err, 'shoal: dialling again\nshoal: a: denied\n');
	t.is((await hear({quiet: 1, verbose: 1}, say, true)).err, '');
	const warn = (voice: Voice) => Number(voice.handle({event: 'notice', text: 'expired'}));
	t.is((await hear({}, warn)).err, 'shoal: expired\n');
});

test('with --json events are lines, and errors are on both streams', async t => {
	const {err, out} = await hear({json: 1}, voice => {
		voice.handle({event: 'problem', problem});
		voice.handle({event: 'notice', text: 'a device was skipped'});
		voice.say('for people');
		return 0;
	});
	t.deepEqual(
		out
			.trimEnd()
			.split('\n')
			.map(line => JSON.parse(line) as unknown),
		[
			{event: 'problem', ...problem},
			{event: 'notice', text: 'a device was skipped'},
		],
	);
	t.is(err.split('\n').length, 3);
});

test('what a command throws is said and becomes the exit code', async t => {
	const {exit, err, out} = await hear({json: 1}, () => {
		throw new ShoalError('TREE_MISSING', 'no such directory');
	});
	t.is(exit, 1);
	t.regex(err, /^shoal: TREE_MISSING: no such directory\. /);
	t.like(JSON.parse(out), {event: 'result', ok: false, exit: 1, errorCount: 1});
});

test('-q leaves errors alone', async t => {
	const {err} = await hear({quiet: 1}, voice => {
		voice.notice('not important');
		voice.handle({event: 'problem', problem});
		return 0;
	});
	t.is(err, 'shoal: FILE_UNREADABLE: a: denied. Hint.\n');
});
