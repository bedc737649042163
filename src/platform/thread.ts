/** A worker thread as the pool sees it. */
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

export type ThreadDriver = {
	/** Cores that this process may use. */
	readonly coreCount: number;
	start(handler: ThreadHandler): Thread;
};
