/**
 * Serves modules: brings their snapshots up to date, signs what they offer, listens on every local
 * address, and offers a new snapshot within a second of its being saved.
 */
import platform from '#platform';
import {ShoalError} from '../error.ts';
import {toHex} from '../hex.ts';
import type {KeyPair} from '../platform/crypto.ts';
import type {DatagramLink} from '../platform/datagram.ts';
import type {Pool} from '../pool/pool.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import type {WebTransportPlace} from '../session/answer.ts';
import {formatKey} from '../session/key-text.ts';
import {type Host, Responder} from '../session/responder.ts';
import type {OnDefect} from '../session/session-table.ts';
import {formatSourceUrl} from '../session/source-url.ts';
import {same} from '../session/statement.ts';
import {Admission} from '../source/admission.ts';
import {SharedReads} from '../source/shared-reads.ts';
import {Source} from '../source/source.ts';
import {ConfigDirectory} from '../store/config-directory.ts';
import {ensureKey} from '../store/keys.ts';
import {keysStamp, readRotations} from '../store/rotations.ts';
import {readRanges} from '../task/read.ts';
import {later, millis} from '../unit.ts';
import {DelegatedHost, type DelegatedHostOptions} from './delegated-host.ts';
import type {Event, Server} from './event.ts';
import {listen, parsePlace} from './listen.ts';
import {makePool} from './make-pool.ts';
import {type Offering, openOffering} from './offering.ts';
import type {NewLimits, ServeOptions} from './options.ts';
import {Problems} from './problems.ts';
import {Pump} from './pump.ts';
import {openRun} from './run-task.ts';
import {endVacant} from './vacant-link.ts';
import type {WebTransportPort} from './webtransport-port.ts';

/** How often saved heads are looked at: a new snapshot is offered within a second. */
const watchEveryMs = 500;

/** Looks after which what was read for sessions, and no other has wanted since, is let go. */
const sweepEvery = 60;

/** Wanted size of a socket's buffers: see connection.ts; here many sessions share one. */
const bufferSize = 8 << 20;

/** One local address: everything between its socket and its sessions. */
type Listener = {
	readonly link: DatagramLink;
	readonly source: Source;
	readonly responder: Responder;
	readonly pump: Pump;
	/** Of WebTransport: ends the looks for whether anyone has a session over it. */
	readonly stopLooking?: () => void;
};

/**
 * Offers trees to receivers until it is closed; resolves when it listens. A new snapshot of a tree,
 * by whoever takes it, is offered within a second.
 * @throws ShoalError LISTEN_FAILED, TREE_MISSING, KEY_*, STORE_*
 */
export async function serve(options: ServeOptions): Promise<Server> {
	const server = new Serving(options);
	try {
		await server.start();
		return server;
	} catch (error) {
		await server.close();
		throw error;
	}
}

class Serving implements Server {
	readonly #options: ServeOptions;
	readonly #task: ActiveTask;
	readonly #pool: Pool;
	readonly #offers: Offering[] = [];
	/** Of UDP, and of each session of WebTransport. */
	readonly #listeners: Listener[] = [];
	#links: readonly DatagramLink[] = [];
	#webTransport: WebTransportPort | undefined;
	/** Whom it answers for: the first, whoever says no name. */
	#hosts: readonly Host[] = [];
	/** Held open while it serves: keys may be replaced meanwhile. */
	#config: ConfigDirectory | undefined;
	#keysStamp = '';
	readonly #admission = new Admission();
	readonly #reads = new SharedReads(this.#admission);
	#identity!: KeyPair;
	#hostOptions: DelegatedHostOptions | undefined;
	#cancelWatch: () => void = () => undefined;
	#lookCount = 0;
	#isClosed = false;
	/** What is wrong with an offer or the keys, told once and not at every look. */
	readonly #troubles = new Map<object | undefined, string>();
	urls: readonly string[] = [];
	publicKey = '';

	constructor(options: ServeOptions) {
		this.#options = options;
		const {scheduler, task} = openRun(options, platform.clock, {kind: 'serve', owner: ''});
		this.#task = task;
		this.#pool = makePool(platform, scheduler, options.threads);
	}

	get sessionCount(): number {
		return this.#listeners.reduce((sum, {responder}) => sum + responder.sessionCount, 0);
	}

