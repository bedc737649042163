/** What a figure was measured on: models and versions, no names and no places. */
import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {cpus, loadavg, release, totalmem} from 'node:os';

export type Machine = {
	readonly cpu: string;
	readonly cores: number;
	readonly memory: string;
	readonly kernel: string;
	readonly versions: Readonly<Record<string, string>>;
	/** Processes that wanted to run in the minute before: above one, figures mean little. */
	readonly busyness: number;
};

export function describeThisMachine(): Machine {
	const own = new URL('../../../package.json', import.meta.url);
	const {version} = JSON.parse(readFileSync(own, 'utf8')) as {version: string};
	const said = spawnSync('rsync', ['--version'], {encoding: 'utf8'});
	const rsync = /version (\S+)/.exec(said.stdout ?? '')?.[1];
	return {
		cpu: cpus()[0]?.model ?? 'unknown',
		cores: cpus().length,
		memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
		kernel: release().replace(/-.*/, ''),
		versions: {
			shoal: version,
			...(rsync !== undefined && {rsync}),
			Node: process.versions.node,
		},
		busyness: loadavg()[0]!,
	};
}
