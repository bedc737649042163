/**
 * WebTransport over HTTP/2 between two processes over loopback: what the package alone carries when
 * the receiver gives credit for so many datagrams (unbounded, it would only queue), and what a pull
 * gets, start of the command to published tree, each run followed by one of the package alone.
 */
import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {makeCertificate} from '../../src/driver/certificate.ts';
import {loadWebTransport, type PackageSession} from '../../src/driver/webtransport-package.ts';
import type {Kernel} from '../harness.ts';
import {loopback} from './loopback.ts';

/** Datagrams that the sender may have on their way, and after how many the receiver says so. */
const window = 64;
const creditEvery = 8;

const path = '/bench';
const dayMs = 86_400_000;

type Asked = {readonly count: number; readonly size: number};

/** The end that sends, in a process of its own: answers with its port and its certificate's hash. */
async function send(): Promise<void> {
	const {package: library} = await loadWebTransport();
	const made = makeCertificate(Date.now() - dayMs, Date.now() + dayMs);
	const server = new library.Http2Server({
		...{host: '127.0.0.1', port: 0, secret: 'bench'},
		...{cert: made.certificate, privKey: made.privateKey},
	});
	const sessions = server.sessionStream(path).getReader();
	server.startServer();
	await server.ready;
	process.send?.({port: server.address()?.port, hash: Buffer.from(made.hash).toString('hex')});
	const {value: session} = await sessions.read();
	await session!.ready;
	let credit = 0;
	let wake = (): void => undefined;
	void receive(session!, datagram => {
		credit += datagram[0]!;
		wake();
	});
	const writer = session!.datagrams.createWritable().getWriter();
	process.on('message', async ({count, size}: Asked) => {
		const data = new Uint8Array(size).fill(7);
		credit = window;
		for (let sent = 0; sent < count; sent++) {
			while (credit <= 0) {
				await new Promise<void>(resolve => {
					wake = resolve;
				});
			}
			credit--;
			writer.write(data).catch(() => process.exit(1));
		}
	});
}

async function receive(session: PackageSession, each: (data: Uint8Array) => void): Promise<void> {
	const reader = session.datagrams.readable.getReader();
	for (;;) {
		const {done, value} = await reader.read();
		if (done || value === undefined) return;
		each(value);
	}
}

class RawPair {
	readonly #child: ChildProcess;
	readonly #writer: {write(data: Uint8Array): Promise<void>};
	#octets = 0;
	#left = 0;
	#done: () => void = () => undefined;
	readonly #session: PackageSession;

	private constructor(child: ChildProcess, session: PackageSession) {
		this.#child = child;
		this.#session = session;
		this.#writer = session.datagrams.createWritable().getWriter();
		void receive(session, data => {
			this.#octets += data.length;
			if (--this.#left % creditEvery === 0) {
				void this.#writer.write(Uint8Array.of(creditEvery));
			}
			if (this.#left === 0) this.#done();
		});
	}

	static async open(): Promise<RawPair> {
		const child = fork(fileURLToPath(import.meta.url), ['send']);
		const [place] = (await once(child, 'message')) as [{port: number; hash: string}];
		const {package: library} = await loadWebTransport();
		const session = new library.WebTransport(`https://127.0.0.1:${place.port}${path}`, {
			forceReliable: true,
			serverCertificateHashes: [{algorithm: 'sha-256', value: Buffer.from(place.hash, 'hex')}],
		});
		session.closed.catch(() => undefined);
		await session.ready;
		return new RawPair(child, session);
	}

	/** Octets that arrived. */
	async carry(asked: Asked): Promise<number> {
		this.#octets = 0;
		this.#left = asked.count;
		const done = new Promise<void>(resolve => {
			this.#done = resolve;
		});
		this.#child.send(asked);
		await done;
		return this.#octets;
	}

	close(): void {
		this.#session.close({closeCode: 0, reason: ''});
		this.#child.kill();
	}
}

function raw(size: number, count: number): Kernel {
	return {
		name: `session/webtransport-raw-${size}`,
		unit: 'octets',
		samples: 5,
		prepare: async smoke => {
			const asked = {size, count: smoke ? 200 : count};
			const pair = await RawPair.open();
			return {
				amount: asked.count * size,
				run: () => pair.carry(asked),
				close: () => pair.close(),
			};
		},
	};
}

/** Near the size that a pull uses. */
const large = {size: 16_000, count: 16_000};

const pull = loopback('webtransport-pull', 1, 512 << 20, 'h2');

/** `ratio`: of the package's own rate, measured beside it. */
const pullBeside: Kernel = {
	...pull,
	prepare: async smoke => {
		const prepared = await pull.prepare(smoke);
		const pair = await RawPair.open();
		const asked = smoke ? {...large, count: 200} : large;
		return {
			...prepared,
			beside: async () => {
				const startMs = performance.now();
				const octets = await pair.carry(asked);
				return (1000 * octets) / (performance.now() - startMs);
			},
			close: async () => {
				pair.close();
				await prepared.close?.();
			},
		};
	},
};

export const webTransportKernels: readonly Kernel[] = [
	raw(1200, 80_000),
	raw(large.size, large.count),
	pullBeside,
];

if (process.argv[2] === 'send' && process.send !== undefined) await send();
