/** `--compare-dest`, `--copy-dest` and `--link-dest`: paths that begin at DEST, as in rsync. */
import {existsSync, realpathSync} from 'node:fs';
import {isAbsolute, resolve} from 'node:path';
import type {PullOptions} from '../engine/options.ts';
import {ShoalError} from '../error.ts';
import type {OptionValues} from './option.ts';

/** As many as rsync takes; each is looked at for every file. */
const directoriesMax = 20;

/** @throws ShoalError OPTION_INVALID */
export function readAlternates(
	{compareDest, copyDest, linkDest}: OptionValues,
	destination: string,
	asTrees: boolean,
): PullOptions['alternates'] {
	const given = [
		{kind: 'compare', directories: compareDest},
		{kind: 'copy', directories: copyDest},
		{kind: 'link', directories: linkDest},
	] as const;
	const [first, second] = given.filter(({directories}) => directories !== undefined);
	if (first?.directories === undefined) return undefined;
	if (second !== undefined) {
		const detail = `--${first.kind}-dest and --${second.kind}-dest exclude each other`;
		throw new ShoalError('OPTION_INVALID', detail);
	}
	if (first.directories.length > directoriesMax) {
		const detail = `--${first.kind}-dest may be given ${directoriesMax} times`;
		throw new ShoalError('OPTION_INVALID', detail);
	}
	if (asTrees && first.kind !== 'copy') {
		const detail = `--${first.kind}-dest has no meaning with --publish tree`;
		throw new ShoalError('OPTION_INVALID', detail);
	}
	// From within DEST, `..` leads out of where it is, whatever symlink it is reached by.
	const base = existsSync(destination) ? realpathSync(destination) : resolve(destination);
	const directories = first.directories.map(each => {
		if (isAbsolute(each)) return each;
		return existsSync(destination) ? `${base}/${each}` : resolve(base, each);
	});
	return {kind: first.kind, directories};
}
