/** The words after `npm run bench:delta --`. */
import {parseArgs} from 'node:util';

export type Options = {
	/** Pairs whose names begin with one of these, or that are of this kind; none: all. */
	readonly names: readonly string[];
	/** Also with both programs compressing. */
	readonly isCompressed: boolean;
	readonly isSmoke: boolean;
	/** Processor time and speed of the search in place of octets. */
	readonly isCost: boolean;
	/** Of pairs that are not measured, results stay as they are. */
	readonly isAdded: boolean;
	/** Where the results go; undefined: the project's own place, if everything was measured. */
	readonly output: string | undefined;
};

export const usage = `usage: npm run bench:delta -- [OPTION]... [PAIR]...
  PAIR             only pairs whose name begins so, or of this kind: tree, tar,
                   tar.gz, made, adversarial, moved
  --compress       once more with -z on both
  --cost           processor time and speed of the search in place of octets
  --add            keep the results of pairs that are not measured
  --smoke          a few tiny pairs, made here
  --output DIR     write the results there
`;

/** @throws Error that says what is wrong with the words */
export function readOptions(words: readonly string[]): Options {
	const {values, positionals} = parseArgs({
		args: [...words],
		allowPositionals: true,
		options: {
			compress: {type: 'boolean', default: false},
			cost: {type: 'boolean', default: false},
			add: {type: 'boolean', default: false},
			smoke: {type: 'boolean', default: false},
			output: {type: 'string'},
		},
	});
	return {
		names: positionals,
		isCompressed: values.compress,
		isCost: values.cost,
		isAdded: values.add,
		isSmoke: values.smoke,
		output: values.output,
	};
}
