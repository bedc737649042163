/** Every task that a worker thread can run, by name. */
import {assert} from '../assert.ts';
import {buildTree} from './build-tree.ts';
import {compress} from './compress.ts';
import {copyContent, linkContent} from './content-copy.ts';
import {hash, hashJoin, hashPart} from './hash.ts';
import {listBelow} from './list-below.ts';
import {look} from './look.ts';
import {copyMatches, match} from './match.ts';
import {makePatches} from './patch.ts';
import {publish} from './publish.ts';
import {readRanges} from './read.ts';
import {removeTrees} from './remove-trees.ts';
import {scan} from './scan.ts';
import {siblings} from './siblings.ts';
import {stage} from './stage.ts';
import {hashStaged} from './staged-hash.ts';
import {sum} from './sum.ts';
import {survey} from './survey.ts';
import type {Task} from './task.ts';

/** A thread runs what it is told with what it is sent: the types are the caller's to keep. */
export type AnyTask = Task<never, unknown>;

const tasks: readonly AnyTask[] = [
	scan,
	look,
	hash,
	hashPart,
	hashJoin,
	compress,
	match,
	copyMatches,
	makePatches,
	copyContent,
	linkContent,
	hashStaged,
	listBelow,
	publish,
	buildTree,
	removeTrees,
	readRanges,
	siblings,
	stage,
	sum,
	survey,
];

export const taskTable: ReadonlyMap<string, AnyTask> = new Map(
	tasks.map(task => [task.name, task]),
);

assert(taskTable.size === tasks.length, 'two tasks have one name');
