/**
 * One conversation with a source, from the first datagram to the last: a link, the initiator on it
 * and the pump between them. Dialling tries the addresses of a host one after another, the next
 * one a little before the last has given up, and keeps the first that answers.
 */
import {ShoalError} from '../error.ts';
import {escapePath} from '../escape.ts';
import type {Clock} from '../platform/clock.ts';
import type {Address, DatagramLink, LinkStatistics} from '../platform/datagram.ts';
import type {Platform} from '../platform/platform.ts';
import type {SpanBoard} from '../scheduler/job-span.ts';
import {contactTimeoutDefault} from '../session/contact.ts';
import {Initiator, type InitiatorEvent, type InitiatorOptions} from '../session/initiator.ts';
import {closeCode, type Payload} from '../session/payload.ts';
import {refusalCode} from '../session/responder.ts';
import {later, type Micros, millis} from '../unit.ts';
import {Pump} from './pump.ts';

export type Answered = Extract<InitiatorEvent, {type: 'answered'}>;
export type Early = Extract<InitiatorEvent, {type: 'early'}>;

export type DialOptions = Omit<InitiatorOptions, 'crypto' | 'now' | 'wallMs' | 'peer'> & {
	readonly addresses: readonly Address[];
	readonly signal: AbortSignal | undefined;
	/** Opens a link to an address, until `stop`; default: UDP. */
	readonly openLink?: (address: Address, stop: AbortSignal) => Promise<DatagramLink>;
	/** Told of long turns while anybody watches. */
	readonly spans?: SpanBoard;
};

/** Head start of an address over the next one. RFC 8305 §5 waits 250 ms between TCP dials. */
const headStartMs = 250;

/**
 * Wanted size of a socket's receive buffer: 50 ms of 1 Gbit/s, longer than a collection of
 * garbage. The system may give less.
 */
const bufferSize = 8 << 20;

export class Connection {
	readonly address: Address;
	readonly answered: Answered;
	readonly #dialling: Dialling;

	private constructor(dialling: Dialling, answered: Answered) {
		this.#dialling = dialling;
		this.address = dialling.address;
		this.answered = answered;
	}

	/**
	 * @throws ShoalError PATH_UNREACHABLE, PATH_SILENT, PEER_*, MODULE_UNKNOWN, ACCESS_DENIED,
	 * SOURCE_BUSY, INTERRUPTED
	 */
	static async dial(platform: Platform, options: DialOptions): Promise<Connection> {
		const lost = new AbortController();
		const stop = AbortSignal.any([lost.signal, ...(options.signal ? [options.signal] : [])]);
		const attempts: Attempt[] = [];
		for (const address of options.addresses) {
			attempts.push(attempt(platform, address, options, stop, attempts.at(-1)));
		}
		try {
			const [winner, answered] = await Promise.any(attempts.map(({answer}) => answer));
			return new Connection(winner, answered);
		} catch (error) {
			throw joinFailures((error as AggregateError).errors);
		} finally {
			lost.abort();
		}
	}

	get statistics(): LinkStatistics {
		return this.#dialling.statistics;
	}

	get initiator(): Initiator {
		return this.#dialling.initiator;
	}

	/** The address of this host that its datagrams leave from. */
	get local(): Address {
		return this.#dialling.local;
	}

	/** Goes on with the session of the answer; `on.failed` is told, once, if it ends unasked. */
	attach(payload: Payload, on: SessionEvents): void {
		this.#dialling.attach(payload, on);
	}

	/** The payload has something to send. */
	wake(): void {
		this.#dialling.wake();
	}

	/** Ends the session if there is one, and closes the link. */
	async close(): Promise<void> {
		await this.#dialling.close();
	}
}

export type SessionEvents = {
	early(event: Early): void;
	failed(error: ShoalError): void;
};

/** One address that is dialled: when its turn has come, and what came of it. */
type Attempt = {readonly begun: Promise<void>; readonly answer: Promise<[Dialling, Answered]>};

