/** `npm run bench:wan [-- OPTION…]`: shoal and rsync over emulated long paths. README.md explains. */
import {runBench, type Workplace} from '../run-bench.ts';
import {runFairness} from './fairness.ts';
import {whyNot} from './host.ts';
import {compile} from './link.ts';
import {runMatrix, runSmoke} from './matrix.ts';
import {type Options, readOptions, usage} from './option.ts';

await runBench({name: 'wan', usage, lock: 'wan', readOptions, whyNot, measure});

async function measure({host, machine, say}: Workplace, options: Options): Promise<number> {
	compile(host.directory);
	if (options.isFairness) return await runFairness(host, machine, options, say);
	if (!options.isSmoke) return (await runMatrix(host, machine, options, say)) === 0 ? 0 : 1;
	const runs = await runSmoke(host);
	for (const run of runs) say(JSON.stringify({name: 'wan', ...run}));
	return runs.every(({isFinished, problem}) => isFinished && problem === undefined) ? 0 : 1;
}
