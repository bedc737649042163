/** `shoal pull`: options in, lines or JSON out. */
import type {ControllerName} from '../congestion/controllers.ts';
import type {Event, PlanSummary, PullResult} from '../engine/event.ts';
import type {PullOptions} from '../engine/options.ts';
import {pull} from '../engine/pull.ts';
import {ShoalError} from '../error.ts';
import {escapeText} from '../escape.ts';
import type {LinkName} from '../link-name.ts';
import type {SourceUrl} from '../session/source-url.ts';
import {readAlternates} from './alternate-option.ts';
import {readCompress} from './compress-option.ts';
import type {Context} from './context.ts';
import {failedPull} from './failed-run.ts';
import {readFilters} from './filter-option.ts';
import {formatAge, formatCount, formatCounted, formatSize} from './format.ts';
import {itemize, nameChange} from './itemize.ts';
import {readFamily, readLocal, readSource} from './operand.ts';
import type {OptionValues} from './option.ts';
import {describeLeftOut, nextStep} from './outcome.ts';
import {RateFile} from './rate-file.ts';
import {logTotal, statistics, totals} from './statistics.ts';
import {type Voice, withVoice} from './voice.ts';

export function runPull(context: Context): Promise<number> {
	return withVoice(context, failedPull, async voice => {
		const on = (event: Event) => handleEvent(event, voice, context);
		const {scheduler, options, platform} = context;
		const {rateFrom} = options;
		const given = readOptions(context);
		const file = rateFrom && new RateFile(rateFrom, platform.clock, text => voice.notice(text));
		try {
			const rate = file ? {rateMax: file.dial} : {};
			const result = await pull({...given, ...rate, scheduler, on});
			sayResult(result, voice, context);
			voice.tell({event: 'result', ...result});
			return result.exit;
		} finally {
			if (file) file.close();
		}
	});
}

/** @throws ShoalError OPTION_INVALID, SOURCE_INVALID, DESTINATION_INVALID */
export function readOptions({
	operands,
	options,
	signal,
	configDirectory,
}: Pick<Context, 'operands' | 'options' | 'signal' | 'configDirectory'>): PullOptions {
	const given = (name: keyof OptionValues) => options[name] !== undefined;
	if (given('rateMax') && given('rateFrom')) {
		throw new ShoalError('OPTION_INVALID', '--bwlimit and --bwlimit-from exclude each other');
	}
	const trees = readTrees(options);
	const source = readSource(operands[0]!);
	const moreSources = operands.slice(1, -1).map(readMore);
	if (moreSources.length > 0) readMore(operands[0]!);
	if (given('sourceState') && !('directory' in source)) {
		throw new ShoalError(
			'OPTION_INVALID',
			'--source-state is for a SOURCE that is a directory here',
		);
	}
	const compress = readCompress(options);
	const alternates = readAlternates(options, operands.at(-1)!, trees !== undefined);
	return {
		configDirectory,
		signal,
		source,
		...(moreSources.length === 0 ? {} : {moreSources}),
		destination: readLocal(operands.at(-1)!, 'DESTINATION_INVALID', 'destination'),
		...readFilters(options, operands),
		dryRun: given('dryRun'),
		changes: given('itemize') || given('verbose') || given('logFile'),
		delete: given('delete') || given('deleteExcluded'),
		check: given('check'),
		checksum: given('checksum'),
		ignoreTimes: given('ignoreTimes'),
		sizeOnly: given('sizeOnly'),
		wholeFile: given('wholeFile'),
		sparse: given('sparse'),
		makePath: given('makePath'),
		owner: !given('noOwner'),
		group: !given('noGroup'),
		permissions: !given('noPermissions'),
		times: !given('noTimes'),
		numericIds: given('numericIds'),
		strict: given('strict'),
		fsync: given('fsync'),
		trustOnFirstUse: given('trustOnFirstUse'),
		allowRollback: given('allowRollback'),
		...(trees === undefined ? {} : {trees}),
		...(alternates === undefined ? {} : {alternates}),
		...(compress === undefined ? {} : {compress}),
		...(options.fuzzy === undefined ? {} : {fuzzy: Math.min(options.fuzzy, 2) as 0 | 1 | 2}),
		...(options.state === undefined ? {} : {state: options.state}),
		...(options.sourceState === undefined ? {} : {sourceState: options.sourceState}),
		...(options.threads === undefined ? {} : {threads: options.threads}),
		...(options.deleteMax === undefined ? {} : {deleteMax: options.deleteMax}),
		...(options.rateMax ? {rateMax: options.rateMax} : {}),
		...(options.timeout ? {timeoutSeconds: options.timeout} : {}),
		...(options.contactTimeout ? {contactTimeoutSeconds: options.contactTimeout} : {}),
		...(options.congestion ? {congestion: options.congestion as ControllerName} : {}),
		...readFamily(options),
		...(options.link ? {link: options.link as LinkName | 'auto'} : {}),
	};
}

