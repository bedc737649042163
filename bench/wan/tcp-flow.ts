/**
 * A flow of TCP that has always something to send, as two processes: `tcp-flow.js send ADDRESS PORT`
 * listens and writes to whoever connects, `tcp-flow.js take ADDRESS PORT` connects and reads.
 */
import {connect, createServer, type Socket} from 'node:net';

const [, , role, host, port] = process.argv;
const chunk = Buffer.alloc(1 << 16);

if (role === 'send') {
	const server = createServer(socket => {
		// A reader that is killed resets the connection, which is the end of that flow alone.
		socket.on('error', () => socket.destroy());
		socket.on('drain', () => write(socket));
		write(socket);
	});
	server.listen(Number(port), host, () => process.stdout.write('listening\n'));
} else {
	connect(Number(port), host).resume();
}

function write(socket: Socket): void {
	while (socket.write(chunk));
}
