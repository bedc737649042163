/** Judges directories: of keys, of state, and what the file system of a tree can do. Pure. */
import {escapeText} from '../../escape.ts';
import type {
	DirectoryFacts,
	FileFacts,
	FileSystemFacts,
	FolderFacts,
} from '../../platform/machine.ts';
import {formatCount, formatCounted, formatSize} from '../format.ts';
import {type Finding, finding, type Verdict} from './finding.ts';

export type User = {readonly uid: number; readonly isRoot: boolean};

const othersWrite = 0o022;
const othersAny = 0o077;
const bytesPoor = 1e9;
const filesPoor = 10_000;

/** File systems that another machine holds. */
const remote = ['nfs', 'cifs', 'smb2', '9p', 'fuse', 'ceph'];

/** A path as a word that a shell takes for what it is. */
export function shellWord(path: string): string {
	if (/^[\w./:@%+,-]+$/.test(path) && !path.startsWith('-')) return path;
	return `'${escapeText(path).replaceAll("'", "'\\''")}'`;
}

/** Where keys are: made when missing, and nobody else's to write or, of keys, to read. */
export function judgeConfig(path: string, {folder, files}: FolderFacts, user: User): Finding[] {
	const check = 'keys';
	const shown = escapeText(path);
	const word = shellWord(path);
	if (folder === undefined) {
		return [finding('ok', check, `${shown} is not there yet; serve and keygen make it`)];
	}
	if (folder.kind !== 'directory') {
		return [finding('fail', check, `${shown} is no directory`, `mv -- ${word} ${word}.old`)];
	}
	const unsafe = judgeOwner(check, shown, word, folder, user, othersWrite, 'go-w');
	const found = files.flatMap(file => {
		const name = `${shown}/${escapeText(file.name)}`;
		const fileWord = shellWord(`${path}/${file.name}`);
		const isKey = file.name.endsWith('.key');
		if (!isKey && !file.name.startsWith('known_')) return [];
		if (file.kind !== 'file') {
			return [finding('fail', check, `${name} is no regular file`, `rm -- ${fileWord}`)];
		}
		const mask = isKey ? othersAny : othersWrite;
		return judgeOwner(check, name, fileWord, file, user, mask, isKey ? 'go-rwx' : 'go-w');
	});
	const keys = files.filter(({name}) => name.endsWith('.key')).length;
	const all = [...unsafe, ...found];
	return all.length > 0
		? all
		: [
				finding(
					'ok',
					check,
					`${shown}: ${formatCounted(keys, 'key')}, and nobody else can read or change them`,
				),
			];
}

function judgeOwner(
	check: string,
	shown: string,
	word: string,
	file: FileFacts,
	user: User,
	mask: number,
	change: string,
): Finding[] {
	if (file.uid !== user.uid && file.uid !== 0) {
		return [
			finding(
				'fail',
				check,
				`${shown} belongs to user ${file.uid}`,
				`chown ${user.uid} -- ${word}`,
			),
		];
	}
	if ((file.mode & mask) === 0) return [];
	const verb = mask === othersAny ? 'read' : 'write';
	const mode = file.mode.toString(8).padStart(3, '0');
	const text = `others can ${verb} ${shown} (mode ${mode})`;
	return [finding('fail', check, text, `chmod ${change} -- ${word}`)];
}

/** A state directory that is there. */
export function judgeState(path: string, {folder}: FolderFacts, user: User): Finding[] {
	const check = 'state';
	const shown = escapeText(path);
	if (folder === undefined) {
		return [finding('ok', check, `${shown} is not there yet; the first run makes it`)];
	}
	if (folder.kind !== 'directory') return [finding('fail', check, `${shown} is no directory`)];
	const unsafe = judgeOwner(check, shown, shellWord(path), folder, user, othersWrite, 'go-w');
	if (unsafe.length > 0) return unsafe;
	const mode = folder.mode.toString(8);
	return [finding('ok', check, `${shown}, mode ${mode}, of user ${folder.uid}`)];
}

/** The file system below a tree, a destination or a state directory. */
export function judgeDirectory(path: string, facts: DirectoryFacts): Finding[] {
	const shown = escapeText(path);
	if (facts.folder === undefined) {
		const why = String(facts.tried);
		return [finding('fail', 'directory', `${shown} cannot be opened: ${why}`, 'check the path')];
	}
	if (facts.folder.kind !== 'directory') {
		return [finding('fail', 'directory', `${shown} is no directory`)];
	}
	const kind = facts.fileSystem ?? 'a file system of unknown kind';
	const isRemote = remote.includes(kind);
	return [
		finding(
			isRemote ? 'note' : 'ok',
			'file system',
			isRemote
				? `${shown} is on ${kind}, which another machine or program holds: slow with many files`
				: `${shown} is on ${kind}`,
		),
		judgeSpace(facts),
		...(typeof facts.tried === 'string'
			? [judgeReadOnly(shown, facts.tried)]
			: judgeFeatures(facts.tried)),
	];
}

function judgeSpace({freeBytes, freeFiles}: DirectoryFacts): Finding {
	const files = freeFiles === undefined ? 'no limit on files' : `${formatCount(freeFiles)} files`;
	const text = `${formatSize(freeBytes)} and ${files} free`;
	const isPoor = freeBytes < bytesPoor || (freeFiles ?? filesPoor) < filesPoor;
	const empty = freeBytes === 0 || freeFiles === 0;
	const verdict: Verdict = empty ? 'fail' : isPoor ? 'warn' : 'ok';
	return isPoor
		? finding(verdict, 'free space', text, 'remove what is not needed: what is new is staged first')
		: finding('ok', 'free space', text);
}

function judgeReadOnly(shown: string, code: string): Finding {
	const text = `nothing can be written in ${shown} (${code}): a source keeps its state elsewhere`;
	return finding('note', 'writing', text, 'shoal serve DIR --state /var/lib/shoal/NAME');
}

/** What shoal uses of a file system: how bad it is to be without it, and what happens then. */
const features: readonly [name: keyof FileSystemFacts, verdict: Verdict, without: string][] = [
	['renameReplaces', 'fail', 'a rename does not replace a file: nothing can be put in place'],
	['modes', 'warn', 'permissions are not kept'],
	['hardLinks', 'warn', 'no hard links: each of them becomes a file of its own'],
	['symlinks', 'warn', 'no symbolic links: entries that are links cannot be made'],
	['caseSensitive', 'warn', 'names that differ in case alone are one file here'],
	['anyNames', 'note', 'some names cannot be made here; they are reported, one by one'],
	['fineTimes', 'note', 'times are coarse: files are read more often than needed'],
	['reflinks', 'ok', 'no reflinks: what is found here is copied'],
];

function judgeFeatures(facts: FileSystemFacts): Finding[] {
	const missing = features.filter(([name]) => !facts[name]);
	const bad = missing.filter(([, verdict]) => verdict !== 'ok');
	if (bad.length > 0) {
		return bad.map(([, verdict, without]) => finding(verdict, 'file system', without));
	}
	const links = facts.reflinks ? 'links, reflinks' : 'links (no reflinks)';
	return [finding('ok', 'file system', `${links}, modes, fine times, any name, renames replace`)];
}
