/** Takes one step for each row of a batch; what the world refuses a row is that row's failure. */
import {type ErrorCode, ShoalError} from '../error.ts';

/** Failed rows, by index, with code and message. */
export type RowFailures = {
	readonly failed: Uint32Array;
	readonly codes: readonly ErrorCode[];
	readonly messages: readonly string[];
};

export function takeSteps(
	count: number,
	step: (row: number) => void,
	beat: () => void,
): RowFailures {
	const failed: number[] = [];
	const codes: ErrorCode[] = [];
	const messages: string[] = [];
	for (let row = 0; row < count; row++) {
		beat();
		try {
			step(row);
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			failed.push(row);
			codes.push(error.code);
			messages.push(error.message);
		}
	}
	return {failed: Uint32Array.from(failed), codes, messages};
}
