/** Whoever opens a session of WebTransport and begins none of this protocol is let go. */
import {setTimeout as sleep} from 'node:timers/promises';
import test from 'ava';
import {clock} from '../../native-free/clock.ts';
import {endVacant} from '../../src/engine/vacant-link.ts';
import {millis} from '../../src/unit.ts';
import {Door, until} from '../support/webtransport-pair.ts';

const everyMs = 100;

test.serial('over HTTP/2, a link is ended once no session is there or was begun', async t => {
	const door = await Door.open('h2');
	t.teardown(() => door.close());
	const responder = {sessionCount: 1, counts: {sessions: 1}};
	const silent = await door.dial();
	const busy = await door.dial();
	const failures: Error[] = [];
	const failed = (error: Error) => failures.push(error);
	for (const {here} of [silent, busy]) here.receive({datagrams: () => undefined, failed});
	let vacantCount = 0;
	const endOf = (link: typeof silent.there) => () => {
		vacantCount++;
		void link.close();
	};
	const none = {sessionCount: 0, counts: {sessions: 0}};
	endVacant(clock, none, endOf(silent.there), millis(everyMs));
	endVacant(clock, responder, endOf(busy.there), millis(everyMs));
	await until(() => failures.length > 0);
	await sleep(3 * everyMs);
	t.is(vacantCount, 1, 'whoever has a session stays');
	t.is(failures.length, 1);
	t.regex(failures[0]!.message, /has ended/);
	responder.sessionCount = 0;
	await until(() => failures.length > 1);
	t.is(vacantCount, 2, 'and goes when it is over');
});

test('a session that came and went between two looks counts, and a cancelled look is none', t => {
	const looks: (() => void)[] = [];
	const fake = {
		...clock,
		at: (_: unknown, look: () => void) => {
			looks.push(look);
			return () => looks.splice(looks.indexOf(look), 1);
		},
	};
	const responder = {sessionCount: 0, counts: {sessions: 0}};
	let vacantCount = 0;
	const cancel = endVacant(fake, responder, () => vacantCount++);
	responder.counts.sessions = 1;
	looks.shift()!();
	t.is(vacantCount, 0);
	t.is(looks.length, 1, 'it looks again');
	cancel();
	t.is(looks.length, 0);
	endVacant(fake, {sessionCount: 0, counts: {sessions: 0}}, () => vacantCount++);
	looks.shift()!();
	t.is(vacantCount, 1);
});
