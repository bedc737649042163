/**
 * Many things may wait on one signal, and a signal looks through all its listeners for each one
 * that is added: so each signal gets one listener, which tells the others.
 */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `then` once if `signal` is aborted, at once if it is; the answer calls that off. */
export function onAbort(signal: AbortSignal | undefined, then: () => void): () => void {
	if (signal === undefined) return () => undefined;
	if (signal.aborted) {
		then();
		return () => undefined;
	}
	const calls = waiting.get(signal) ?? listen(signal);
	const call = (): void => then();
	calls.add(call);
	return () => calls.delete(call);
}

function listen(signal: AbortSignal): Set<() => void> {
	const calls = new Set<() => void>();
	waiting.set(signal, calls);
	const tell = (): void => {
		for (const call of calls) call();
		calls.clear();
	};
	signal.addEventListener('abort', tell, {once: true});
	return calls;
}
