/** A WebTransport listener with links to it, over loopback. */
import {once} from 'node:events';
import {type ClientHttp2Session, type ClientHttp2Stream, connect, type Settings} from 'node:http2';
import {setTimeout as sleep} from 'node:timers/promises';
import {makeCertificate} from '../../src/driver/certificate.ts';
import {dialWebTransport, lacksWebTransport} from '../../src/driver/webtransport-dial.ts';
import type {WebTransportLink, WebTransportMode} from '../../src/driver/webtransport-link.ts';
import {WebTransportListener} from '../../src/driver/webtransport-listen.ts';
import type {DriverPair} from './driver-compliance.ts';

/** Loopback carries at once: turns of the event loop count, not the time that others take. */
const turnsMax = 350;

export const dayMs = 86_400_000;

export async function carry(isDone: () => boolean): Promise<void> {
	for (let turn = 0; turn < turnsMax && !isDone(); turn++) await sleep(1);
}

/** Waits for what comes in no time, however busy the machine is. */
export async function until(isDone: () => boolean): Promise<void> {
	const end = performance.now() + 60_000;
	while (!isDone() && performance.now() < end) await sleep(1);
}

/** A certificate for now. */
export const freshCertificate = () => makeCertificate(Date.now() - dayMs, Date.now() + dayMs);

/** Why there can be no test of that mode; undefined: there can. */
export async function lacksMode(mode: WebTransportMode): Promise<string | undefined> {
	return (await lacksWebTransport(mode))?.message;
}

export class Door {
	readonly accepted: WebTransportLink[] = [];
	readonly listener: WebTransportListener;
	readonly #mode: WebTransportMode;
	#hash: Uint8Array;

	private constructor(
		listener: WebTransportListener,
		accepted: WebTransportLink[],
		mode: WebTransportMode,
		hash: Uint8Array,
	) {
		this.listener = listener;
		this.accepted = accepted;
		this.#mode = mode;
		this.#hash = hash;
	}

	static async open(mode: WebTransportMode, host = '127.0.0.1', port = 0): Promise<Door> {
		const certificate = freshCertificate();
		const accepted: WebTransportLink[] = [];
		const listener = await WebTransportListener.open({
			mode,
			host,
			port,
			certificate,
			accepted: link => accepted.push(link as WebTransportLink),
		});
		return new Door(listener, accepted, mode, certificate.hash);
	}

	get address(): string {
		return `127.0.0.1:${this.listener.port}`;
	}

	/** Shows another certificate from now on, which those who dial from here know. */
	renew(): boolean {
		const certificate = freshCertificate();
		this.#hash = certificate.hash;
		return this.listener.renew(certificate);
	}

	/** A link to it, and the other end of that. */
	async dial(
		hashes: readonly Uint8Array[] = [this.#hash],
		signal: AbortSignal = new AbortController().signal,
	): Promise<{here: WebTransportLink; there: WebTransportLink}> {
		const count = this.accepted.length;
		const here = (await dialWebTransport({
			mode: this.#mode,
			peer: this.address,
			certificateHashes: hashes,
			signal,
		})) as WebTransportLink;
		await until(() => this.accepted.length > count);
		return {here, there: this.accepted[count]!};
	}

	async close(): Promise<void> {
		this.listener.close();
		await Promise.all(this.accepted.map(link => link.close()));
	}
}

/** Two ends of one session, as two links that can reach each other. */
export async function openPair(mode: WebTransportMode): Promise<DriverPair> {
	const door = await Door.open(mode);
	const {here, there} = await door.dial();
	// As a source it is known by the port that it listens on.
	return {
		a: here,
		b: there,
		bAddress: here.peer,
		aAddress: there.peer,
		carry,
		close: () => door.close(),
	};
}

/** A session over HTTP/2 without a driver: its stream is asked for, and may send anything. */
export async function askSession(
	door: Door,
	settings?: Settings,
): Promise<{client: ClientHttp2Session; stream: ClientHttp2Stream}> {
	const client = connect(`https://${door.address}`, {
		rejectUnauthorized: false,
		...(settings && {settings}),
	});
	client.on('error', () => undefined);
	await once(client, 'remoteSettings');
	const stream = client.request({
		':method': 'CONNECT',
		':protocol': 'webtransport',
		':scheme': 'https',
		':path': '/shoal',
	});
	stream.on('error', () => undefined);
	return {client, stream};
}
