/**
 * `npm run bench:source [-- OPTION…]`: what many entries and many polls cost a source, beside the
 * rsync daemon in the same run on the same trees. README.md explains.
 */
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {runBench, type Workplace} from '../run-bench.ts';
import {type ListRow, measureList} from './list.ts';
import {type ManyRow, measureMany} from './many.ts';
import {measurePolls, type PollRow} from './poll.ts';
import {hasStrace, hasTime} from './process.ts';
import {report, type SourceReport} from './report.ts';

const usage = `usage: npm run bench:source -- [OPTION]...
  --entries N,...  sizes of the trees (20000,100000,1000000); the list is measured at the last
  --receivers N,.. receivers of an update at once (1,16,64,256), of 100,000 entries
  --part NAME      only polls, many or list
  --repeat N       runs of each, of which the median counts (3)
  --smoke          each once with a small tree
  --output DIR     write the results there (bench/results, if everything is measured);
                   what was measured before and not now is taken from there
`;

const results = new URL('../../../bench/results/', import.meta.url).pathname;
const program = fileURLToPath(new URL('../../../bin/shoal.js', import.meta.url));

await runBench({name: 'source', usage, lock: 'source', readOptions, whyNot, measure});

async function measure(
	{host: {directory}, machine, say}: Workplace,
	options: ReturnType<typeof readOptions>,
): Promise<number> {
	const {isSmoke, entries, part, repeat, output} = options;
	const polls: PollRow[] = [];
	const trace = hasStrace();
	for (const count of part === 'list' || part === 'many' ? [] : entries) {
		polls.push(...(await measurePolls({directory, program, entries: count, polls: repeat, trace})));
		for (const row of polls.slice(-2)) say(JSON.stringify({name: 'source/poll', ...row}));
	}
	const many: ManyRow[] = [];
	const clients = {...crowds(isSmoke), receivers: options.receivers};
	if (part === undefined || part === 'many') {
		for await (const row of measureMany({directory, program, ...clients})) {
			many.push(row);
			say(JSON.stringify({name: 'source/many', ...row}));
		}
	}
	const lists: ListRow[] =
		part === 'polls' || part === 'many'
			? []
			: measureList({directory, program, entries: entries.at(-1)!, repeat});
	for (const row of lists) say(JSON.stringify({name: 'source/list', ...row}));
	if (isSmoke) return 0;
	const {json, markdown} = report(withEarlier({machine, polls, many, lists}, output));
	say(`\n${markdown}`);
	if (output === undefined) return 0;
	mkdirSync(output, {recursive: true});
	writeFileSync(join(output, 'source.json'), json);
	writeFileSync(join(output, 'source.md'), markdown);
	return 0;
}

/** How many clients there are: of rsync as many as a machine with 16 GiB holds. */
function crowds(isSmoke: boolean) {
	if (isSmoke) return {entries: 500, polls: 20, rsyncMax: 2, rsyncPolls: 2};
	return {entries: 100_000, polls: 1000, rsyncMax: 64, rsyncPolls: 32};
}

/** A part that is not measured now stays as it was. */
function withEarlier(now: SourceReport, output: string | undefined): SourceReport {
	const path = output === undefined ? undefined : join(output, 'source.json');
	if (path === undefined || !existsSync(path)) return now;
	const earlier = JSON.parse(readFileSync(path, 'utf8')) as SourceReport;
	const sizes = new Set(now.polls.map(row => row.entries));
	const kept = earlier.polls.filter(row => !sizes.has(row.entries));
	const polls = [...kept, ...now.polls].sort((a, b) => a.entries - b.entries);
	const many = now.many.length > 0 ? now.many : (earlier.many ?? []);
	return {...now, polls, many, lists: now.lists.length > 0 ? now.lists : earlier.lists};
}

function whyNot(): string | undefined {
	if (process.platform !== 'linux') return 'it needs Linux';
	return hasTime() ? undefined : 'time(1) is missing';
}

/** @throws Error that says what is wrong with the words */
function readOptions(words: readonly string[]) {
	const {values} = parseArgs({
		args: [...words],
		options: {
			entries: {type: 'string', default: '20000,100000,1000000'},
			receivers: {type: 'string', default: '1,16,64,256'},
			part: {type: 'string'},
			repeat: {type: 'string', default: '3'},
			smoke: {type: 'boolean', default: false},
			output: {type: 'string'},
		},
	});
	const isSmoke = values.smoke;
	const entries = isSmoke ? [500] : values.entries.split(',').map(Number);
	const receivers = isSmoke ? [2] : values.receivers.split(',').map(Number);
	const repeat = isSmoke ? 1 : Number(values.repeat);
	if (
		![...entries, ...receivers, repeat].every(count => Number.isSafeInteger(count) && count > 0)
	) {
		throw new Error('--entries, --receivers and --repeat want whole numbers');
	}
	const {part} = values;
	if (part !== undefined && !['polls', 'many', 'list'].includes(part)) {
		throw new Error('--part is polls, many or list');
	}
	const isWhole = part === undefined && !words.includes('--entries');
	const chosen = values.output ?? (isWhole ? results : undefined);
	return {isSmoke, entries, receivers, repeat, part, output: chosen};
}
