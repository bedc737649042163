/**
 * Joins the two ends of a simulated transfer by real sessions: hello, answer with as much of the
 * list as it may carry, ticket, sealed packets. The cipher is a null one, so that a run costs
 * little more than without; it refuses what was changed on the way as a real one would.
 */
import type {Authority} from '../../src/session/authority.ts';
import type {Endpoint} from '../../src/session/endpoint.ts';
import type {EarlyBlock, InitiatorEvent} from '../../src/session/initiator.ts';
import {Responder} from '../../src/session/responder.ts';
import {Fetcher} from '../../src/transfer/fetcher.ts';
import {RangeSet} from '../../src/transfer/range-set.ts';
import {Sender} from '../../src/transfer/sender.ts';
import {nullCrypto} from './null-crypto.ts';
import type {Prng} from './prng.ts';
import {TestSource} from './session-pair.ts';
import {type Run, type RunOptions, readAll} from './transfer-run.ts';

export function sealSession(run: Run, options: RunOptions, prng: Prng): void {
	const {world, store, receiver, start} = run;
	const source = new TestSource(nullCrypto(prng.fork()));
	const list = store.read({kind: 0, page: 0, position: 0, offset: 0, length: store.listSize});
	source.says = {early: [list]};
	const authority: Authority = {
		answer: ask => source.answer(ask),
		open(_context, session) {
			const sender = new Sender({session, source: store, now: world.now, ...options.sender});
			run.sender = sender;
			return options.wrapSender?.(sender) ?? sender;
		},
	};
	const {crypto, host} = source;
	const responder = new Responder({crypto, now: start, hosts: [host], authority});
	const initiator = source.initiator(start, {
		peer: 'source',
		delegation: host.delegation,
		// A hundred times the longest hole: what a run may take is bounded elsewhere.
		contactTimeout: 1_000_000_000,
		idleTimeout: 1_000_000_000,
	});
	const early = new RangeSet();
	const takeEarly = (blocks: readonly EarlyBlock[]): void => {
		for (const {offset, data} of blocks) {
			if (early.missing(offset, offset + data.length) < data.length) continue;
			early.add(offset, offset + data.length);
			receiver.block(store.listRequest(), 0, offset, data);
		}
	};
	/** Asks for what of the list did not come with the answer. */
	const fetchList = (): void => {
		for (let at = early.nextGap(0); at < store.listSize; ) {
			const end = Math.min(store.listSize, early.nextMember(at));
			run.fetcher.fetch(store.listRequest(at, end));
			at = early.nextGap(end);
		}
		world.poll('receiver');
	};
	const onAnswered = (roundTrip: number | undefined): void => {
		const {controller, receiver: handler} = run;
		const {now} = world;
		run.fetcher = new Fetcher({controller, handler, now, roundTrip, ...options.fetcher});
		initiator.attach(run.fetcher, now);
		// The rest of the answer is right behind it.
		world.at(now + (roundTrip ?? 0) / 4, () => {
			asked = true;
			fetchList();
		});
	};
	let asked = false;
	const onEvent = (event: InitiatorEvent): void => {
		if (event.type === 'failed') run.failure = event.error.code;
		if (event.type === 'refused' || event.type === 'closed') run.failure = event.type;
		if (event.type === 'answered') onAnswered(event.roundTrip);
		if (event.type === 'answered' || event.type === 'early') {
			if (!asked) takeEarly(event.early);
		}
	};
	world.add('source', {
		...bound(responder),
		pollTransmit(now) {
			if (run.sender !== undefined) readAll(run.sender, store);
			return responder.pollTransmit(now);
		},
	});
	world.add('receiver', {
		...bound(initiator),
		pollTransmit(now) {
			for (let event = initiator.pollEvent(); event; event = initiator.pollEvent()) {
				onEvent(event);
			}
			return initiator.pollTransmit(now);
		},
	});
}

function bound(endpoint: Endpoint): Endpoint {
	return {
		handleDatagram: (data, from, now) => endpoint.handleDatagram(data, from, now),
		handleTimeout: now => endpoint.handleTimeout(now),
		pollTransmit: now => endpoint.pollTransmit(now),
		pollTimeout: () => endpoint.pollTimeout(),
	};
}