/** Only what is signed can have several sources. @throws ShoalError SOURCE_INVALID */
function readMore(text: string): SourceUrl {
	const source = readSource(text);
	if (!('directory' in source)) return source;
	throw new ShoalError(
		'SOURCE_INVALID',
		`${text} is a directory: only sources of one key go together`,
	);
}

/** @throws ShoalError OPTION_INVALID */
function readTrees({publish, keep, convert, state}: OptionValues): PullOptions['trees'] {
	const refuse = (detail: string) => new ShoalError('OPTION_INVALID', detail);
	if (publish === 'tree') {
		if (keep === 0) throw refuse('--keep counts the current tree: 1 is the least');
		if (state !== undefined) {
			throw refuse(
				'--state has no meaning with --publish tree: state is beside DEST, where trees are',
			);
		}
		return {keep: keep ?? keepDefault, convert: convert !== undefined};
	}
	if (keep !== undefined) throw refuse('--keep is for --publish tree');
	if (convert !== undefined) throw refuse('--convert is for --publish tree');
	return undefined;
}

/** The current tree, and one for readers that began before it was shown. */
const keepDefault = 2;

function handleEvent(event: Event, voice: Voice, context: Context): void {
	const {options, platform, terminal} = context;
	voice.handle(event);
	if (event.event === 'plan') {
		voice.tell(event);
		const asked = options.dryRun !== undefined && options.quiet === undefined;
		for (const phrases of describePlan(event.plan, platform.clock.wallMs())) {
			voice.log(phrases.join(', '));
			if (!voice.talks && !asked) continue;
			for (const line of joinPhrases(phrases, terminal.columns)) voice.print(line);
		}
	} else if (event.event === 'change') {
		const line = itemize(event, options.checksum !== undefined);
		voice.log(line);
		if (options.itemize !== undefined || options.verbose !== undefined) {
			voice.tell(event);
			voice.print(options.itemize === undefined ? nameChange(event) : line);
		}
	}
}

/** What goes where, before it goes, in phrases. */
export function describePlan(plan: PlanSummary, wallMs: number): string[][] {
	const module = plan.module === '' ? [] : [`module ${escapeText(plan.module)}`];
	const found = plan.bytesFound === 0 ? [] : [`${formatSize(plan.bytesFound)} found here`];
	return [
		[
			...module,
			`snapshot ${plan.snapshot.slice(0, 12)}`,
			formatAge(wallMs - plan.issuedMs),
			formatCounted(plan.entries, 'entry', 'entries'),
			formatSize(plan.bytesTotal),
		],
		[
			`+${formatCount(plan.created)} new ~${formatCount(plan.changed)} changed ` +
				`-${formatCount(plan.deleted)} gone`,
			`${formatSize(plan.bytesToFetch)} to fetch`,
			...found,
			`${formatSize(plan.bytesFree)} free`,
		],
	];
}

/** Phrases on as few lines as may be; one that is too long for a line has one of its own. */
export function joinPhrases(phrases: readonly string[], columns = Infinity): string[] {
	const lines: string[] = [];
	for (const [index, phrase] of phrases.entries()) {
		const piece = index === phrases.length - 1 ? phrase : `${phrase},`;
		const joined = `${lines.at(-1)} ${piece}`;
		if (lines.length > 0 && joined.length < columns) lines[lines.length - 1] = joined;
		else lines.push(piece);
	}
	return lines;
}

/** `-vv` says what `--stats` does, as rsync's says what it matched. */
function asksStatistics({stats, verbose = 0, quiet}: OptionValues): boolean {
	return quiet === undefined && (stats !== undefined || verbose > 1);
}

function sayResult(result: PullResult, voice: Voice, {options, terminal}: Context): void {
	const say = (line: string) => {
		if (voice.talks) voice.print(line);
	};
	voice.endProblems(result.leftOut);
	if (result.unchanged) {
		say('unchanged since the last pull; DEST was not examined (--check does that)');
		voice.log('unchanged since the last pull');
	}
	const isListed = options.verbose !== undefined || options.itemize !== undefined;
	if (asksStatistics(options)) {
		for (const line of ['', ...statistics(result)]) voice.print(line);
		say('');
	} else if (isListed) say('');
	for (const line of totals(result)) say(line);
	voice.log(logTotal(result));
	const left = describeLeftOut(result.leftOut);
	if (left.length > 0) {
		for (const line of joinPhrases(left, terminal.columns)) say(line);
		voice.log(left.join(', '));
	}
	const next = nextStep(result);
	if (next !== undefined) voice.notice(next);
}
