import type {Readable} from 'node:stream';

/** All that waits in `stream`: since Node 26 `read` gives one chunk of it. */
export function readAll(stream: Readable): string {
	const chunks: Uint8Array[] = [];
	for (;;) {
		const chunk = stream.read() as Uint8Array | null;
		if (chunk === null) return Buffer.concat(chunks).toString();
		chunks.push(chunk);
	}
}