/** Dials one address, after the head start of the one before or as soon as that has failed. */
function attempt(
	platform: Platform,
	address: Address,
	options: DialOptions,
	stop: AbortSignal,
	before: Attempt | undefined,
): Attempt {
	const startAt = platform.clock.now();
	const begun = before === undefined ? Promise.resolve() : afterHeadStart(platform, before, stop);
	return {begun, answer: begun.then(() => dialOne(platform, address, options, stop, startAt))};
}

async function afterHeadStart(
	platform: Platform,
	{begun, answer}: Attempt,
	stop: AbortSignal,
): Promise<void> {
	await begun;
	const failed = answer.then(
		() => new Promise<never>(() => undefined),
		() => undefined,
	);
	await Promise.race([failed, pause(platform, headStartMs, stop)]);
}

/** All addresses have the time until a first answer together: counted from `startAt`. */
async function dialOne(
	platform: Platform,
	address: Address,
	options: DialOptions,
	stop: AbortSignal,
	startAt: Micros,
): Promise<[Dialling, Answered]> {
	if (stop.aborted) throw interrupted();
	const {contactTimeout = contactTimeoutDefault} = options;
	const left = Math.max(0, contactTimeout - (platform.clock.now() - startAt));
	const timed = {...options, contactTimeout: left};
	const dialling = await Dialling.open(platform, address, timed, stop);
	const quit = (): void => void dialling.close();
	stop.addEventListener('abort', quit);
	try {
		const answered = await dialling.answer;
		if (stop.aborted) throw interrupted();
		return [dialling, answered];
	} catch (error) {
		await dialling.close();
		throw error;
	} finally {
		stop.removeEventListener('abort', quit);
	}
}

/** One address: link, initiator, pump. */
class Dialling {
	readonly address: Address;
	readonly initiator: Initiator;
	/** Settles when the first answer is there, or will not come. */
	readonly answer: Promise<Answered>;
	readonly #link: DatagramLink;
	readonly #pump: Pump;
	readonly #clock: Clock;
	#answered!: (event: Answered) => void;
	#refused!: (error: ShoalError) => void;
	#events: SessionEvents | undefined;
	/** Octets of the answer's objects that came after it, before anyone asked for them. */
	#early: Early[] = [];
	#over = false;
	/** Why it is over, if nobody has ended it. */
	#failure: ShoalError | undefined;

