/** `shoal snapshot`: looks at the tree, hashes what changed, saves the list. */
import type {Event, SnapshotResult} from '../engine/event.ts';
import {takeSnapshot} from '../engine/take-snapshot.ts';
import type {Context} from './context.ts';
import {failedRun} from './failed-run.ts';
import {readChanged} from './filter-option.ts';
import {formatCounted, formatDuration, formatSize} from './format.ts';
import {readLocal} from './operand.ts';
import {withVoice} from './voice.ts';

export function runSnapshot(context: Context): Promise<number> {
	const {options, operands, signal, configDirectory, scheduler} = context;
	return withVoice(context, failedRun, async voice => {
		const result = await takeSnapshot({
			directory: readLocal(operands[0]!, 'TREE_MISSING', 'tree'),
			configDirectory,
			signal,
			scheduler,
			on: (event: Event) => voice.handle(event),
			...(options.state === undefined ? {} : {state: options.state}),
			...(options.threads === undefined ? {} : {threads: options.threads}),
			...(options.output === undefined ? {} : {output: options.output}),
			historyMax: options.historyMax,
			historyDays: options.historyDays,
			...(options.rateMax ? {rateMax: options.rateMax} : {}),
			...(options.changed === undefined ? {} : {changed: readChanged(options, operands[0]!)}),
		});
		if (voice.talks) voice.say(describe(result));
		voice.tell({event: 'result', ...result});
		return result.exit;
	});
}

function describe(result: SnapshotResult): string {
	const what = result.changed ? 'snapshot' : 'no change: still snapshot';
	const entries = formatCounted(result.entries, 'entry', 'entries');
	return (
		`${what} ${result.snapshot.slice(0, 12)}: ${entries}, ` +
		`${formatSize(result.bytesTotal)}; hashed ${formatCounted(result.filesHashed, 'file')}, ` +
		`${formatSize(result.bytesHashed)}, in ${formatDuration(result.elapsedMs)}`
	);
}
