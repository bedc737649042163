/** `shoal serve`: runs until a signal, one line per session. */
import type {Event, Server} from '../engine/event.ts';
import type {ServeLimits, ServeModule, ServeOptions} from '../engine/options.ts';
import {serve} from '../engine/serve.ts';
import {ShoalError} from '../error.ts';
import {readConfig} from './config.ts';
import type {Context} from './context.ts';
import {failedRun} from './failed-run.ts';
import {formatCount, formatCounted, formatDuration, formatSize} from './format.ts';
import {isInterruption, onHangUp} from './interrupt.ts';
import type {LiveState} from './live-state.ts';
import {readLocal} from './operand.ts';
import type {OptionValues} from './option.ts';
import {type Voice, withVoice} from './voice.ts';

type Session = Extract<Event, {event: 'session'}>;
type Serving = Extract<Event, {event: 'serving'}>;

export function runServe(context: Context): Promise<number> {
	return withVoice(context, failedRun, async voice => {
		const {scheduler} = context;
		const options = {...readServeOptions(context), scheduler};
		voice.notice('anyone who reaches the port can read what is served');
		const lines = new ServeLines(voice, context.options.quiet !== undefined);
		try {
			const server = await serve({...options, on: event => lines.handle(event)});
			const {config} = context.options;
			// Without a file to read again, a terminal that hangs up ends the run as ever.
			const reread = () => config && rereadLimits(context, config, server, voice);
			const release = config === undefined ? undefined : onHangUp(reread);
			await aborted(context.signal);
			release?.();
			await server.close();
		} catch (error) {
			// Whoever stops a server has what they asked for: that is no failure.
			if (!isInterruption(error)) throw error;
		}
		return 0;
	});
}

/** Scripts wait for the `listening` line: what came before it is told after it. */
class ServeLines {
	readonly #voice: Voice;
	readonly #quiet: boolean;
	#early: Event[] | undefined = [];
	readonly #sessions: SessionCounts = {open: 0, ended: 0, bytesOut: 0};

	constructor(voice: Voice, quiet: boolean) {
		this.#voice = voice;
		this.#quiet = quiet;
	}