	async start(): Promise<void> {
		const {modules, rateMax, on} = this.#options;
		this.#admission.setLimits(this.#options, platform.clock.now());
		this.#readKeys();
		for (const module of modules) {
			this.#task.signal.throwIfAborted();
			const serveModule = {...module, rateMax: module.rateMax ?? rateMax};
			const [pool, task] = [this.#pool, this.#task];
			const identity = this.#identity;
			const offer = openOffering(platform, pool, serveModule, identity, task, on);
			this.#offers.push(await offer);
		}
		this.#nameHosts();
		const {listen: places, mtu} = this.#options;
		this.#links = await listen(platform, places, {bufferSize, mtu});
		for (const link of this.#links) this.#listeners.push(this.#answerOn(link));
		await this.#openWebTransport();
		this.urls = this.#links.map(({local}) => this.#urlAt(local));
		const place = this.#webTransport?.place;
		this.#tell({
			event: 'listening',
			url: this.urls[0]!,
			publicKey: this.publicKey,
			...(place && {webTransportUrl: this.#urlAt(this.#links[0]!.local, place)}),
		});
		const lacking = this.#webTransport?.lacksHttp3;
		if (lacking) this.#tell({event: 'remark', text: `WebTransport over HTTP/2 alone: ${lacking}`});
		for (const offer of this.#offers) this.#tellServing(offer);
		for (const offer of this.#offers) offer.watch(this.#pool, this.#task, on);
		this.#watch();
	}

	limit(limits: NewLimits): void {
		const now = platform.clock.now();
		this.#admission.setLimits(limits, now);
		for (const {module} of this.#offers) {
			const own = limits.modules.find(({name}) => name === module.name);
			if (own === undefined) continue;
			module.setLimits({...own, rateMax: own.rateMax ?? limits.rateMax}, now);
		}
		for (const {source} of this.#listeners) source.limit();
	}

	async close(): Promise<void> {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#cancelWatch();
		this.#webTransport?.close();
		await Promise.all(this.#listeners.map(listener => closeListener(listener)));
		for (const offer of this.#offers) await offer.stopWatching();
		await this.#pool.close();
		for (const offer of this.#offers) offer.close();
		this.#config?.close();
		if (this.#task.isOpen) this.#task.done();
	}

	#readKeys(): void {
		const {crypto, clock} = platform;
		this.#config ??= ConfigDirectory.open(platform, this.#options.configDirectory, true)!;
		this.#keysStamp = keysStamp(this.#config);
		const identity = ensureKey(this.#config, crypto, 'identity');
		const hostKey = ensureKey(this.#config, crypto, 'host');
		this.#identity = identity;
		const rotations = readRotations(this.#config, crypto, identity.public);
		const webTransport = () => this.#webTransport?.place;
		this.#hostOptions = {crypto, clock, identity, hostKey, rotations, webTransport};
	}

	/** This host itself, if anything is its own, then each origin that something is relayed of. */
	#nameHosts(): void {
		const options = this.#hostOptions!;
		const hosts: Host[] = [];
		if (this.#offers.some(({origin}) => origin === undefined)) {
			hosts.push(new DelegatedHost(options));
		}
		for (const {origin} of this.#offers) {
			if (origin === undefined) continue;
			if (hosts.some(({identity}) => same(identity, origin.identity))) continue;
			hosts.push(new DelegatedHost({...options, origin}));
		}
		this.#hosts = hosts;
		for (const {responder} of this.#listeners) responder.answerFor(hosts);
		this.publicKey = formatKey(hosts[0]!.identity);
		this.urls = this.#links.map(({local}) => this.#urlAt(local));
	}

	async #openWebTransport(): Promise<void> {
		const {webTransport, listen: places} = this.#options;
		if (webTransport === undefined) return;
		const hosts = places.map(place => parsePlace(place).host);
		const all = hosts.length === 0 || hosts.some(host => ['', '::', '0.0.0.0'].includes(host));
		const {WebTransportPort} = await import('./webtransport-port.ts');
		this.#webTransport = await WebTransportPort.open({
			...webTransport,
			config: this.#config!,
			hosts: all ? [] : [...new Set(hosts)],
			wallMs: platform.clock.wallMs(),
			accepted: link => this.#accept(link),
			remark: text => this.#tell({event: 'remark', text}),
		});
	}

	/** A session of WebTransport has one receiver behind it: with it goes all that was for it. */
	#accept(link: DatagramLink): void {
		if (this.#isClosed) return void link.close();
		const close = (why: string): void => {
			const index = this.#listeners.indexOf(listener);
			if (index < 0) return;
			this.#listeners.splice(index, 1);
			void closeListener(listener, why);
		};
		const answering = this.#answerOn(link, error => close(error.message));
		const {responder} = answering;
		const stopLooking = endVacant(platform.clock, responder, () => close('no session'));
		const listener: Listener = {...answering, stopLooking};
		this.#listeners.push(listener);
	}

	/** Goes on under the keys that have taken the place of those that it began with. */
	#followKeys(): void {
		if (this.#config === undefined || keysStamp(this.#config) === this.#keysStamp) return;
		this.#readKeys();
		for (const offer of this.#offers) offer.signAs(this.#identity);
		this.#renameHosts();
	}

	/** Who pinned the name before is led to the one of today. */
	#renameHosts(): void {
		const {publicKey} = this;
		this.#nameHosts();
		if (this.publicKey === publicKey) return;
		this.#tell({event: 'notice', text: `the key has been changed: this is ${this.urls[0]} now`});
	}

	#answerOn(
		link: DatagramLink,
		failed = (error: Error) => this.#tell({event: 'notice', text: error.message}),
	): Listener {
		const onDefect: OnDefect = (peer, error, at) => this.#tellDefect(peer, error, at);
		const source: Source = new Source({
			modules: this.#offers.map(({module}) => module),
			admission: this.#admission,
			reads: this.#reads,
			clock: platform.clock,
			task: this.#task,
			read: (batch, order) => this.#pool.run(readRanges, batch, order),
			copy: platform.copy,
			wake: () => pump.wake(),
			onDefect,
			onSession: told => this.#tell({event: 'session', ...told}),
		});
		const responder = new Responder({
			crypto: platform.crypto,
			now: platform.clock.now(),
			hosts: this.#hosts,
			authority: source,
			onDefect,
			sizes: link.sizes,
		});
		const pump: Pump = new Pump({
			link,
			endpoint: responder,
			clock: platform.clock,
			spans: this.#task.spans,
			turned: () => source.turn(),
			failed,
		});
		return {link, source, responder, pump};
	}

	/** Whoever was served by it is served no more; everyone else is. */
	#tellDefect(...[peer, error, at]: Parameters<OnDefect>): void {
		const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
		const [what, ...where] = trace.split('\n').map(line => line.trim());
		const lost =
			at === 'session'
				? `the session of ${peer} has ended`
				: `a datagram of ${peer} was dropped, as will be others like it`;
		const message = `${lost}: ${what} ${where.slice(0, 2).join(' ')}`;
		new Problems(this.#options.on).add('SESSION_DEFECT', message);
	}

	#urlAt(local: string, webTransport?: WebTransportPlace): string {
		const cut = local.lastIndexOf(':');
		const host = local.slice(0, cut).replace(/^\[|\]$/g, '');
		const [first] = this.#offers;
		return formatSourceUrl({
			host,
			port: Number(local.slice(cut + 1)),
			identity: this.#hosts[0]!.identity,
			module: this.#offers.length === 1 ? first!.module.name : '',
			path: new Uint8Array(0),
			...(webTransport && {webTransport}),
		});
	}

	/** Looks for snapshots saved meanwhile, and signs again what is about to grow old. */
	#watch(): void {
		const {clock} = platform;
		this.#cancelWatch = clock.at(later(clock.now(), millis(watchEveryMs)), () => {
			this.#tryTo(this.#config, () => this.#followKeys());
			for (const offer of this.#offers) this.#tryTo(offer, () => this.#refresh(offer));
			const port = this.#webTransport;
			if (port !== undefined) this.#tryTo(port, () => port.renew(clock.wallMs()));
			if (++this.#lookCount % sweepEvery === 0) this.#reads.sweep();
			if (!this.#isClosed) this.#watch();
		});
	}

	#refresh(offer: Offering): void {
		const {origin} = offer;
		if (!offer.refresh()) return;
		if (origin && !same(origin.identity, offer.origin.identity)) this.#renameHosts();
		for (const {source} of this.#listeners) source.offer(offer.module);
		this.#tellServing(offer);
	}

	/** What cannot be done is told, and everything stays as it was. */
	#tryTo(what: object | undefined, act: () => void): void {
		try {
			act();
			this.#troubles.delete(what);
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			if (this.#troubles.get(what) === error.message) return;
			this.#troubles.set(what, error.message);
			this.#tell({event: 'notice', text: `${error.message}; the last one stays`});
		}
	}

	#tellServing({module}: Offering): void {
		const {published} = module;
		if (published === undefined) return;
		this.#tell({
			event: 'serving',
			module: module.name,
			snapshot: toHex(published.list.root),
			sequence: published.head.sequence,
			entries: published.list.entryCount,
		});
	}

	#tell(event: Event): void {
		this.#options.on?.(event);
	}
}

/** Tells its sessions why they end, and lets go of the link. */
async function closeListener(listener: Listener, why?: string): Promise<void> {
	const {link, responder, pump, stopLooking} = listener;
	stopLooking?.();
	responder.closeAll(why);
	pump.close();
	await link.close();
}
