/** `shoal pull`: options in, lines or JSON out. */
import type {ControllerName} from '../congestion/controllers.ts';
import type {Event, PlanSummary, PullResult} from '../engine/event.ts';
import type {PullOptions} from '../engine/options.ts';
import {pull} from '../engine/pull.ts';
import {ShoalError} from '../error.ts';
import type {Context} from './context.ts';
import {failedPull} from './failed-run.ts';
import {readFilters} from './filter-option.ts';
import {formatAge, formatCount, formatCounted, formatSize} from './format.ts';
import {itemize, nameChange} from './itemize.ts';
import {readLocal, readSource} from './operand.ts';
import type {OptionValues} from './option.ts';
import {statistics, totals} from './statistics.ts';
import {type Voice, withVoice} from './voice.ts';

export function runPull(context: Context): Promise<number> {
	return withVoice(context, failedPull, async voice => {
		const on = (event: Event) => handleEvent(event, voice, context);
		const result = await pull({...readOptions(context), scheduler: context.scheduler, on});
		for (const problem of result.errors) voice.problem(problem);
		sayResult(result, voice, context.options);
		voice.tell({event: 'result', ...result});
		return result.exit;
	});
}

/** @throws ShoalError OPTION_INVALID, SOURCE_INVALID, DESTINATION_INVALID */
export function readOptions({
	operands,
	options,
	signal,
	configDirectory,
}: Pick<Context, 'operands' | 'options' | 'signal' | 'configDirectory'>): PullOptions {
	if (options.ipv4 !== undefined && options.ipv6 !== undefined) {
		throw new ShoalError('OPTION_INVALID', '-4 and -6 exclude each other');
	}
	const given = (name: keyof OptionValues) => options[name] !== undefined;
	const trees = readTrees(options);
	const family = given('ipv4') ? 4 : given('ipv6') ? 6 : undefined;
	return {
		configDirectory,
		signal,
		source: readSource(operands[0]!),
		destination: readLocal(operands[1]!, 'DESTINATION_INVALID', 'destination'),
		...readFilters(options, operands),
		dryRun: given('dryRun'),
		delete: given('delete') || given('deleteExcluded'),
		check: given('check'),
		checksum: given('checksum'),
		ignoreTimes: given('ignoreTimes'),
		sizeOnly: given('sizeOnly'),
		wholeFile: given('wholeFile'),
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
		...(options.state === undefined ? {} : {state: options.state}),
		...(options.threads === undefined ? {} : {threads: options.threads}),
		...(options.deleteMax === undefined ? {} : {deleteMax: options.deleteMax}),
		...(options.rateMax ? {rateMax: options.rateMax} : {}),
		...(options.timeout ? {timeoutSeconds: options.timeout} : {}),
		...(options.contactTimeout ? {contactTimeoutSeconds: options.contactTimeout} : {}),
		...(options.congestion ? {congestion: options.congestion as ControllerName} : {}),
		...(family === undefined ? {} : {family}),
	};
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

function handleEvent(event: Event, voice: Voice, {options, platform}: Context): void {
	voice.handle(event);
	if (event.event === 'plan') {
		voice.tell(event);
		const lines = describePlan(event.plan, platform.clock.wallMs());
		const asked = options.dryRun !== undefined && options.quiet === undefined;
		for (const line of lines) voice.talks || asked ? voice.say(line) : voice.log(line);
	} else if (event.event === 'change') {
		const line = itemize(event, options.checksum !== undefined);
		if (options.itemize !== undefined) {
			voice.tell(event);
			voice.say(line);
		} else if (options.verbose !== undefined) {
			voice.tell(event);
			voice.say(nameChange(event));
		} else voice.log(line);
	}
}

/** What goes where, before it goes. */
export function describePlan(plan: PlanSummary, wallMs: number): string[] {
	const module = plan.module === '' ? '' : `module ${plan.module}, `;
	const id = plan.snapshot.slice(0, 12);
	return [
		`${module}snapshot ${id}, ${formatAge(wallMs - plan.issuedMs)}: ` +
			`${formatCounted(plan.entries, 'entry', 'entries')}, ${formatSize(plan.bytesTotal)}`,
		`+${formatCount(plan.created)} new ~${formatCount(plan.changed)} changed ` +
			`-${formatCount(plan.deleted)} gone, ${formatSize(plan.bytesToFetch)} to fetch, ` +
			`${formatSize(plan.bytesFree)} free`,
	];
}

function sayResult(result: PullResult, voice: Voice, options: OptionValues): void {
	const say = (line: string) => (voice.talks ? voice.say(line) : voice.log(line));
	if (result.unchanged) {
		say('unchanged since the last pull; DEST was not examined (--check does that)');
	}
	if (options.stats !== undefined && options.quiet === undefined) {
		for (const line of statistics(result)) voice.say(line);
	}
	for (const line of totals(result)) say(line);
	const hidden = result.errorCount - result.errors.length;
	if (hidden > 0) voice.notice(`${formatCounted(hidden, 'error')} more than those named`);
}
