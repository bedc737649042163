/** `shoal completion`: prints what makes a shell complete; the package has the same as files. */
import {ShoalError} from '../../error.ts';
import type {Context} from '../context.ts';
import {bashCompletion} from './bash.ts';
import {fishCompletion} from './fish.ts';
import {zshCompletion} from './zsh.ts';

/** Shells, and the names under which they look for a completion. */
export const shells = {
	bash: {file: 'shoal.bash', make: bashCompletion},
	zsh: {file: '_shoal', make: zshCompletion},
	fish: {file: 'shoal.fish', make: fishCompletion},
} as const;

export function shellScript(name: keyof typeof shells): string {
	return shells[name].make();
}

/** @throws ShoalError OPTION_INVALID */
export async function runCompletion({operands, terminal}: Context): Promise<number> {
	const shell = operands[0]!;
	if (!Object.hasOwn(shells, shell)) {
		const known = Object.keys(shells).join(', ');
		throw new ShoalError('OPTION_INVALID', `no completion for ${shell}; known are ${known}`);
	}
	await terminal.write(shellScript(shell as keyof typeof shells));
	return 0;
}
