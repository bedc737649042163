/** What a directory's file system can do, tried out with small files in a folder of its own. */
import {
	chmodSync,
	constants,
	copyFileSync,
	linkSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	type Stats,
	statfsSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import type {
	DirectoryFacts,
	FileFacts,
	FileSystemFacts,
	FolderFacts,
} from '../src/platform/machine.ts';
import {nodeCode} from './tree-error.ts';

/** statfs(2), f_type. */
const kinds: Readonly<Record<number, string>> = {
	61267: 'ext4',
	1481003842: 'xfs',
	2435016766: 'btrfs',
	801189825: 'zfs',
	4076150800: 'f2fs',
	16914836: 'tmpfs',
	2240043254: 'ramfs',
	2035054128: 'overlay',
	26985: 'nfs',
	4283649346: 'cifs',
	4266872130: 'smb2',
	1702057286: 'fuse',
	16914839: '9p',
	19780: 'vfat',
	538032816: 'exfat',
	1397703499: 'ntfs',
	3405662737: 'bcachefs',
	12805120: 'ceph',
};

export function inspectDirectory(path: string): DirectoryFacts {
	const stat = orCode(() => statSync(path));
	if (typeof stat === 'string') {
		return {
			folder: undefined,
			fileSystem: undefined,
			freeBytes: 0,
			freeFiles: undefined,
			tried: stat,
		};
	}
	const {bavail, bsize, files, ffree, type} = statfsSync(path);
	return {
		folder: describe(path, stat),
		fileSystem: kinds[type >>> 0] ?? (process.platform === 'linux' ? type.toString(16) : undefined),
		freeBytes: bavail * bsize,
		freeFiles: files === 0 ? undefined : ffree,
		tried: stat.isDirectory() ? tryOut(path, stat) : 'ENOTDIR',
	};
}

export function inspectFiles(path: string): FolderFacts {
	const stat = orCode(() => statSync(path));
	if (typeof stat === 'string') return {folder: undefined, files: []};
	const names = orCode(() => readdirSync(path));
	const files = typeof names === 'string' ? [] : names;
	return {
		folder: describe(path, stat),
		files: files.flatMap(name => {
			const found = orCode(() => lstatSync(join(path, name)));
			return typeof found === 'string' ? [] : [describe(name, found)];
		}),
	};
}

function describe(name: string, stat: Stats): FileFacts {
	const kind = stat.isFile()
		? 'file'
		: stat.isDirectory()
			? 'directory'
			: stat.isSymbolicLink()
				? 'symlink'
				: 'other';
	return {name, kind, mode: stat.mode & 0o7777, uid: stat.uid};
}

/** In a folder of its own, which is removed; the directory gets its times back. */
function tryOut(path: string, before: Stats): string | FileSystemFacts {
	const folder = orCode(() => mkdtempSync(join(path, '.shoal-doctor-')));
	if (!folder.startsWith(path)) return folder;
	try {
		const at = (name: string) => join(folder, name);
		writeFileSync(at('a'), 'a');
		writeFileSync(at('b'), 'b');
		/** Neither an error nor `false`. */
		const works = (act: () => unknown) => orCode(() => act() !== false) === true;
		return {
			hardLinks: works(() => {
				linkSync(at('a'), at('link'));
				return statSync(at('link')).ino === statSync(at('a')).ino;
			}),
			symlinks: works(() => symlinkSync('a', at('symlink'))),
			reflinks: works(() => copyFileSync(at('a'), at('c'), constants.COPYFILE_FICLONE_FORCE)),
			caseSensitive: typeof orCode(() => lstatSync(at('A'))) === 'string',
			fineTimes: works(() => {
				utimesSync(at('a'), 1, 1.000_123);
				return lstatSync(at('a'), {bigint: true}).mtimeNs % 1_000_000n !== 0n;
			}),
			modes: works(() => {
				chmodSync(at('a'), 0o640);
				const first = statSync(at('a')).mode & 0o777;
				chmodSync(at('a'), 0o600);
				return first === 0o640 && (statSync(at('a')).mode & 0o777) === 0o600;
			}),
			anyNames: works(() => {
				const name = Buffer.from([...Buffer.from(`${folder}/`), 0xff, 0x3a, 0x0a]);
				mkdirSync(name);
				return readdirSync(folder, {encoding: 'buffer'}).some(found => found.includes(0xff));
			}),
			renameReplaces: works(() => {
				renameSync(at('b'), at('a'));
				return readFileSync(at('a'), 'latin1') === 'b';
			}),
		};
	} finally {
		rmSync(folder, {recursive: true, force: true});
		orCode(() => utimesSync(path, before.atimeMs / 1000, before.mtimeMs / 1000));
	}
}

/** What a call answers, or the code of the error that it ended with. */
function orCode<T>(act: () => T): T | string {
	try {
		return act();
	} catch (error) {
		const code = nodeCode(error);
		if (code === undefined) throw error;
		return code;
	}
}
