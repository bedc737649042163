/**
 * `file-server.js DIRECTORY ADDRESS PORT`: files over HTTP with ranges, several to an answer, as
 * zsync asks for them. It runs at the source's host and ends with it.
 */
import {closeSync, openSync, readSync, statSync} from 'node:fs';
import {createServer, type ServerResponse} from 'node:http';
import {basename, join} from 'node:path';

const [directory, address, port] = process.argv.slice(2) as [string, string, string];
const boundary = 'part';

const server = createServer((request, response) => {
	const path = join(directory, basename(decodeURIComponent(request.url ?? '')));
	const size = statSync(path, {throwIfNoEntry: false})?.size;
	if (size === undefined) response.writeHead(404).end();
	else answer(path, size, parseRanges(request.headers.range, size), response);
});
server.listen(Number(port), address, () => process.stdout.write('listening\n'));

type Range = readonly [first: number, last: number];

function parseRanges(header: string | undefined, size: number): Range[] {
	const [, list] = /^bytes=(.+)$/.exec(header ?? '') ?? [];
	return (list ?? '').split(',').flatMap(part => {
		const [, first, last] = /^\s*(\d+)-(\d*)\s*$/.exec(part) ?? [];
		if (first === undefined) return [];
		return [[Number(first), last ? Math.min(Number(last), size - 1) : size - 1] as const];
	});
}

function answer(
	path: string,
	size: number,
	ranges: readonly Range[],
	response: ServerResponse,
): void {
	const file = openSync(path, 'r');
	const read = ([first, last]: Range): Buffer => {
		const octets = Buffer.alloc(last - first + 1);
		readSync(file, octets, 0, octets.length, first);
		return octets;
	};
	const place = ([first, last]: Range): string => `bytes ${first}-${last}/${size}`;
	try {
		const [only] = ranges;
		if (only === undefined) {
			response.writeHead(200, {'content-length': size}).end(read([0, size - 1]));
		} else if (ranges.length === 1) {
			const body = read(only);
			const head = {'content-range': place(only), 'content-length': body.length};
			response.writeHead(206, head).end(body);
		} else {
			const parts = ranges.flatMap(range => [
				Buffer.from(`\r\n--${boundary}\r\nContent-Range: ${place(range)}\r\n\r\n`),
				read(range),
			]);
			const body = Buffer.concat([...parts, Buffer.from(`\r\n--${boundary}--\r\n`)]);
			const type = `multipart/byteranges; boundary=${boundary}`;
			response.writeHead(206, {'content-type': type, 'content-length': body.length}).end(body);
		}
	} finally {
		closeSync(file);
	}
}
