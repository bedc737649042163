import test from 'ava';
import {taskLines} from '../../../src/cli/task-list.ts';
import {Lane} from '../../../src/scheduler/lane.ts';
import {Scheduler} from '../../../src/scheduler/scheduler.ts';

test('the list is a table, a part below what it is a part of, with names escaped', t => {
	const scheduler = new Scheduler();
	scheduler.addLane(new Lane('threads', 2));
	const pull = scheduler.open({kind: 'pull', owner: '/srv/a\u001b[2J'});
	const plan = pull.open({kind: 'plan'});
	scheduler.open({kind: 'serve', owner: ''}).open({
		kind: 'send',
		owner: '192.0.2.1:9',
		progress: () => ({done: 1_500_000}),
		figures: () => ({requests: 12, inFlight: 1_000_000}),
	});
	plan.open({kind: 'scan', unit: 'entries'}).advance(1200, 20_000);
	t.deepEqual(taskLines(scheduler), [
		'shoal: 5 tasks',
		'id  task      state    done                     jobs  for             figures',
		'1   pull      waiting                                 /srv/a\\#033[2J',
		'2     plan    waiting',
		'5       scan  waiting  1,200 of 20,000 entries',
		'3   serve     waiting',
		'4     send    waiting  1.50 MB                        192.0.2.1:9     requests 12, inFlight 1,000,000',
		'lane threads: 0 of 2 run, 0 wait',
	]);
});

test('nothing is a line too', t => {
	t.deepEqual(taskLines(new Scheduler()), ['shoal: nothing goes on']);
});
