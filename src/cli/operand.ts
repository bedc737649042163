/**
 * What an operand names. Forms that rsync knows and shoal does not (yet) are refused by name:
 * taken for a local path, each would lead to an error that explains nothing.
 */

import type {ListOrigin} from '../engine/options.ts';
import {ShoalError} from '../error.ts';
import {parseSourceUrl, type SourceUrl, sourceScheme} from '../session/source-url.ts';
import type {OptionValues} from './option.ts';

/** A SOURCE: a URL or a local directory. @throws ShoalError SOURCE_INVALID */
export function readSource(text: string): SourceUrl | {readonly directory: string} {
	if (text.startsWith(sourceScheme)) return parseSourceUrl(text);
	refuseRemote(text);
	return {directory: text};
}

/** What has a list: a URL, a directory or a list file. @throws ShoalError SOURCE_INVALID */
export function readOrigin(text: string): ListOrigin {
	const source = readSource(text);
	return 'directory' in source ? {path: source.directory} : source;
}

/** A local path. @throws ShoalError `code` for a remote form or the empty text */
export function readLocal(
	text: string,
	code: 'DESTINATION_INVALID' | 'TREE_MISSING',
	what: string,
): string {
	if (text === '') throw new ShoalError(code, `the name of the ${what} is empty`);
	if (remoteForm(text) !== undefined || text.startsWith(sourceScheme)) {
		throw new ShoalError(code, `${text} is not local, and only a source may be remote`);
	}
	return text;
}

/** The family that -4 or -6 asks for. @throws ShoalError OPTION_INVALID */
export function readFamily({ipv4, ipv6}: OptionValues): {family?: 4 | 6} {
	if (ipv4 !== undefined && ipv6 !== undefined) {
		throw new ShoalError('OPTION_INVALID', '-4 and -6 exclude each other');
	}
	if (ipv4 !== undefined) return {family: 4};
	return ipv6 === undefined ? {} : {family: 6};
}

function refuseRemote(text: string): void {
	if (text === '') throw new ShoalError('SOURCE_INVALID', 'the source is empty');
	const form = remoteForm(text);
	if (form !== undefined) throw new ShoalError('SOURCE_INVALID', `${text} is ${form}`);
}

/** As rsync tells hosts from paths: a colon before the first slash. */
function remoteForm(text: string): string | undefined {
	if (/^rsync:\/\//i.test(text))
		return 'the address of an rsync daemon, which speaks another protocol';
	if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'no URL of shoal';
	const colon = text.indexOf(':');
	const slash = text.indexOf('/');
	if (colon < 1 || (slash >= 0 && slash < colon)) return undefined;
	return text[colon + 1] === ':'
		? 'a module of an rsync daemon, which speaks another protocol'
		: 'a path behind ssh, which belongs to a later version; a local name with a colon is ./NAME';
}
