/** Every task that a worker thread can run, by name. */
import {assert} from '../assert.ts';

import {hash, hashJoin, hashPart} from './hash.ts';
import {copyMatches, match} from './match.ts';
import {scan} from './scan.ts';
import type {Task} from './task.ts';

/** A thread runs what it is told with what it is sent: the types are the caller's to keep. */
export type AnyTask = Task<never, unknown>;

const tasks: readonly AnyTask[] = [scan, hash, hashPart, hashJoin, match, copyMatches];

export const taskTable: ReadonlyMap<string, AnyTask> = new Map(
	tasks.map(task => [task.name, task]),
);

assert(taskTable.size === tasks.length, 'two tasks have one name');
