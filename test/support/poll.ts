/** A poll by its figures: a source that is busy for a while answers late, and is asked again. */
import type {Finished} from './shoal-process.ts';

const triesMax = 20;

/** The last line of a pull that found nothing new, the first of some whose hello went out once. */
export async function poll(pull: () => Promise<Finished>): Promise<Record<string, unknown>> {
	for (let tries = 1; ; tries++) {
		const {lines, errors} = await pull();
		const last = lines.at(-1);
		if (last === undefined) throw new Error(errors);
		if (last['datagramsOut'] === 1 || last['unchanged'] !== true || tries === triesMax) return last;
	}
}