	handle(event: Event): void {
		this.#voice.handle(event);
		const line = describe(event);
		if (line !== undefined && !this.#quiet) this.#voice.say(line);
		if (event.event === 'session') this.#count(event);
		if (event.event === 'listening') {
			this.#voice.tell(event);
			for (const early of this.#early ?? []) this.#voice.tell(early);
			this.#early = undefined;
		} else if (event.event === 'serving' || event.event === 'session') {
			if (this.#early === undefined) this.#voice.tell(event);
			else this.#early.push(event);
		}
	}

	#count({state, bytesOut}: Session): void {
		const counts = this.#sessions;
		if (state === 'open') counts.open++;
		else {
			counts.open--;
			counts.ended++;
			counts.bytesOut += bytesOut;
		}
		this.#voice.show(serveState(counts));
	}
}

export type SessionCounts = {open: number; ended: number; bytesOut: number};

/** What stands below the lines of a source that serves. */
export function serveState({open, ended, bytesOut}: SessionCounts): LiveState {
	const amounts = [
		{long: `${formatCounted(open, 'session')} open`, short: `${formatCount(open)} open`, rank: 0},
		{long: `${formatCount(ended)} ended`, short: `${formatCount(ended)} ended`, rank: 1},
		{long: `${formatSize(bytesOut)} sent in those`, short: formatSize(bytesOut), rank: 2},
	];
	return {title: 'serving', amounts: ended === 0 ? amounts.slice(0, 1) : amounts, details: []};
}

function describe(event: Event): string | undefined {
	if (event.event === 'listening') {
		const {url, webTransportUrl} = event;
		return webTransportUrl === undefined ? url : `${url}\nwhere UDP is blocked: ${webTransportUrl}`;
	}
	if (event.event === 'serving') return describeServing(event);
	return event.event === 'session' && event.state === 'closed' ? describeSession(event) : undefined;
}

/** @throws ShoalError OPTION_INVALID, CONFIG_INVALID, TREE_MISSING */
export function readServeOptions({
	operands,
	options,
	signal,
	configDirectory,
}: Pick<Context, 'operands' | 'options' | 'signal' | 'configDirectory'>): ServeOptions {
	const common = {
		configDirectory,
		signal,
		...(options.threads === undefined ? {} : {threads: options.threads}),
		...readLimits(options),
		...(options.mtu === undefined ? {} : {mtu: readMtu(options.mtu)}),
		...readWebTransport(options),
	};
	const listen = options.listen ?? [];
	const [directory] = operands;
	if (options.config !== undefined) {
		if (directory !== undefined || options.state !== undefined) {
			throw new ShoalError('OPTION_INVALID', 'with --config, DIR and --state are in the file');
		}
		const config = readConfig(options.config);
		if (config.modules.length === 0) {
			throw new ShoalError('CONFIG_INVALID', `${options.config} has no [module.NAME]`);
		}
		return {...config, ...common, listen: listen.length > 0 ? listen : config.listen};
	}
	if (directory === undefined) {
		throw new ShoalError('OPTION_INVALID', 'serve wants a DIR or --config FILE');
	}
	const module: ServeModule = {
		name: '',
		directory: readLocal(directory, 'TREE_MISSING', 'tree'),
		scan: options.noScan === undefined,
		historyMax: options.historyMax,
		historyDays: options.historyDays,
		...(options.watch === undefined ? {} : {watch: true}),
		...(options.scanRateMax ? {scanRateMax: options.scanRateMax} : {}),
		...(options.state === undefined ? {} : {state: options.state}),
	};
	return {...common, modules: [module], listen};
}

/** @throws ShoalError OPTION_INVALID */
function readWebTransport(options: OptionValues): Pick<ServeOptions, 'webTransport'> {
	const {webTransport: port, certificate, certificateKey} = options;
	if (port === undefined && certificate === undefined && certificateKey === undefined) return {};
	const refuse = (detail: string) => new ShoalError('OPTION_INVALID', detail);
	if (port === undefined) throw refuse('--certificate and its key are for --webtransport');
	if (port > 65_535) throw refuse(`--webtransport: there is no port ${port}`);
	if (certificate === undefined && certificateKey === undefined) return {webTransport: {port}};
	if (certificate === undefined || certificateKey === undefined) {
		throw refuse('--certificate and --certificate-key go together');
	}
	const files = {certificateFile: certificate, keyFile: certificateKey};
	return {webTransport: {port, files}};
}

/**
 * From IPv6's least (RFC 8200 §5) to the most that a packet can say.
 * @throws ShoalError OPTION_INVALID
 */
function readMtu(mtu: number): number {
	if (mtu >= 1280 && mtu <= 65_535) return mtu;
	throw new ShoalError('OPTION_INVALID', `--mtu wants 1280 to 65535, not ${mtu}`);
}

/** Those of the command line, before which those of a file give way. */
function readLimits({rateMax, rateTotalMax, sessionsMax}: OptionValues): ServeLimits {
	return {
		...(rateMax === undefined ? {} : {rateMax: rateMax || Infinity}),
		...(rateTotalMax === undefined ? {} : {rateTotalMax: rateTotalMax || Infinity}),
		...(sessionsMax === undefined ? {} : {sessionsMax}),
	};
}

/** Takes the limits of the configuration as they are now; a file with a fault changes nothing. */
function rereadLimits({options}: Context, path: string, server: Server, voice: Voice): void {
	try {
		server.limit({...readConfig(path), ...readLimits(options)});
		voice.notice(`the limits of ${path} hold from now on; the rest, when serve starts`);
	} catch (error) {
		if (!(error instanceof ShoalError)) throw error;
		voice.notice(`${error.message}; the limits stay as they are`);
	}
}

function describeServing({module, snapshot, entries}: Serving): string {
	const name = module === '' ? '' : `module ${module}, `;
	return `${name}snapshot ${snapshot.slice(0, 12)}: ${formatCounted(entries, 'entry', 'entries')}`;
}

function describeSession({peer, module, bytesOut, elapsedMs, reason}: Session): string {
	const name = module === '' ? '' : ` module ${module},`;
	const why = reason === undefined ? '' : `, ${reason}`;
	return `${peer}${name} ${formatSize(bytesOut)} in ${formatDuration(elapsedMs)}${why}`;
}

function aborted(signal: AbortSignal): Promise<void> {
	return new Promise(resolve => {
		if (signal.aborted) resolve();
		else signal.addEventListener('abort', () => resolve(), {once: true});
	});
}
