/**
 * UDP by node:dgram. Node makes one system call and several objects for each datagram and gives
 * no way around that, so what can be saved is saved here: no promise, no closure, no name look-up
 * and no copy for a datagram, and one call of the handler for all that arrived in a turn.
 * A callback for each that is sent would be one more task of the next tick: a batch has one.
 */
import {createSocket, type Socket} from 'node:dgram';
import {lookup} from 'node:dns/promises';
import {isIP} from 'node:net';
import {nextTick} from 'node:process';
import {assert} from '../src/assert.ts';
import {ShoalError} from '../src/error.ts';
import {datagramSizeMax} from '../src/limit.ts';
import type {
	Address,
	DatagramLink,
	DatagramSizes,
	LinkHandler,
	LinkStatistics,
	Transmit,
} from '../src/platform/datagram.ts';
import type {OpenLink} from '../src/platform/platform.ts';
import {formatAddress, type HostPort, parseAddress} from './address.ts';
import {Arrivals} from './arrivals.ts';
import {datagramSizes} from './datagram-size.ts';
import {freeLarge} from './free-memory.ts';
import {findSocket, SocketReader} from './socket-reader.ts';
import {nodeCode} from './tree-error.ts';

/**
 * Datagrams that may wait in libuv when the kernel takes no more: a quarter of a megabyte of full
 * Ethernet frames, about what the kernel's own buffer holds. More would only add delay.
 */
const queueMax = 192;

/** The queue's length is asked for once in so many datagrams: it costs a call into Node. */
const queueLookInterval = 16;

/** Peers whose text is kept: forgotten all at once, so that a flood of forged ones is harmless. */
const peersMax = 4096;

/**
 * From so many datagrams in a turn on, the next turn's are read past node:dgram: that ends with a
 * read that finds nothing, and the error that says so costs as much as two datagrams.
 */
const busyMin = 8;

/** Errors of one datagram that say that the peer cannot be reached at all. */
const unreachable = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN'];

export async function openLink(options: OpenLink): Promise<DatagramLink> {
	const peer = options.peer === undefined ? undefined : parseAddress(options.peer);
	const host = await bindHost(options.host, peer);
	const six = isSix(peer?.host ?? host);
	const socket = six
		? createSocket({type: 'udp6', ipv6Only: true, lookup: literal})
		: createSocket({type: 'udp4', lookup: literal});
	try {
		await settled(socket, 'listening', () => socket.bind({port: options.port, address: host}));
		if (peer !== undefined) {
			await settled(socket, 'connect', () => socket.connect(peer.port, peer.host));
		}
	} catch (error) {
		socket.close();
		const where = options.peer ?? formatAddress(host, options.port);
		const [code, verb] =
			peer === undefined
				? (['LISTEN_FAILED', 'listen on'] as const)
				: (['PATH_UNREACHABLE', 'reach'] as const);
		throw new ShoalError(code, `cannot ${verb} ${where}: ${nodeCode(error)}`, {cause: error});
	}
	if (options.bufferSize !== undefined) setBuffers(socket, options.bufferSize);
	return new UdpLink(socket, options);
}

/** Of a literal address. */
function isSix(host: string): boolean {
	return host.includes(':');
}

/** Addresses of `host`, in the order in which the system would try them. */
export async function resolve(host: string, port: number): Promise<Address[]> {
	if (isIP(host) !== 0) return [formatAddress(host, port)];
	try {
		const found = await lookup(host, {all: true, verbatim: true});
		return [...new Set(found.map(({address}) => formatAddress(address, port)))];
	} catch (error) {
		const detail = `cannot find host ${JSON.stringify(host)}: ${nodeCode(error)}`;
		throw new ShoalError('PATH_UNREACHABLE', detail, {cause: error});
	}
}

