/** `shoal ls`: prints the entries of a snapshot, wherever it is. */
import {ShoalError} from '../error.ts';
import {type EntryView, entryType} from '../snapshot/entry.ts';
import {jsonLine} from '../snapshot/json-line.ts';
import type {EntryPlace, List} from '../snapshot/list.ts';
import {longLine} from '../snapshot/long-line.ts';
import {mtreeHeader, mtreeLine} from '../snapshot/mtree-line.ts';
import {baseName, equalOctets, joinPath} from '../snapshot/path.ts';
import {PathOrder} from '../snapshot/path-order.ts';
import {rsyncLine} from '../snapshot/rsync-line.ts';
import {TreeOrder} from '../snapshot/tree-order.ts';
import {openList} from './open-list.ts';
import type {ListOptions} from './options.ts';

/** Letters gathered before they are written. */
const chunkSize = 65_536;

/** Entries in the order of a format, each as the format's line. */
type Walk = {
	readonly header: string | undefined;
	next(): boolean;
	line(): string;
};

/**
 * Writes the list of a snapshot: of a tree, of a file, or of a source, without any content.
 * @throws ShoalError SNAPSHOT_MISSING, SNAPSHOT_INVALID, SOURCE_INVALID, and as dialling does
 */
export async function list(options: ListOptions): Promise<void> {
	const {from, write, charset, signal} = options;
	const given = new TextEncoder().encode((options.path ?? '').replace(/^\/+|\/+$/g, ''));
	const url = 'host' in from ? from.path : new Uint8Array(0);
	const root = given.length === 0 ? url : joinPath(url, given);
	const found = await openList(from, root, options);
	const place = found.find(root);
	if (place === undefined) {
		throw new ShoalError('PATH_MISSING', 'the snapshot has no such path', {path: root});
	}
	const walk = walkOf(found, place, root, options);
	const flush = (text: string) => write(charset === 'octets' ? octetsOf(text) : text);
	let text = walk.header === undefined ? '' : `${walk.header}\n`;
	while (walk.next()) {
		text += `${walk.line()}\n`;
		if (text.length < chunkSize) continue;
		await flush(text);
		text = '';
		signal?.throwIfAborted();
	}
	if (text !== '') await flush(text);
}

function walkOf(list: List, place: EntryPlace, root: Uint8Array, options: ListOptions): Walk {
	const {format, charset = 'utf8', zoneOffset = () => 0} = options;
	const order = format === 'rsync' ? new TreeOrder(list, place) : new PathOrder(list, place, root);
	const next = (): boolean => order.next();
	const walk = (line: (entry: EntryView) => string, header?: string): Walk => ({
		header,
		next,
		line: () => line(order.entry),
	});
	switch (format) {
		case 'long':
			return walk(longLine);
		case 'jsonl':
			return walk(jsonLine);
		case 'mtree':
		case 'mtree-netbsd': {
			const countLinks = linkCounter(list);
			const patterns = format === 'mtree-netbsd';
			const line = (entry: EntryView): string =>
				mtreeLine(entry, {
					path: relative(entry, root),
					linkCount: countLinks(entry),
					patterns,
				});
			return walk(line, mtreeHeader(list.root));
		}
		case 'rsync':
			return walk(entry => rsyncLine(entry, relative(entry, root), {charset, zoneOffset}));
	}
}

/** Path of an entry as seen from `root`; of `root` itself its name, or nothing for a directory. */
function relative({path, type}: EntryView, root: Uint8Array): Uint8Array {
	if (root.length === 0) return path;
	if (path.length > root.length) return path.subarray(root.length + 1);
	return type === entryType.directory ? path.subarray(path.length) : baseName(path);
}

/** Answers how many names an entry has: a further one is counted at the first, which is kept. */
function linkCounter(list: List): (entry: EntryView) => number {
	let path = new Uint8Array(0);
	let count = 1;
	return ({link, linkCount}) => {
		if (link.length === 0) return linkCount;
		if (!equalOctets(link, path)) {
			path = link.slice();
			count = list.seek(path)?.linkCount ?? 1;
		}
		return count;
	};
}

function octetsOf(text: string): Uint8Array {
	return Uint8Array.from(text, letter => letter.charCodeAt(0));
}
