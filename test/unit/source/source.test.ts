import test from 'ava';
import {ShoalError} from '../../../src/error.ts';
import {PathMtu} from '../../../src/session/path-mtu.ts';
import type {SessionHandle} from '../../../src/session/payload.ts';
import {type Ask, refusalCode} from '../../../src/session/responder.ts';
import {Admission} from '../../../src/source/admission.ts';
import {Module, type ModuleOptions} from '../../../src/source/module.ts';
import type {Published} from '../../../src/source/published.ts';
import {type SessionTold, Source} from '../../../src/source/source.ts';
import {micros} from '../../../src/unit.ts';
import {Writer} from '../../../src/wire/codec.ts';
import {encodeFrame, objectKind} from '../../../src/wire/frame.ts';
import {openTask} from '../../support/task.ts';

const session: SessionHandle = {
	payloadMax: 1100,
	overhead: 25,
	mtu: new PathMtu({max: 1200}),
	validated: true,
	peer: '192.0.2.1:1',
	wasSkipped: () => false,
	wake: () => undefined,
	close: () => undefined,
};

const ask = (sequence: number): Ask => ({
	module: new Uint8Array(0),
	sequence,
	clientKey: undefined,
	from: '192.0.2.1:1',
	identity: new Uint8Array(32),
});

/** A snapshot of one file that has a leaves object of 64 octets. */
const leaves = {
	resolve: () => ({sizes: Float64Array.of(64)}),
	digestOf: () => new Uint8Array(32),
};

/** A source of one module that offers the snapshot of sequence 7. */
function make(options: Partial<ModuleOptions> = {}) {
	const module = new Module({
		name: '',
		root: 0 as never,
		saved: {leaves: () => undefined, sums: () => undefined},
		...options,
	});
	const published = {head: {sequence: 7}, earlyFor: () => [], ...leaves};
	module.publish(published as unknown as Published);
	const told: SessionTold[] = [];
	const source = new Source({
		admission: new Admission(),
		modules: [module],
		clock: {now: () => micros(0), wallMs: () => 0, at: () => () => undefined},
		task: openTask({kind: 'serve'}),
		read: () => Promise.reject(new Error('nothing is read')),
		wake: () => undefined,
		onSession: each => told.push(each),
	});
	const to = new Writer(new Uint8Array(12));
	for (const word of [0, 0, 7]) to.u32(word);
	return {source, told, context: to.written()};
}

test('what a receiver says when it ends its session is escaped before it is told', t => {
	const {source, told, context} = make();
	source.open(context, session)!.closed(9, 'all is \u001b[2Jwell\nshoal: ok');
	t.is(told.at(-1)?.reason, 'all is \\#033[2Jwell\\#012shoal: ok');
});

test('no more sessions are opened than a module may have, whoever holds a ticket', t => {
	const {source, context} = make({sessionsMax: 2});
	const first = source.open(context, session);
	t.truthy(first);
	t.truthy(source.open(context, session));
	t.is(source.open(context, session), undefined);
	t.like(source.answer(ask(6)), {code: refusalCode.busy}, 'there is something to fetch');
	t.false('code' in source.answer(ask(7)), 'and here there is not');
	first!.closed(0, '');
	t.truthy(source.open(context, session));
});

test('a state directory that cannot be read refuses an object, and ends nothing', t => {
	const saved = {
		leaves: () => {
			throw new ShoalError('FILE_UNREADABLE', 'cannot read files.data: i/o error');
		},
		sums: () => undefined,
	};
	const {source, context} = make({saved});
	const served = source.open(context, session)!;
	const asked = new Writer(new Uint8Array(100));
	const range = {page: 0, position: 1, count: 1, offset: 0, length: 64};
	encodeFrame('want', {number: 0, snapshot: 0, kind: objectKind.leaves, ...range}, asked);
	t.is(served.handlePacket(0, asked.written(), 1200, micros(0)), undefined);
	t.true(source.turn(), 'a refusal is at hand');
	t.false(source.turn());
});