class UdpLink implements DatagramLink {
	readonly local: Address;
	readonly payloadMax = datagramSizeMax;
	readonly sizes: DatagramSizes;
	readonly statistics: LinkStatistics = {
		datagramsIn: 0,
		datagramsOut: 0,
		bytesIn: 0,
		bytesOut: 0,
		sendFailures: 0,
	};
	readonly #socket: Socket;
	/** Set on a connected socket: the only address it knows. */
	readonly #peer: Address | undefined;
	readonly #peers = new Map<Address, HostPort>();
	readonly #texts = new Map<number, {host: string; text: Address}>();
	#handler: LinkHandler | undefined;
	readonly #arrivals = new Arrivals();
	/** Datagrams that came in this turn. */
	#turnCount = 0;
	/** Of a connected socket, once many come: undefined until then, null if it cannot be had. */
	#reader: SocketReader | null | undefined;
	#drained: (() => void) | undefined;
	/** Node sends in the tick after each call. */
	#unsentBatches = 0;
	#closed: Promise<void> | undefined;

	constructor(socket: Socket, {peer, mtu}: OpenLink) {
		const {address, port} = socket.address();
		this.local = formatAddress(address, port);
		this.sizes = datagramSizes(address, mtu);
		this.#socket = socket;
		this.#peer = peer;
		socket.on('message', (data, from) => this.#onMessage(data, from.address, from.port));
		socket.on('error', error => this.#onError(error));
	}

	send(batch: readonly Transmit[]): number {
		const socket = this.#socket;
		const {statistics} = this;
		if (this.#closed !== undefined) {
			statistics.sendFailures += batch.length;
			return batch.length;
		}
		this.#unsentBatches++;
		nextTick(this.#onBatch);
		for (let index = 0; index < batch.length; index++) {
			if (index % queueLookInterval === 0 && socket.getSendQueueCount() >= queueMax) {
				return index;
			}
			const {data, to} = batch[index]!;
			if (this.#peer === undefined) {
				const {host, port} = this.#parse(to);
				if (index === 0) socket.send(data, port, host, this.#onSent);
				else socket.send(data, port, host);
			} else {
				assert(to === this.#peer, 'a connected link has one peer');
				socket.send(data, this.#onSent);
			}
			statistics.datagramsOut++;
			statistics.bytesOut += data.length;
		}
		return batch.length;
	}

	/** What the kernel has taken it has copied; the rest waits in Node, or else in libuv. */
	get isIdle(): boolean {
		if (this.#unsentBatches > 0 || this.#closed !== undefined) return false;
		return this.#socket.getSendQueueCount() === 0;
	}

	/** Looked at in each turn while something waits: Node tells of no edge to wait for. */
	drained(then: () => void): void {
		assert(this.#drained === undefined, 'one waits for the link already');
		this.#drained = then;
		setImmediate(this.#lookDrained);
	}

	receive(handler: LinkHandler): void {
		this.#handler = handler;
		this.#arrivals.attach(handler);
	}

	release(data: Uint8Array): void {
		if (!this.#reader?.release(data)) freeLarge(data);
	}

	close(): Promise<void> {
		this.#closed ??= new Promise(resolve => this.#socket.close(resolve));
		this.#handler = undefined;
		this.#arrivals.attach(undefined);
		this.#drained = undefined;
		return this.#closed;
	}

	#onMessage(buffer: Buffer, host: string, port: number): void {
		const wasBusy = this.#arrivals.isEmpty && this.#turnCount >= busyMin;
		if (this.#arrivals.isEmpty) this.#turnCount = 0;
		// A Buffer's slice() is no copy, and whoever keeps octets by one would keep what is freed.
		const data = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
		this.#add(data, this.#peer ?? this.#format(host, port));
		if (wasBusy && this.#peer !== undefined) this.#readWaiting(this.#peer);
	}

	#add(data: Uint8Array, from: Address): void {
		this.statistics.datagramsIn++;
		this.statistics.bytesIn += data.length;
		this.#turnCount++;
		this.#arrivals.add({data, from});
	}

	/** What waits behind the first of a turn; of what is left, node:dgram tells in this turn too. */
	#readWaiting(peer: Address): void {
		if (this.#reader === null || !this.#arrivals.isAttached) return;
		try {
			this.#reader ??= this.#openReader();
			const isOfUse = this.#reader?.read(data => this.#add(data, peer));
			if (!isOfUse) this.#reader = null;
		} catch (error) {
			this.#onError(error as Error);
		}
	}

	#openReader(): SocketReader | undefined {
		const local = this.#socket.address();
		const peer = this.#socket.remoteAddress();
		const file = findSocket(local.port, peer.port, local.family === 'IPv6');
		return file === undefined ? undefined : new SocketReader(file);
	}

	readonly #onBatch = (): void => {
		this.#unsentBatches--;
	};

	/** Of one in each batch, where there may be many: what fails for one mostly fails for all. */
	readonly #onSent = (error: Error | null): void => {
		if (error === null || this.#closed !== undefined) return;
		this.statistics.sendFailures++;
		if (this.#peer !== undefined && unreachable.includes(nodeCode(error) ?? '')) {
			this.#onError(error);
		}
	};

	readonly #lookDrained = (): void => {
		if (this.#drained === undefined) return;
		if (this.#socket.getSendQueueCount() > queueMax / 2) {
			setImmediate(this.#lookDrained);
			return;
		}
		const then = this.#drained;
		this.#drained = undefined;
		then();
	};

	/** The socket stays usable: whether one refusal ends the session is not decided here. */
	#onError(error: Error): void {
		const code = nodeCode(error) ?? 'error';
		const where = this.#peer ?? this.local;
		const detail = unreachable.includes(code)
			? `nothing answers at ${where}: ${code}`
			: `the socket failed at ${where}: ${code}`;
		this.#handler?.failed(new ShoalError('PATH_UNREACHABLE', detail, {cause: error}));
	}

	#parse(address: Address): HostPort {
		let parsed = this.#peers.get(address);
		if (parsed === undefined) {
			parsed = parseAddress(address);
			if (this.#peers.size >= peersMax) this.#peers.clear();
			this.#peers.set(address, parsed);
		}
		return parsed;
	}

	/** The text of an address, mostly without making it: ports of peers seldom collide. */
	#format(host: string, port: number): Address {
		const known = this.#texts.get(port);
		if (known?.host === host) return known.text;
		if (this.#texts.size >= peersMax) this.#texts.clear();
		const text = formatAddress(host, port);
		this.#texts.set(port, {host, text});
		return text;
	}
}

/** Answers at once: only literal addresses are sent to, so nothing waits for a resolver. */
function literal(
	host: string,
	_options: unknown,
	callback: (error: null, address: string, family: number) => void,
): void {
	callback(null, host, isIP(host));
}

/** A wildcard follows the family of the peer; a name is looked up. */
async function bindHost(host: string, peer: HostPort | undefined): Promise<string> {
	if (peer !== undefined && (host === '' || host === '0.0.0.0' || host === '::')) {
		return isSix(peer.host) ? '::' : '0.0.0.0';
	}
	if (isIP(host) !== 0) return host;
	try {
		return (await lookup(host)).address;
	} catch (error) {
		const detail = `cannot find host ${JSON.stringify(host)}: ${nodeCode(error)}`;
		throw new ShoalError('LISTEN_FAILED', detail, {cause: error});
	}
}

function settled(socket: Socket, event: 'listening' | 'connect', begin: () => void): Promise<void> {
	return new Promise((resolve, reject) => {
		const done = (): void => {
			socket.off('error', fail);
			resolve();
		};
		const fail = (error: Error): void => {
			socket.off(event, done);
			reject(error);
		};
		socket.once(event, done);
		socket.once('error', fail);
		begin();
	});
}

/** The system clamps what it gives; one that refuses leaves the buffer as it is. */
function setBuffers(socket: Socket, size: number): void {
	for (const set of [socket.setRecvBufferSize, socket.setSendBufferSize]) {
		try {
			set.call(socket, size);
		} catch (error) {
			if (nodeCode(error) !== 'ERR_SOCKET_BUFFER_SIZE') throw error;
		}
	}
}
