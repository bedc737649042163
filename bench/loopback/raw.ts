/**
 * What datagrams and their cipher cost without anything else, as a yardstick: `raw.js source ADDRESS
 * SIZE COUNT` and `raw.js receiver ADDRESS PORT SIZE COUNT`. The source seals datagrams of one size as
 * fast as a window of credit lets it, and the receiver opens them and gives credit back: no file, no
 * loss, no congestion control. The window is what the receiver's buffer surely holds.
 */
import {createSocket} from 'node:dgram';
import platform from '#platform';
import {rawHeaderSize} from './raw-overhead.ts';

/** What the kernel takes for a datagram beyond its octets, at most. */
const keptExtra = 2048;
const bufferSize = 8 << 20;

/** Without a datagram for so long, one was lost and none will come any more. */
const silenceMs = 10_000;

const key = platform.crypto.aead(platform.crypto.preferred, makeKey());
const nonce = new Uint8Array(12);
const nonceView = new DataView(nonce.buffer);
const nonceOf = (number: number): Uint8Array => {
	nonceView.setUint32(8, number);
	return nonce;
};

const [role, address, ...numbers] = process.argv.slice(2);
if (role === 'source') runSource(address!, Number(numbers[0]), Number(numbers[1]));
else runReceiver(address!, ...(numbers.map(Number) as [number, number, number]));

function makeKey(): Uint8Array {
	return new Uint8Array(platform.crypto.preferred === 'AESGCM' ? 16 : 32).fill(7);
}

function runSource(host: string, size: number, count: number): void {
	const socket = createSocket('udp4');
	const content = new Uint8Array(size).fill(7);
	let slab = new Uint8Array(0);
	let filled = 0;
	let sent = 0;
	const send = (until: number, port: number, to: string): void => {
		for (; sent < until; sent++) {
			if (slab.length - filled < size) {
				slab = new Uint8Array(Math.max(65_536, size));
				filled = 0;
			}
			const packet = slab.subarray(filled, filled + size);
			filled += size;
			packet.set(content);
			new DataView(packet.buffer, packet.byteOffset).setUint32(1, sent);
			key.seal(packet, rawHeaderSize, size, nonceOf(sent));
			socket.send(packet, port, to);
		}
	};
	// What comes says how many may have been sent in all; a new receiver begins again at none.
	socket.on('message', (data, from) => {
		if (data[0] === 1) sent = 0;
		send(Math.min(count, data.readUInt32BE(1)), from.port, from.address);
	});
	socket.bind(0, host, () => process.stdout.write(`${socket.address().port}\n`));
}

function runReceiver(host: string, port: number, size: number, count: number): void {
	const socket = createSocket('udp4');
	let got = 0;
	let told = 0;
	let window = 0;
	const tell = (isFirst: boolean): void => {
		const data = Buffer.alloc(5);
		data[0] = isFirst ? 1 : 0;
		data.writeUInt32BE(got + window, 1);
		told = got;
		socket.send(data);
	};
	const silence = setTimeout(() => {
		throw new Error(`nothing came any more after ${got} of ${count} datagrams`);
	}, silenceMs);
	socket.on('message', packet => {
		const number = packet.readUInt32BE(1);
		if (packet.length !== size || !key.open(packet, rawHeaderSize, size, nonceOf(number))) {
			throw new Error('a datagram is not what was sent');
		}
		got++;
		if (got - told >= window / 4) {
			tell(false);
			silence.refresh();
		}
		if (got < count) return;
		clearTimeout(silence);
		socket.close();
	});
	socket.connect(port, host, () => {
		socket.setRecvBufferSize(bufferSize);
		window = Math.max(1, Math.floor(socket.getRecvBufferSize() / (2 * (size + keptExtra))));
		tell(true);
	});
}
