/** `shoal ls`: prints the list of a snapshot; a reader that has seen enough ends it. */

import {list} from '../engine/list.ts';
import type {ListFormat} from '../engine/options.ts';
import type {LinkName} from '../link-name.ts';
import type {Context} from './context.ts';
import {failedRun} from './failed-run.ts';
import {isInterruption} from './interrupt.ts';
import {localCharset, localZoneOffset} from './locale.ts';
import {readFamily, readOrigin} from './operand.ts';
import {withVoice} from './voice.ts';

export function runList(context: Context): Promise<number> {
	const {options, operands, terminal, configDirectory} = context;
	return withVoice(context, failedRun, async voice => {
		try {
			await list({
				from: readOrigin(operands[0]!),
				format: (options.format ?? 'long') as ListFormat,
				charset: options.eightBit === undefined ? localCharset(process.env) : 'octets',
				zoneOffset: localZoneOffset,
				configDirectory,
				signal: AbortSignal.any([context.signal, terminal.closed]),
				trustOnFirstUse: options.trustOnFirstUse !== undefined,
				allowRollback: options.allowRollback !== undefined,
				...readFamily(options),
				on: event => voice.handle(event),
				write: text => terminal.write(text),
				...(options.state === undefined ? {} : {state: options.state}),
				...(operands[1] === undefined ? {} : {path: operands[1]}),
				...(options.link ? {link: options.link as LinkName | 'auto'} : {}),
			});
		} catch (error) {
			// The reader has seen enough, as in `shoal ls … | head`.
			if (!terminal.closed.aborted || !isInterruption(error)) throw error;
		}
		return 0;
	});
}
