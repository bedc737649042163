/** What is being made: once, whoever asks for it meanwhile. */
export class UnderWay {
	readonly #codes = new Map<string, Promise<number>>();

	has(key: string): boolean {
		return this.#codes.has(key);
	}

	/** `job` makes what these keys name, and answers 0 or a refuseCode for each. */
	start(keys: readonly string[], job: Promise<readonly number[]>): void {
		keys.forEach((key, index) => {
			const one = job
				.then(codes => codes[index]!)
				.finally(() => {
					this.#codes.delete(key);
				});
			this.#codes.set(key, one);
		});
	}

	/** 0 or a refuseCode, when it is there; at once 0 of what is not being made. */
	codeOf(key: string): Promise<number> | 0 {
		return this.#codes.get(key) ?? 0;
	}
}
