/** The list of a snapshot: built from entries, opened (validated whole) from octets, walked. */
import platform from '#platform';
import {type EntryView, entryType, makeEntry} from '../../src/snapshot/entry.ts';
import {List} from '../../src/snapshot/list.ts';
import {ListBuilder} from '../../src/snapshot/list-builder.ts';
import {Prng} from '../../test/support/prng.ts';
import {benchSeed, fold, type Kernel} from '../harness.ts';

const {sha256} = platform.crypto;
const encoder = new TextEncoder();

const perDirectory = 100;

/** A tree of directories with files in it, in path order. */
function makeEntries(fileCount: number): EntryView[] {
	const prng = new Prng(benchSeed);
	const owner = encoder.encode('mirror');
	const common = {owner, group: owner, uid: 1000, gid: 1000, mtimeSec: 1_700_000_000};
	const addDirectory = (path: string) =>
		entries.push(makeEntry({...common, type: entryType.directory, path: encoder.encode(path)}));
	const entries: EntryView[] = [];
	addDirectory('');
	addDirectory('dists');
	for (let index = 0; index < fileCount; index++) {
		const part = `dists/part-${String(Math.floor(index / perDirectory)).padStart(6, '0')}`;
		if (index % perDirectory === 0) addDirectory(part);
		const name = `package_${String(index % perDirectory).padStart(3, '0')}.deb`;
		entries.push(
			makeEntry({
				...common,
				type: entryType.file,
				path: encoder.encode(`${part}/${name}`),
				mtimeNsec: prng.below(1e9),
				size: 1 + prng.below(1 << 20),
				digest: prng.bytes(32),
			}),
		);
	}
	return entries;
}

function build(entries: readonly EntryView[]): Uint8Array {
	const builder = new ListBuilder(sha256);
	for (const entry of entries) builder.add(entry);
	return builder.finish();
}

function open(bytes: Uint8Array): List {
	const list = List.open(bytes, sha256);
	if ('problem' in list) throw new Error(list.problem);
	return list;
}

const fileCount = (smoke: boolean) => (smoke ? 300 : 100_000);

export const listKernels: readonly Kernel[] = [
	{
		name: 'kernel/list-build',
		unit: 'entries',
		prepare: smoke => {
			const entries = makeEntries(fileCount(smoke));
			return {amount: entries.length, run: () => fold(open(build(entries)).root)};
		},
	},
	{
		name: 'kernel/list-open',
		unit: 'entries',
		prepare: smoke => {
			const bytes = build(makeEntries(fileCount(smoke)));
			const figures = () => ({octetsPerEntry: bytes.length / open(bytes).entryCount});
			return {amount: open(bytes).entryCount, run: () => open(bytes).contentBytes, figures};
		},
	},
	{
		name: 'kernel/list-walk',
		unit: 'entries',
		prepare: smoke => {
			const list = open(build(makeEntries(fileCount(smoke))));
			return {
				amount: list.entryCount,
				run: () => {
					let sum = 0;
					for (const cursor = list.cursor(); cursor.next(); )
						sum += cursor.path.length + cursor.size;
					return sum;
				},
			};
		},
	},
];
