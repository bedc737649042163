import type {DirHandle} from './tree.ts';

/** Worker threads as the pool sees them: messages in order, octets handed over or shared. */
export type ThreadHandler = {
	message(value: unknown): void;
	/** The thread ended: by an uncaught error, or because it was stopped. */
	exited(error: Error | undefined): void;
};

export type Thread = {
	post(value: unknown, transfer: readonly ArrayBufferLike[]): void;
	/** Ends it at once; what it was doing is not finished. */
	stop(): Promise<void>;
};

/** The other end: what a worker thread has of the one that started it. */
export type ThreadPort = {
	post(value: unknown, transfer: readonly ArrayBufferLike[]): void;
	receive(message: (value: unknown) => void): void;
};

export type ThreadDriver = {
	/** Cores that this process may use. */
	readonly coreCount: number;
	/**
	 * This thread's zero of `Clock.now`, in microseconds on a clock that all threads of the process
	 * share: what one thread has measured is compared with what another has by it.
	 */
	readonly epoch: number;
	/** False: it runs in processes, which see nothing of what is written here. */
	readonly sharesMemory: boolean;
	/** Where this thread answers if it was started as a worker. */
	readonly parent: ThreadPort | undefined;
	start(handler: ThreadHandler): Thread;
	/** Resolves in a later turn of this thread's event loop, so that others may use it between. */
	turn(): Promise<void>;
};

/** Processes that do jobs in the place of threads, and a directory as they hold it. */
export type Processes = {readonly threads: ThreadDriver; readonly root: DirHandle};
