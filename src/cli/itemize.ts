/**
 * A change as a line of rsync's -i: `YXcstpoguax path`. Y is > for content that travels, c for
 * what is made here, h for a further hard link, . for attributes alone, * for a message; X is the
 * type; then a letter for each thing that differs, + for all of a new entry. See rsync(1). Between
 * snapshots, a file that was moved is `cf+++++++++ path <= path before`.
 */
import type {Change} from '../engine/event.ts';

const typeLetter = {
	file: 'f',
	directory: 'd',
	symlink: 'L',
	device: 'D',
	special: 'S',
} as const satisfies Record<Change['type'], string>;

/** Columns 3 to 11, in order; those that shoal never carries stay dots. */
const details = ['content', 'size', 'time', 'mode', 'owner', 'group'] as const;
const letters = 'cstpog';
const neverCarried = '...';
const nothing = ' '.repeat(9);

/** `checksum`: as with -c; only then rsync says of a file that its content differs. */
export function itemize(change: Change, checksum = false): string {
	const path = shownPath(change);
	if (change.change === 'deleted') return `*deleting   ${path}`;
	const details = differences(change, checksum);
	const columns = `${action(change)}${typeLetter[change.type]}${details}`;
	return `${columns} ${path}${linked(change)}`;
}

/** As rsync -v: the name alone, or that it goes. */
export function nameChange(change: Change): string {
	const path = shownPath(change);
	if (change.change === 'deleted') return `deleting ${path}`;
	return `${path}${linked(change)}`;
}

/** The root of the tree is `./`, as rsync shows it. */
function shownPath({path, type}: Change): string {
	const name = path === '' ? '.' : path;
	return type === 'directory' ? `${name}/` : name;
}

function linked({linkTo, target, movedFrom}: Change): string {
	if (movedFrom !== undefined) return ` <= ${movedFrom}`;
	if (linkTo !== undefined) return ` => ${linkTo}`;
	return target === undefined ? '' : ` -> ${target}`;
}

function action(change: Change): string {
	if (change.linkTo !== undefined) return 'h';
	if (change.change === 'metadata') return '.';
	return change.type === 'file' && change.movedFrom === undefined ? '>' : 'c';
}

function differences({change, type, differs, linkTo}: Change, checksum: boolean): string {
	if (change === 'new' || differs.includes('type')) return '+++++++++';
	const marks = details.map((name, index) => {
		if (name === 'content' && type === 'file' && !checksum) return '.';
		return differs.includes(name) ? letters[index] : '.';
	});
	// A name that is only linked elsewhere has nothing else to say.
	if (linkTo !== undefined && marks.every(mark => mark === '.')) return nothing;
	return `${marks.join('')}${neverCarried}`;
}
