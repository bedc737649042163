/** What an update is measured on: a directory as it was, and as it is. */
import {createHash} from 'node:crypto';
import {lstatSync, readdirSync, readFileSync, utimesSync} from 'node:fs';
import {join} from 'node:path';

export const pairKinds = ['tree', 'tar', 'tar.gz', 'made', 'adversarial', 'moved'] as const;
export type PairKind = (typeof pairKinds)[number];

export type Pair = {
	readonly name: string;
	/** `moved` is reported apart. */
	readonly kind: PairKind;
	/** Options that both programs are given beside their own. */
	readonly words?: readonly string[];
	/** The files of both directories are single ones of this name: zsync can fetch it. */
	readonly file?: string;
	/** Fills two empty directories; throws `Unavailable` when this machine cannot. */
	make(before: string, after: string): void;
};

/** Why a pair is left out. */
export class Unavailable extends Error {}

/**
 * Gives each file a time that follows from its content, and each directory one and the same: rsync
 * takes files of equal size and time to be equal, so equal files must have equal times, and a
 * changed one another.
 */
export function setTimes(directory: string): void {
	for (const entry of readdirSync(directory, {withFileTypes: true})) {
		const path = join(directory, entry.name);
		if (entry.isDirectory()) setTimes(path);
		else if (lstatSync(path).isFile()) {
			const hash = createHash('sha256').update(readFileSync(path)).digest();
			const seconds = 1_500_000_000 + (hash.readUInt32BE(0) % 200_000_000);
			utimesSync(path, seconds, seconds);
		}
	}
	utimesSync(directory, 1_500_000_000, 1_500_000_000);
}
