/** `shoal doctor`: looks at machine, keys, a directory or a source, and says what to mend. */
import {join} from 'node:path';
import {lacksWebTransport} from '../../driver/webtransport-dial.ts';
import {probeSource, type SourceFacts} from '../../engine/probe-source.ts';
import {ShoalError} from '../../error.ts';
import {portDefault} from '../../limit.ts';
import {protocolVersion} from '../../session/handshake.ts';
import type {SourceUrl} from '../../session/source-url.ts';
import type {Context} from '../context.ts';
import {failedRun} from '../failed-run.ts';
import {readSource} from '../operand.ts';
import {withVoice} from '../voice.ts';
import {type Finding, findingLines, type Verdict} from './finding.ts';
import {judgeConfig, judgeDirectory, judgeState} from './judge-directory.ts';
import {judgeDetour, judgeLinks} from './judge-link.ts';
import {bufferWanted, judgeMachine} from './judge-machine.ts';
import {judgeSilence, judgeSource} from './judge-source.ts';
import {judgeLateness, judgeSpeeds, measureLateness, measureSpeeds} from './measure.ts';

/** Seconds that a source has to answer, unless --contimeout says otherwise. */
const contactTimeoutDefault = 5;

/** What scripts see if anything fails: the words are right, the machine is not. */
const exitUnfit = 1;

export function runDoctor(context: Context): Promise<number> {
	return withVoice(context, failedRun, async voice => {
		const counts: Record<Verdict, number> = {ok: 0, note: 0, warn: 0, fail: 0};
		for await (const finding of examine(context)) {
			counts[finding.verdict]++;
			for (const line of findingLines(finding)) voice.say(line);
			voice.tell({event: 'finding', ...finding});
		}
		const exit = counts.fail === 0 ? 0 : exitUnfit;
		voice.tell({event: 'result', ok: exit === 0, exit, verdicts: counts});
		return exit;
	});
}

async function* examine(context: Context): AsyncGenerator<Finding> {
	const {platform, configDirectory, operands, options} = context;
	const {clock, crypto} = platform;
	const from = operands[0] === undefined ? undefined : readSource(operands[0]);
	const machine = await platform.machine();
	yield* judgeMachine(await machine.inspect(portDefault, bufferWanted), clock.wallMs());
	yield* judgeLinks((await lacksWebTransport('h3'))?.message);
	yield judgeLateness(await measureLateness(clock));
	yield* judgeSpeeds(measureSpeeds(crypto, clock));
	yield* judgeConfig(configDirectory, machine.files(configDirectory), platform.process);
	const directory = from !== undefined && 'directory' in from ? from.directory : undefined;
	const judged =
		directory === undefined ? [] : judgeDirectory(directory, machine.directory(directory));
	yield* judged;
	const isOpen = !judged.some(({check, verdict}) => check === 'directory' && verdict === 'fail');
	const inside = directory === undefined || !isOpen ? undefined : join(directory, '.shoal');
	const state = options.state ?? inside;
	if (state !== undefined) yield* judgeState(state, machine.files(state), platform.process);
	if (from !== undefined && 'host' in from) yield* examineSource(from, context);
}

async function* examineSource(url: SourceUrl, context: Context): AsyncGenerator<Finding> {
	const {configDirectory, options, platform, signal} = context;
	const seconds = options.contactTimeout ?? contactTimeoutDefault;
	try {
		const facts = await probeSource(url, configDirectory, seconds, signal);
		yield* judgeSource(facts, platform.clock.wallMs(), protocolVersion);
	} catch (error) {
		if (!(error instanceof ShoalError) || error.code === 'INTERRUPTED') throw error;
		yield judgeSilence(error);
		if (error.code !== 'PATH_SILENT' && error.code !== 'PATH_UNREACHABLE') return;
		yield judgeDetour(await probeDetour(url, context, seconds));
	}
}

/** The same question over HTTP/2. */
async function probeDetour(
	url: SourceUrl,
	{configDirectory, signal}: Context,
	seconds: number,
): Promise<SourceFacts | ShoalError> {
	try {
		return await probeSource(url, configDirectory, seconds, signal, 'h2');
	} catch (error) {
		if (!(error instanceof ShoalError) || error.code === 'INTERRUPTED') throw error;
		return error;
	}
}
