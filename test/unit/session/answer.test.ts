/** What an answer says of WebTransport, and what is made of an answer that says it wrongly. */
import test from 'ava';
import {
	EarlyObjects,
	type Granted,
	parseAnswer,
	putGranted,
	type WebTransportPlace,
} from '../../../src/session/answer.ts';
import {Writer} from '../../../src/wire/codec.ts';
import {encodeFrame} from '../../../src/wire/frame.ts';

const octets = (size: number, fill: number) => new Uint8Array(size).fill(fill);
const place: WebTransportPlace = {port: 443, certificates: [octets(32, 1), octets(32, 2)]};
const diffs = Array.from({length: 8}, (_, index) => {
	return {sequence: index + 1, size: 1000, digest: octets(32, 9)};
});
const granted = (webTransport?: WebTransportPlace): Granted => ({
	statement: octets(300, 3),
	diffs,
	ticket: octets(212, 4),
	webTransport,
});

function said(room: number, what: Granted) {
	const to = new Writer(new Uint8Array(room));
	if (!putGranted(to, what)) return undefined;
	const answer = parseAnswer(to.written());
	if (answer === undefined || 'code' in answer.said) throw new Error('it is no answer');
	return answer.said;
}

test('an answer says where WebTransport is answered, and gives up diffs for it, but no more', t => {
	t.deepEqual(said(1100, granted(place))?.webTransport, place);
	t.is(said(1100, granted())?.webTransport, undefined);
	const tight = said(600, granted(place))!;
	t.deepEqual([tight.diffs.length, tight.webTransport], [0, place]);
	const least = said(530, granted(place))!;
	t.deepEqual([least.diffs.length, least.webTransport], [0, undefined]);
	t.is(least.ticket.length, 212);
	t.is(said(500, granted(place)), undefined);
});

/** An answer whose frames behind the ticket are written by `put`. */
function parsed(put: (to: Writer) => void) {
	const to = new Writer(new Uint8Array(1200));
	encodeFrame('head', {statement: octets(10, 1), diffs: []}, to);
	encodeFrame('ticket', {sealed: octets(10, 2)}, to);
	put(to);
	return parseAnswer(to.written());
}

test('a port that is none, a second place, and one behind an early block are refused', t => {
	const at = (port: number) => (to: Writer) =>
		encodeFrame('webTransport', {port, certificates: []}, to);
	t.truthy(parsed(at(1)));
	t.truthy(parsed(at(65_535)));
	t.is(parsed(at(0)), undefined);
	t.is(parsed(at(65_536)), undefined);
	const twice = (to: Writer) => {
		at(1)(to);
		at(1)(to);
	};
	t.is(parsed(twice), undefined);
	const late = (to: Writer) => {
		new EarlyObjects([octets(5, 5)]).put(to);
		at(1)(to);
	};
	t.is(parsed(late), undefined);
});
