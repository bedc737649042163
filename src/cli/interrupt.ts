/**
 * SIGINT and SIGTERM: the first asks the run to stop cleanly, the second ends the process at once
 * (publishing is driven by a journal, so that is safe too, only slower to recover from).
 */
import {ShoalError} from '../error.ts';

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Listens until `release`; `tell` is called with the name of the first signal. */
export function onInterrupt(tell: (signal: string) => void): {
	readonly signal: AbortSignal;
	release(): void;
} {
	const controller = new AbortController();
	const handle = (name: NodeJS.Signals) => {
		const error = new ShoalError('INTERRUPTED', `stopped by ${name}`);
		if (controller.signal.aborted) process.exit(error.exit);
		controller.abort(error);
		tell(name);
	};
	for (const name of signals) process.on(name, handle);
	return {
		signal: controller.signal,
		release: () => {
			for (const name of signals) process.removeListener(name, handle);
		},
	};
}

/** Whether a run ended because it was asked to. */
export function isInterruption(error: unknown): boolean {
	return error instanceof ShoalError && error.code === 'INTERRUPTED';
}

/** SIGHUP, to which a server reads its configuration again; until `release` is called. */
export function onHangUp(reread: () => unknown): () => void {
	process.on('SIGHUP', reread);
	return () => process.removeListener('SIGHUP', reread);
}
