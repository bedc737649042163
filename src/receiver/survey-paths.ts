import type {DirHandle} from '../platform/tree.ts';
import {inParallel} from '../pool/in-parallel.ts';
import type {Pool} from '../pool/pool.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import {costPerEntry} from '../task/cost.ts';
import {OctetPool, type PackedOctets} from '../task/packed-octets.ts';
import {makeStatColumns, type StatColumns, survey} from '../task/survey.ts';
import {Present} from './present.ts';

/** Paths looked at in one job: some 10 ms. */
const pathsPerJob = 1024;

/** Looks at paths of DEST, which come in order, with all threads. */
export async function surveyPaths(
	pool: Pool,
	root: DirHandle,
	paths: PackedOctets,
	order: JobOptions,
): Promise<Present> {
	const all = OctetPool.from(paths);
	const columns = makeStatColumns(all.count);
	const targets: PackedOctets[] = [];
	const job = async (start: number): Promise<void> => {
		const count = Math.min(pathsPerJob, all.count - start);
		const part = all.pick(Array.from({length: count}, (_, at) => start + at));
		const found = await pool.run(
			survey,
			{root, paths: part},
			{...order, cost: count * costPerEntry},
		);
		for (const name of Object.keys(columns) as (keyof StatColumns)[]) {
			(columns[name] as Uint8Array).set(found[name] as Uint8Array, start);
		}
		targets[start / pathsPerJob] = found.targets;
	};
	const starts = Array.from(
		{length: Math.ceil(all.count / pathsPerJob)},
		(_, at) => at * pathsPerJob,
	);
	await inParallel(starts, 2 * Math.max(1, pool.threadCount), job);
	const joined = new OctetPool(all.count);
	for (const part of targets) {
		const from = OctetPool.from(part);
		for (let at = 0; at < from.count; at++) joined.add(from.at(at));
	}
	return new Present(paths, columns, joined.packed());
}
