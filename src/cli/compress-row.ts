/** Rows of the table of options: how contents travel. */
import type {OptionRow} from './option-row.ts';

export const compressOptions = {
	compress: {
		flags: '-z, --compress',
		group: 'network',
		commands: ['pull'],
		help: 'Ask for contents compressed where that makes them smaller.',
	},
	noCompress: {
		flags: '--no-compress',
		group: 'network',
		commands: ['pull'],
		help: 'Ask for contents as they are, whatever other options say.',
	},
	compressChoice: {
		flags: '--compress-choice <name>',
		group: 'network',
		commands: ['pull'],
		value: 'compress',
		help: 'auto, brotli, zstd, deflate (also: zlib, zlibx) or none; implies -z. Default: auto.',
	},
	compressLevel: {
		flags: '--compress-level <n>',
		group: 'network',
		commands: ['pull'],
		value: 'count',
		help: 'Low: quick; high: small; 0: not at all. Implies -z.',
	},
	zc: {
		flags: '--zc <name>',
		group: 'network',
		commands: ['pull'],
		value: 'compress',
		help: 'The same as --compress-choice.',
	},
	zl: {
		flags: '--zl <n>',
		group: 'network',
		commands: ['pull'],
		value: 'count',
		help: 'The same as --compress-level.',
	},
	skipCompress: {
		flags: '--skip-compress <list>',
		group: 'network',
		commands: ['pull'],
		value: 'rule',
		help: 'Do not ask for files with these suffixes compressed: gz/jpg/mp[34]. Default: as rsync.',
	},
} as const satisfies Record<string, OptionRow>;
