import test from 'ava';
import {describePlan, joinPhrases} from '../../../src/cli/pull.ts';
import {serveState} from '../../../src/cli/serve.ts';

const plan = {
	module: 'debian',
	snapshot: '1e27a85294d8'.repeat(5),
	sequence: 1,
	issuedMs: 1000,
	entries: 4357,
	created: 5,
	changed: 6,
	deleted: 7,
	bytesTotal: 55_500_000,
	bytesToFetch: 53_100_000,
	bytesFound: 2_000_000,
	bytesFree: 81.5e9,
};

test('what goes where is told in two lines, on narrow terminals in more', t => {
	const [what, change] = describePlan(plan, 4000);
	t.deepEqual(joinPhrases(what!), [
		'module debian, snapshot 1e27a85294d8, 3 s ago, 4,357 entries, 55.5 MB',
	]);
	t.deepEqual(joinPhrases(change!), [
		'+5 new ~6 changed -7 gone, 53.1 MB to fetch, 2.00 MB found here, 81.5 GB free',
	]);
	t.deepEqual(joinPhrases(change!, 40), [
		'+5 new ~6 changed -7 gone,',
		'53.1 MB to fetch, 2.00 MB found here,',
		'81.5 GB free',
	]);
	t.deepEqual(joinPhrases(change!, 5).length, 4, 'a phrase is not cut');
	t.deepEqual(joinPhrases([]), []);
	t.is(describePlan({...plan, module: '', bytesFound: 0}, 4000).flat().length, 7);
});

test('a module whose name commands a terminal is escaped', t => {
	t.is(describePlan({...plan, module: 'a\u001b[2J'}, 0)[0]![0], 'module a\\#033[2J');
});

test('a source that serves counts its sessions', t => {
	const {amounts} = serveState({open: 1, ended: 0, bytesOut: 0});
	t.deepEqual(
		amounts.map(({long}) => long),
		['1 session open'],
	);
	const later = serveState({open: 20, ended: 1234, bytesOut: 5e9});
	t.deepEqual(
		later.amounts.map(({long}) => long),
		['20 sessions open', '1,234 ended', '5.00 GB sent in those'],
	);
});
