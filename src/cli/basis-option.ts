/** Rows of the table of options: what files are made of besides those in their places. */
import type {OptionRow} from './option-row.ts';

export const basisOptions = {
	sparse: {
		flags: '-S, --sparse',
		group: 'compare',
		commands: ['pull'],
		help: 'Make holes of runs of zeros, also in files that have no holes at SOURCE.',
	},
	fuzzy: {
		flags: '-y, --fuzzy',
		group: 'compare',
		commands: ['pull'],
		help: 'Search a similar file where DEST has none; twice: in other directories, too.',
	},
	compareDest: {
		flags: '--compare-dest <dir>',
		group: 'compare',
		commands: ['pull'],
		value: 'directory',
		repeat: true,
		help: 'Leave out what DIR, by its path from DEST, has just so.',
	},
	copyDest: {
		flags: '--copy-dest <dir>',
		group: 'compare',
		commands: ['pull'],
		value: 'directory',
		repeat: true,
		help: 'Copy what DIR has, and fetch the rest.',
	},
	linkDest: {
		flags: '--link-dest <dir>',
		group: 'compare',
		commands: ['pull'],
		value: 'directory',
		repeat: true,
		help: 'Link to what DIR has just so, copy what only looks otherwise, fetch the rest.',
	},
} as const satisfies Record<string, OptionRow>;
