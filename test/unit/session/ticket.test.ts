import test from 'ava';
import {crypto} from '../../../native-free/crypto.ts';
import {
	type Ticket,
	TicketBox,
	ticketContextMax,
	ticketSizeMax,
} from '../../../src/session/ticket.ts';
import {later, micros, never} from '../../../src/unit.ts';

const second = 1_000_000;
const start = micros(5 * second);
const after = (seconds: number) => later(start, seconds * second);

const ticket: Ticket = {
	suite: 'ChaChaPoly',
	connection: 0xfedcba98,
	keys: {k1: new Uint8Array(32).fill(1), k2: new Uint8Array(32).fill(2)},
	addressHash: new Uint8Array(16).fill(3),
	context: new TextEncoder().encode('which module'),
};

test('a ticket comes back as it was sealed', t => {
	const box = new TicketBox(crypto);
	const sealed = box.seal(ticket, start);
	t.deepEqual(box.open(sealed, start), ticket);
	t.deepEqual(box.open(sealed, start), ticket, 'opening leaves it as it is');
	const largest = {...ticket, context: new Uint8Array(ticketContextMax).fill(7)};
	const sealedLargest = box.seal(largest, start);
	t.true(sealedLargest.length <= ticketSizeMax);
	t.deepEqual(box.open(sealedLargest, start), largest);
});

test('each ticket is another, and tells nothing of what it holds', t => {
	const box = new TicketBox(crypto);
	const texts = Array.from({length: 50}, () =>
		Buffer.from(box.seal(ticket, start)).toString('hex'),
	);
	t.is(new Set(texts).size, 50);
	for (const text of texts) t.false(text.includes('01'.repeat(8)));
});

test('a ticket with any octet changed, cut or of another box is none', t => {
	const box = new TicketBox(crypto);
	const sealed = box.seal(ticket, start);
	for (let index = 0; index < sealed.length; index++) {
		const changed = new Uint8Array(sealed);
		changed[index]! ^= 1;
		t.is(box.open(changed, start), undefined);
		t.is(box.open(sealed.subarray(0, index), start), undefined);
	}
	t.is(box.open(new Uint8Array(0), start), undefined);
	const other = new TicketBox(crypto);
	other.seal(ticket, start);
	t.is(other.open(sealed, start), undefined, 'as after a restart');
});

test('what a ticket has made is remembered as long as its key lives', t => {
	const box = new TicketBox(crypto);
	const sealed = box.seal(ticket, start);
	const use = box.find(sealed, start)!;
	t.is(use.session, undefined);
	box.redeem(use, 77);
	t.is(box.find(sealed, after(59))?.session, 77);
	const young = box.seal(ticket, after(61));
	t.is(box.find(sealed, after(119))?.session, 77, 'a newer key does not forget it');
	t.is(box.find(young, after(61))?.session, undefined);
	t.is(box.find(sealed, after(121)), undefined, 'with its key it is gone');
	t.is(box.open(sealed, after(121)), undefined);
	t.deepEqual(box.open(young, after(121)), ticket);
});

test('a ticket lives for a minute at least, and its key for two at most', t => {
	const box = new TicketBox(crypto);
	box.seal(ticket, start);
	const last = box.seal(ticket, after(59));
	t.not(box.open(last, after(119)), undefined);
	t.is(box.pollTimeout(), after(120));
	box.handleTimeout(after(120));
	t.is(box.open(last, after(120)), undefined);
	t.is(box.pollTimeout(), never, 'no key is left to destroy');
});