	private constructor(
		platform: Platform,
		link: DatagramLink,
		options: InitiatorOptions,
		spans: SpanBoard | undefined,
	) {
		this.address = options.peer;
		this.#link = link;
		this.#clock = platform.clock;
		this.answer = new Promise((resolve, reject) => {
			this.#answered = resolve;
			this.#refused = reject;
		});
		this.answer.catch(() => undefined);
		this.initiator = new Initiator(options);
		this.#pump = new Pump({
			link,
			endpoint: this.initiator,
			clock: platform.clock,
			spans,
			turned: () => {
				this.#drain();
				return false;
			},
			failed: error => this.#fail(asShoalError(error)),
		});
		this.#pump.wake();
	}

	static async open(
		platform: Platform,
		address: Address,
		options: DialOptions,
		stop: AbortSignal,
	): Promise<Dialling> {
		const {clock, crypto} = platform;
		const host = address.startsWith('[') ? '::' : '0.0.0.0';
		const {addresses: _, signal: __, openLink, spans, ...rest} = options;
		const link = await (openLink === undefined
			? platform.openLink({host, port: 0, peer: address, bufferSize})
			: openLink(address, stop));
		const now = clock.now();
		const wallMs = (): number => clock.wallMs();
		const initiator = {...rest, crypto, now, wallMs, peer: address, sizes: link.sizes};
		return new Dialling(platform, link, initiator, spans);
	}

	get local(): Address {
		return this.#link.local;
	}

	get statistics(): LinkStatistics {
		return this.#link.statistics;
	}

	attach(payload: Payload, on: SessionEvents): void {
		this.#events = on;
		for (const event of this.#early.splice(0)) on.early(event);
		const failure = this.#failure;
		if (failure !== undefined) {
			// It broke before anyone was there to be told; told when the caller is done here.
			queueMicrotask(() => on.failed(failure));
			return;
		}
		this.initiator.attach(payload, this.#clock.now());
		this.#pump.wake();
	}

	wake(): void {
		this.#pump.wake();
	}

	async close(): Promise<void> {
		if (!this.#over) {
			this.#over = true;
			this.initiator.close(closeCode.done, '');
		}
		this.#refused(interrupted());
		this.#pump.close();
		await this.#link.close();
	}

	#drain(): void {
		for (let event = this.initiator.pollEvent(); event; event = this.initiator.pollEvent()) {
			switch (event.type) {
				case 'answered':
					this.#answered(event);
					break;
				case 'early':
					if (this.#events === undefined) this.#early.push(event);
					else this.#events.early(event);
					break;
				case 'refused':
					this.#fail(refusal(event));
					break;
				case 'failed':
					this.#fail(event.error);
					break;
				case 'closed':
					this.#fail(closing(event));
			}
		}
	}

	#fail(error: ShoalError): void {
		if (this.#over) return;
		this.#over = true;
		this.#failure = error;
		this.#refused(error);
		this.#events?.failed(error);
	}
}

function refusal({code, text, retryMs}: Extract<InitiatorEvent, {type: 'refused'}>): ShoalError {
	const said = text === '' ? '' : `: ${escapePath(new TextEncoder().encode(text))}`;
	if (code === refusalCode.moduleUnknown) {
		return new ShoalError('MODULE_UNKNOWN', `the source has no such module${said}`);
	}
	if (code === refusalCode.busy) {
		const wait = Math.ceil(retryMs / 1000);
		const detail = `the source is busy for ${wait} s or so${said}`;
		return new ShoalError('SOURCE_BUSY', detail, {retryMs});
	}
	return new ShoalError('ACCESS_DENIED', `the source refuses access${said}`);
}

/** A source that goes away may come back; one that refuses what it was sent will again. */
function closing({code, text}: Extract<InitiatorEvent, {type: 'closed'}>): ShoalError {
	const said = text === '' ? '' : `: ${escapePath(new TextEncoder().encode(text))}`;
	const {done, shuttingDown, idle, unavailable} = closeCode;
	const isLeaving = [done, shuttingDown, idle, unavailable].some(each => each === code);
	const detail = `the source ended the session (code ${code})${said}`;
	return new ShoalError(isLeaving ? 'SESSION_CLOSED' : 'PEER_FRAME_INVALID', detail);
}

/**
 * What came of all addresses as one error: an answer of any kind says more than a refused port, and
 * that more than silence. Where none has answered, all are named, but for what is not to be had.
 */
export function joinFailures(all: readonly unknown[]): unknown {
	const had = all.filter(each => (each as ShoalError).code !== 'DRIVER_UNAVAILABLE');
	const errors = had.length > 0 ? had : all;
	const rank = (error: unknown): number => {
		if (!(error instanceof ShoalError)) return 4;
		if (error.code === 'INTERRUPTED') return 3;
		if (error.code === 'PATH_SILENT') return 0;
		return error.code === 'PATH_UNREACHABLE' ? 1 : 2;
	};
	const best = errors.reduce((most, each) => (rank(each) > rank(most) ? each : most));
	if (errors.length === 1 || rank(best) > 1 || !(best instanceof ShoalError)) return best;
	const texts = errors.map(error => (error as ShoalError).message);
	return new ShoalError(best.code, texts.join('; '), {cause: best});
}

function asShoalError(error: Error): ShoalError {
	if (error instanceof ShoalError) return error;
	return new ShoalError('PATH_UNREACHABLE', error.message, {cause: error});
}

function interrupted(): ShoalError {
	return new ShoalError('INTERRUPTED', 'stopped before the source answered');
}

/** Resolves after `ms`, or at once when stopped. */
export function pause({clock}: Platform, ms: number, stop: AbortSignal | undefined): Promise<void> {
	return new Promise(resolve => {
		if (stop?.aborted) return resolve();
		const cancel = clock.at(later(clock.now(), millis(ms)), resolve);
		const quit = (): void => {
			cancel();
			resolve();
		};
		stop?.addEventListener('abort', quit, {once: true});
	});
}
