/** `shoal diff`: prints what changed between two snapshots. */

import {diffSnapshots} from '../engine/diff-snapshots.ts';
import type {Change, DiffResult} from '../engine/event.ts';
import type {LinkName} from '../link-name.ts';
import type {Context} from './context.ts';
import {failedRun} from './failed-run.ts';
import {formatCount, formatCounted} from './format.ts';
import {isInterruption} from './interrupt.ts';
import {itemize} from './itemize.ts';
import {readFamily, readOrigin} from './operand.ts';
import {withVoice} from './voice.ts';

export function runDiff(context: Context): Promise<number> {
	const {options, operands, terminal, configDirectory} = context;
	return withVoice(context, failedRun, async voice => {
		const print = (change: Change): void | Promise<void> => {
			if (voice.json) return terminal.write(`${JSON.stringify({event: 'change', ...change})}\n`);
			// The digests of both are known, as with -c.
			if (options.quiet === undefined) return terminal.write(`${itemize(change, true)}\n`);
		};
		try {
			const result = await diffSnapshots({
				from: readOrigin(operands[0]!),
				to: readOrigin(operands[1]!),
				configDirectory,
				signal: AbortSignal.any([context.signal, terminal.closed]),
				trustOnFirstUse: options.trustOnFirstUse !== undefined,
				allowRollback: options.allowRollback !== undefined,
				...readFamily(options),
				on: event => voice.handle(event),
				onChange: print,
				...(options.state === undefined ? {} : {state: options.state}),
				...(options.link ? {link: options.link as LinkName | 'auto'} : {}),
			});
			if (options.stats !== undefined) voice.say(summaryLine(result));
			voice.tell({event: 'result', ...result});
		} catch (error) {
			// The reader has seen enough, as in `shoal diff … | head`.
			if (!terminal.closed.aborted || !isInterruption(error)) throw error;
		}
		return 0;
	});
}

/** What `--stats` prints at the end. */
export function summaryLine(result: DiffResult): string {
	const {created, changed, metadataChanged, moved, deleted, bytesNew} = result;
	const {entriesBefore, entriesAfter} = result;
	const counts = [
		`${formatCount(created)} new`,
		`${formatCount(changed)} changed`,
		`${formatCount(metadataChanged)} with other attributes`,
		`${formatCount(moved)} moved`,
		`${formatCount(deleted)} gone`,
	];
	const entries = formatCounted(entriesAfter, 'entry', 'entries');
	const content = `${formatCounted(bytesNew, 'byte')} of new content`;
	return `${counts.join(', ')}; ${content}; ${formatCount(entriesBefore)} -> ${entries}`;
}
