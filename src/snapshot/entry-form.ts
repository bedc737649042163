/** Which fields an entry has, as one octet of its owner row. README.md §2. */
import {digestSize} from '../limit.ts';
import {type EntryView, entryType} from './entry.ts';

export const formFlag = {further: 1, first: 2, xattr: 4, unread: 8, flat: 16, sparse: 32} as const;
const formEnd = 64;

export const mtimeSecMax = 2 ** 48;
export const nsecEnd = 1_000_000_000;
export const modeMax = 0xfff;
export const idMax = 0xffff_ffff;
export const ownerSizeMax = 255;
export const deviceMajorMax = 0x1f_ffff;
export const deviceMinorEnd = 0x1_0000_0000;
export const linkCountMax = 0xffff_ffff;

/** The flags of an entry. */
export function formOf(entry: EntryView): number {
	let form = 0;
	if (entry.link.length > 0) form |= formFlag.further;
	if (entry.linkCount > 1) form |= formFlag.first;
	if (entry.xattr.length > 0) form |= formFlag.xattr;
	if (entry.unread) form |= formFlag.unread;
	if (entry.flatDigest.length > 0) form |= formFlag.flat;
	if (entry.sparse) form |= formFlag.sparse;
	return form;
}

/** Whether an entry of `type` may have these flags. */
export function isValidForm(type: number, form: number): boolean {
	if (type > entryType.charDevice || form >= formEnd) return false;
	const further = (form & formFlag.further) !== 0;
	const unread = (form & formFlag.unread) !== 0;
	if (type === entryType.directory && (form & (formFlag.further | formFlag.first)) !== 0)
		return false;
	if (further && (form & notOfFurther) !== 0) return false;
	if (unread && type !== entryType.file && type !== entryType.directory) return false;
	return (form & ofContent) === 0 || (type === entryType.file && !unread);
}

/** What only the first name of a file says, and what is said of content that was read. */
const ofContent = formFlag.flat | formFlag.sparse;
const notOfFurther = formFlag.first | formFlag.unread | ofContent;

/** Whether content digests stand in an entry: a regular file's own, read, and not empty. */
export function hasDigest(type: number, form: number, size: number): boolean {
	return type === entryType.file && size > 0 && (form & (formFlag.further | formFlag.unread)) === 0;
}

/**
 * What is wrong with the fields of an entry that shall be listed, apart from its path's place and
 * the names of its owners; `form` is its own.
 */
export function entryProblem(entry: EntryView, form: number): string | undefined {
	const {type, digest, flatDigest, xattr} = entry;
	if (!isValidForm(type, form)) return 'fields that its type does not have';
	const content = type === entryType.file && (form & (formFlag.further | formFlag.unread)) === 0;
	if (digest.length !== (content ? digestSize : 0)) return 'no digest, or one too many';
	if (flatDigest.length !== 0 && flatDigest.length !== digestSize) return 'a flat digest cut short';
	if (xattr.length !== 0 && xattr.length !== digestSize) return 'a reference cut short';
	if (entry.target.length > 0 !== (type === entryType.symlink)) return 'a target out of place';
	if (type !== entryType.file && entry.size !== 0) return 'a size, and is no file';
	if (!isWhole(entry.size, Number.MAX_SAFE_INTEGER)) return 'an impossible size';
	if (!isWhole(Math.abs(entry.mtimeSec), mtimeSecMax)) return 'an impossible time';
	if (!isWhole(entry.mtimeNsec, nsecEnd - 1)) return 'an impossible time';
	if (!isWhole(entry.mode, modeMax)) return 'an impossible mode';
	if (!isWhole(entry.uid, idMax) || !isWhole(entry.gid, idMax)) return 'an impossible owner';
	if (!isWhole(entry.linkCount - 1, linkCountMax - 1)) return 'an impossible link count';
	const device = type === entryType.blockDevice || type === entryType.charDevice;
	const deviceMax = device ? deviceMajorMax * deviceMinorEnd + deviceMinorEnd - 1 : 0;
	return isWhole(entry.device, deviceMax) ? undefined : 'an impossible device number';
}

/** Whether an owner or a group can have this name. */
export function isValidOwner(name: Uint8Array): boolean {
	return name.length <= ownerSizeMax && !name.includes(0);
}

function isWhole(value: number, max: number): boolean {
	return Number.isSafeInteger(value) && value >= 0 && value <= max;
}
