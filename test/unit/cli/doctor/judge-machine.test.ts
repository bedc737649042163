import test from 'ava';
import type {Verdict} from '../../../../src/cli/doctor/finding.ts';
import {findingLines} from '../../../../src/cli/doctor/finding.ts';
import {judgeMachine, runtimeMin} from '../../../../src/cli/doctor/judge-machine.ts';
import type {MachineFacts} from '../../../../src/platform/machine.ts';
import {readText} from '../../../support/repository.ts';

const wallMs = Date.UTC(2026, 10, 22);

const healthy: MachineFacts = {
	system: 'linux',
	runtimeVersion: '24.11.0',
	coreCount: 8,
	coreQuota: undefined,
	fileMax: 20_000,
	buffers: {receiveMax: 8 << 20, sendMax: 8 << 20, receive: 8 << 20, send: 8 << 20},
	interfaces: [
		{name: 'lo', mtu: 65_536, isInternal: true},
		{name: 'eth0', mtu: 1500, isInternal: false},
	],
	port: {code: undefined, holder: undefined},
	packetFilter: undefined,
	isSynchronised: true,
};

/** What is said of a machine with one fault, apart from what is said of a healthy one. */
function judge(fault: Partial<MachineFacts>, now = wallMs) {
	const usual = new Set(judgeMachine(healthy, wallMs).map(line => JSON.stringify(line)));
	const found = judgeMachine({...healthy, ...fault}, now);
	return found.filter(line => !usual.has(JSON.stringify(line)));
}

test('a healthy machine has nothing to mend', t => {
	for (const {verdict, check, mend} of judgeMachine(healthy, wallMs)) {
		t.true(verdict === 'ok', check);
		t.deepEqual(mend, []);
	}
});

const buffers = (receive: number, send: number) => ({
	buffers: {receiveMax: receive, sendMax: send, receive, send},
});
const only = (mtu: number | undefined, isInternal = false) => ({
	interfaces: [{name: 'eth0', mtu, isInternal}],
});

const faults: [
	what: string,
	fault: Partial<MachineFacts>,
	verdict: Verdict,
	check: string,
	mend: RegExp | undefined,
][] = [
	['an old Node', {runtimeVersion: '20.18.3'}, 'fail', 'node', /install .* Node/],
	['Node past its end', {runtimeVersion: '20.19.0'}, 'warn', 'node', /install .* Node/],
	['an odd Node', {runtimeVersion: '25.1.0'}, 'note', 'node', undefined],
	['half a core', {coreQuota: 0.5}, 'note', 'cores', /--threads 1 /],
	['two cores and a half of eight', {coreQuota: 2.5}, 'note', 'cores', /--threads 3 /],
	['few open files', {fileMax: 256}, 'warn', 'open files', /ulimit -n/],
	['an unknown limit of files', {fileMax: undefined}, 'note', 'open files', undefined],
	['the stock buffers', buffers(212_992, 212_992), 'warn', 'socket buffers', /sysctl -w net/],
	['a small buffer for sending', buffers(8 << 20, 212_992), 'warn', 'socket buffers', /wmem_max/],
	['middling buffers', buffers(2 << 20, 2 << 20), 'note', 'socket buffers', /90-shoal.conf/],
	['a narrow interface', only(1280 - 100), 'fail', 'interfaces', /ip link set eth0 mtu/],
	['nothing but loopback', only(65_536, true), 'note', 'interfaces', undefined],
	['an unknown MTU', only(undefined), 'note', 'interfaces', undefined],
	[
		'a port that is taken',
		{port: {code: 'EADDRINUSE', holder: 'dnsmasq (12)'}},
		'note',
		'port',
		/--listen/,
	],
	[
		'a port that is refused',
		{port: {code: 'EACCES', holder: undefined}},
		'fail',
		'port',
		undefined,
	],
	['a packet filter', {packetFilter: 'nf_tables'}, 'note', 'firewall', /ufw allow 8730/],
	['a clock nobody keeps', {isSynchronised: undefined}, 'note', 'clock', /timedatectl/],
];

for (const [what, fault, verdict, check, mend] of faults) {
	test(`sees ${what}`, t => {
		const found = judge(fault);
		t.is(found.length, 1);
		t.is(found[0]!.check, check);
		t.is(found[0]!.verdict, verdict);
		if (mend === undefined) t.deepEqual(found[0]!.mend, []);
		else t.regex(found[0]!.mend.join('\n'), mend);
	});
}

test('the limits from both sides: buffers, MTU, files, the day a version ends', t => {
	t.is(judge(buffers(4 << 20, 4 << 20))[0]!.verdict, 'ok');
	t.is(judge(buffers((4 << 20) - 1, 8 << 20))[0]!.verdict, 'note');
	t.is(judge(buffers(1 << 20, 8 << 20))[0]!.verdict, 'note');
	t.is(judge(buffers((1 << 20) - 1, 8 << 20))[0]!.verdict, 'warn');
	t.is(judge(only(1248))[0]!.verdict, 'ok');
	t.is(judge(only(1247))[0]!.verdict, 'fail');
	t.is(judge({fileMax: 1024})[0]!.verdict, 'ok');
	t.is(judge({fileMax: 1023})[0]!.verdict, 'warn');
	const end = Date.UTC(2028, 3, 30);
	const node = (now: number) => judgeMachine(healthy, now)[0]!.verdict;
	t.is(node(end), 'ok');
	t.is(node(end + 1), 'warn');
});

test('sees a clock that cannot be right, whoever keeps it', t => {
	for (const now of [0, Date.UTC(2025, 11, 31), Date.UTC(2101, 0, 1)]) {
		const found = judge({}, now).find(({check}) => check === 'clock');
		t.is(found?.verdict, 'fail');
	}
});

test('the oldest Node is the one that package.json names', t => {
	const {engines} = JSON.parse(readText('package.json')) as {engines: {node: string}};
	t.is(engines.node, `>=${runtimeMin.join('.')}`);
});

test('a finding is a line, and one below it for each command', t => {
	const mend = ['first', 'second'];
	t.deepEqual(findingLines({verdict: 'warn', check: 'cores', found: 'too few', mend}), [
		'warn  cores           too few',
		`${' '.repeat(22)}> first`,
		`${' '.repeat(22)}> second`,
	]);
});
