/**
 * Ends a link of WebTransport over which nobody has a session: a port has a bounded number of them,
 * and whoever opened many without a word would keep everyone else out.
 */
import type {Clock} from '../platform/clock.ts';
import type {Responder} from '../session/responder.ts';
import {ticketLifetime} from '../session/ticket.ts';
import {later, millis} from '../unit.ts';

/**
 * Microseconds between two looks. Who has an answer may begin the session for as long as the ticket
 * is good, and may have said hello for 30 s before that: no honest receiver needs longer.
 */
const lookEvery = ticketLifetime + millis(32_000);

type Sessions = Pick<Responder, 'sessionCount'> & {readonly counts: {readonly sessions: number}};

/**
 * Calls `vacant` once, when a look finds no session and none was begun since the look before.
 * The answer cancels it.
 */
export function endVacant(
	clock: Clock,
	responder: Sessions,
	vacant: () => void,
	every: number = lookEvery,
): () => void {
	let begun = 0;
	let cancel: () => void;
	const look = (): void => {
		const {sessionCount, counts} = responder;
		if (sessionCount === 0 && counts.sessions === begun) {
			vacant();
			return;
		}
		begun = counts.sessions;
		arm();
	};
	const arm = (): void => {
		cancel = clock.at(later(clock.now(), every), look);
	};
	arm();
	return () => cancel();
}
