import test from 'ava';
import {type Contest, contests} from '../../../../bench/wan/contest.ts';
import {
	describeOutcomes,
	harm,
	judgeContest,
	type Outcome,
} from '../../../../bench/wan/fairness.ts';
import type {Flow, LinkReport, Way} from '../../../../bench/wan/link.ts';

const way: Way = {
	...{packetsIn: 0, octetsIn: 0, packetsOut: 0, octetsOut: 0},
	...{lost: 0, overflowed: 3, refused: 0, overrun: 0},
	queuedUs: {
		max: 40_000,
		counts: [
			[1000, 90],
			[30_000, 10],
		],
	},
	lateUs: {max: 0, counts: []},
};
const flow = (protocol: number, down: number): Flow => ({
	...{protocol, sourcePort: 1, receiverPort: 2, down, up: 1, downLost: 0, upLost: 0},
});
const report = (...flows: readonly Flow[]): LinkReport => ({
	...{elapsedUs: 40_000_000, cpuUs: 1, down: way, up: way, flows},
});
const judge = (contest: Contest, ...flows: readonly Flow[]): Outcome =>
	judgeContest(contest, report(...flows), 0);
const machine = {cpu: 'A', cores: 2, memory: '4 GiB', kernel: '6.1', versions: {}, busyness: 0};

test('shares are those of flows that had something, largest first, by protocol', t => {
	const contest = {shoals: 2, cubics: 1, queue: 1};
	const outcome = judge(contest, flow(17, 50), flow(6, 70), flow(17, 60), flow(17, 0), flow(1, 9));
	t.like(outcome, {shoalOctets: [60, 50], cubicOctets: [70], elapsedMs: 40_000, overflowed: 3});
	t.deepEqual(outcome.queuedMs, {p50: 1, p95: 30, max: 40});
	t.is(outcome.problem, undefined);
});

test('a contest that somebody missed or left early does not count', t => {
	const contest = {shoals: 1, cubics: 1, queue: 1};
	t.is(judge(contest, flow(17, 50)).problem, 'the link saw 1 shoals and 0 flows of TCP');
	t.is(
		judgeContest(contest, report(flow(17, 5), flow(6, 5)), 1).problem,
		'1 ended before the time',
	);
});

test('harm is the part of what one alone has that is gone beside another', t => {
	const alone = judge({shoals: 0, cubics: 1, queue: 0.1}, flow(6, 100));
	t.is(harm(alone, judge({shoals: 0, cubics: 2, queue: 0.1}, flow(6, 70), flow(6, 50))), 0.4);
	t.is(harm(alone, judge({shoals: 1, cubics: 1, queue: 0.1}, flow(6, 75), flow(17, 9))), 0.25);
});

test('each contest that has a target is held against it, from both sides', t => {
	const table = (...outcomes: readonly Outcome[]) => describeOutcomes(outcomes, machine, 60);
	const pair = {shoals: 2, cubics: 0, queue: 1};
	t.regex(table(judge(pair, flow(17, 50), flow(17, 60))), /index 0\.992 ≥ 0\.95: met/);
	t.regex(table(judge(pair, flow(17, 20), flow(17, 60))), /index 0\.800 ≥ 0\.95: not met/);
	const beside = {shoals: 1, cubics: 1, queue: 1};
	t.regex(table(judge(beside, flow(17, 70), flow(6, 30))), /has 70 %, 30 to 70: met/);
	t.regex(table(judge(beside, flow(17, 29), flow(6, 71))), /has 29 %, 30 to 70: not met/);
	const alone = judge({shoals: 1, cubics: 0, queue: 8}, flow(17, 1));
	t.regex(table(alone), /≤ 50 ms: met/);
	t.regex(table({...alone, queuedMs: {...alone.queuedMs, p95: 51}}), /≤ 50 ms: not met/);
	const shallow = [
		judge({shoals: 0, cubics: 1, queue: 0.1}, flow(6, 100)),
		judge({shoals: 0, cubics: 2, queue: 0.1}, flow(6, 60), flow(6, 60)),
	];
	const harmful = (octets: number) =>
		table(...shallow, judge({...beside, queue: 0.1}, flow(6, octets), flow(17, 9)));
	t.regex(harmful(81), /harm 0\.19, half of a second CUBIC’s 0\.40: met/);
	t.regex(harmful(79), /harm 0\.21, half of a second CUBIC’s 0\.40: not met/);
});

test('a second CUBIC is measured in each queue in which a shoal is held against it', t => {
	const held = contests.filter(({shoals, cubics, queue}) => shoals * cubics > 0 && queue < 0.5);
	t.true(held.length > 0);
	for (const {queue} of held) {
		const without = contests.filter(other => other.shoals === 0 && other.queue === queue);
		t.deepEqual(
			without.map(({cubics}) => cubics),
			[1, 2],
		);
	}
});
