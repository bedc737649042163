/** A user who cannot read everything, for tests that are run by root. */
import {spawnSync} from 'node:child_process';
import {program} from './shoal-process.ts';

/** `nobody`, or whoever has that number. */
const nobody = 65_534;

/** The user to be in a child process; undefined: this one will do. */
export const plainUser: number | undefined = process.getuid?.() === 0 ? nobody : undefined;

/** Why there is no such user here; undefined: there is one, who can run the program. */
export function lacksPlainUser(): string | undefined {
	if (process.getuid === undefined) return 'no users and modes';
	if (plainUser === undefined) return undefined;
	const tried = spawnSync(process.execPath, [program, '--version'], {
		...{uid: plainUser, gid: plainUser},
	});
	return tried.status === 0 ? undefined : `user ${plainUser} cannot run the program`;
}
