/** The words after `npm run bench:wan --`. */
import {parseArgs} from 'node:util';
import {type Contest, codeOf, contests} from './contest.ts';
import {loads} from './load.ts';
import type {Choice} from './plan.ts';
import {programs} from './program.ts';
import {worlds} from './world.ts';

export type Options = Choice & {
	readonly repeat: number;
	/** After which no run is begun that is not expected to end before. */
	readonly minutes: number;
	readonly capMs: number;
	readonly isSmoke: boolean;
	readonly isFairness: boolean;
	/** Only these fairness runs; none: all. */
	readonly contests: readonly Contest[];
	/** How long each fairness run lasts; the last two thirds are counted. */
	readonly seconds: number;
	/** Where the results go; undefined: the project's own place, if everything was measured. */
	readonly output: string | undefined;
};

export const usage = `usage: npm run bench:wan -- [OPTION]...
  --world NAME     only paths of this name, or whose name begins so; may be repeated
  --load NAME      only this load
  --program NAME   only this program
  --repeat N       runs of each (3)
  --minutes N      begin nothing that would end later (40)
  --cap SECONDS    end a run after this long and count what arrived (60)
  --full           every load on every path, however long it takes
  --fairness       shoals beside each other and beside TCP, and the queue they make
  --contest NAME   only this one of them, as 1+1@0.5: shoals, CUBICs and queue; may be repeated
  --seconds N      of each fairness run (60)
  --smoke          one tiny run of each program
  --output DIR     write the results there
paths: ${worlds.map(({name}) => name).join(' ')}
loads: ${loads.map(({name}) => name).join(' ')}
programs: ${programs.map(({name}) => name).join(' ')}
`;

/** In `--full` a run that takes longer hangs. */
const fullCapMs = 3_600_000;

/** @throws Error that says what is wrong with the words */
export function readOptions(words: readonly string[]): Options {
	const {values} = parseArgs({
		args: [...words],
		options: {
			world: {type: 'string', multiple: true, default: []},
			load: {type: 'string', multiple: true, default: []},
			program: {type: 'string', multiple: true, default: []},
			repeat: {type: 'string', default: '3'},
			minutes: {type: 'string', default: '40'},
			cap: {type: 'string', default: '60'},
			seconds: {type: 'string', default: '60'},
			contest: {type: 'string', multiple: true, default: []},
			full: {type: 'boolean', default: false},
			fairness: {type: 'boolean', default: false},
			smoke: {type: 'boolean', default: false},
			output: {type: 'string'},
		},
	});
	const isFull = values.full;
	return {
		worlds: values.world.flatMap(word => findNames('world', word, worlds)),
		loads: values.load.flatMap(word => findNames('load', word, loads)),
		programs: values.program.flatMap(word => findNames('program', word, programs)),
		isFull,
		repeat: readNumber('repeat', values.repeat),
		minutes: isFull ? Number.POSITIVE_INFINITY : readNumber('minutes', values.minutes),
		capMs: isFull ? fullCapMs : 1000 * readNumber('cap', values.cap),
		seconds: readNumber('seconds', values.seconds),
		isSmoke: values.smoke,
		isFairness: values.fairness || values.contest.length > 0,
		contests: findContests(values.contest),
		output: values.output,
	};
}

function findContests(words: readonly string[]): Contest[] {
	const named = contests.map(contest => ({contest, name: codeOf(contest)}));
	const names = words.flatMap(word => findNames('contest', word, named));
	return named.filter(({name}) => names.includes(name)).map(({contest}) => contest);
}

/** The name itself, or all that begin so. */
function findNames(
	option: string,
	word: string,
	known: readonly {readonly name: string}[],
): string[] {
	const names = known.map(({name}) => name);
	if (names.includes(word)) return [word];
	const found = names.filter(name => name.startsWith(word));
	if (found.length === 0) throw new Error(`--${option} ${word}: there are ${names.join(', ')}`);
	return found;
}

function readNumber(option: string, text: string): number {
	const value = Number(text);
	if (!/^\d+$/.test(text) || value === 0) throw new Error(`--${option} ${text}: not above zero`);
	return value;
}
