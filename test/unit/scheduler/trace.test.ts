import test from 'ava';
import {Scheduler} from '../../../src/scheduler/scheduler.ts';
import {Trace} from '../../../src/scheduler/trace.ts';
import {later, type Micros, micros} from '../../../src/unit.ts';

type Event = {ph: string; name: string; ts?: number; args: Record<string, unknown>} & Record<
	string,
	unknown
>;

/** A trace of what `act` does, with a clock that it sets. */
function traced(
	act: (scheduler: Scheduler, wait: (delay: number) => void) => void,
): readonly Event[] {
	const scheduler = new Scheduler();
	let now = micros(1000);
	let timer: {at: Micros; then: () => void} | undefined;
	let text = '';
	const trace = new Trace({
		scheduler,
		clock: {
			now: () => now,
			wallMs: () => 0,
			at(at, then) {
				timer = {at, then};
				return () => {
					timer = undefined;
				};
			},
		},
		usage: () => ({cpu: 0, busy: now / 2}),
		name: 'shoal pull',
		write: events => {
			text += `${text === '' || events === '' ? '' : ','}${events}`;
		},
	});
	act(scheduler, delay => {
		const end = later(now, delay);
		while (timer !== undefined && timer.at <= end) {
			const {at, then} = timer;
			now = at;
			then();
		}
		now = end;
	});
	trace.close();
	return JSON.parse(`[${text}]`);
}

test('a task is a span from its opening to its end, with its parent', t => {
	const events = traced((scheduler, wait) => {
		const pull = scheduler.open({kind: 'pull', owner: '/a\u001b[2J'});
		wait(10);
		const list = pull.open({kind: 'list', unit: 'octets'});
		wait(20);
		list.advance(7);
		list.done();
		pull.fail(new Error('lost'));
	});
	const tasks = events.filter(({cat}) => cat === 'task');
	t.deepEqual(
		tasks.map(({ph, name, id, ts, args}) => ({ph, name, id, ts, ...args})),
		[
			{ph: 'b', name: 'pull', id: 1, ts: 1000, task: 1, owner: '/a\\#033[2J'},
			{ph: 'b', name: 'list', id: 2, ts: 1010, task: 2, parent: 1, owner: '/a\\#033[2J'},
			{ph: 'e', name: 'list', id: 2, ts: 1030, state: 'done', jobs: 0, octets: 7},
			{ph: 'e', name: 'pull', id: 1, ts: 1030, state: 'failed', jobs: 0, octets: 0},
		],
	);
});

test('what is open at the end of the trace ends with it', t => {
	const events = traced(scheduler => {
		scheduler.open({kind: 'serve'});
	});
	t.like(events.filter(({cat}) => cat === 'task').at(-1), {
		ph: 'e',
		id: 1,
		args: {state: 'waiting'},
	});
});

test('a job is a span on the track of its thread, which has a name', t => {
	const events = traced(scheduler => {
		scheduler.jobEnded({
			kind: 'hash',
			thread: 2,
			task: 5,
			client: 'alice',
			cost: 4096,
			addedAt: micros(100),
			beganAt: micros(250),
			endedAt: micros(400),
			failed: false,
		});
	});
	const args = {task: 5, client: 'alice', octets: 4096, waited: 150};
	const span = {pid: 1, tid: 2, ph: 'X', cat: 'job', name: 'hash', ts: 250, dur: 150, args};
	t.deepEqual(
		events.filter(({ph}) => ph === 'X'),
		[span],
	);
	const names = events.filter(({name}) => name === 'thread_name');
	t.deepEqual(
		names.map(({tid, args: {name}}) => [tid, name]),
		[
			[0, 'main'],
			[2, 'worker 2'],
		],
	);
});

test('counters tell rates, figures and how busy the main thread is, twenty times a second', t => {
	let done = 0;
	const events = traced((scheduler, wait) => {
		const task = scheduler.open({
			kind: 'fetch',
			progress: () => ({done}),
			figures: () => ({inFlight: 12}),
		});
		done = 100_000;
		wait(50_000);
		wait(50_000);
		task.done();
	});
	const counters = (wanted: string) =>
		events.filter(({ph, name}) => ph === 'C' && name === wanted).map(({args}) => args);
	t.deepEqual(counters('fetch octets/s'), [{rate: 2_000_000}, {rate: 0}]);
	t.deepEqual(counters('fetch 1'), [{inFlight: 12}, {inFlight: 12}]);
	t.deepEqual(counters('main thread').slice(0, 2), [{busyPercent: 50}, {busyPercent: 50}]);
});
