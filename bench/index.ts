/**
 * `npm run bench [-- --smoke] [-- NAME…]`: times every kernel, or those whose name begins so, and
 * prints a JSON line for each. `--smoke` runs each once on tiny input, so that none rots; then also
 * the benches of whole programs (loopback/, wan/) and of updates (delta/), which have commands of
 * their own.
 */
import {spawnSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {type Kernel, measure} from './harness.ts';
import {digestKernels} from './kernel/digest.ts';
import {frameKernels} from './kernel/frame.ts';
import {listKernels} from './kernel/list.ts';
import {schedulerKernels} from './kernel/scheduler.ts';
import {sealKernels} from './kernel/seal.ts';
import {searchKernels} from './kernel/search.ts';
import {searchThreadKernels} from './kernel/search-threads.ts';
import {sumsKernels} from './kernel/sums.ts';
import {coreKernels} from './session/core.ts';
import {loopbackKernels} from './session/loopback.ts';
import {webTransportKernels} from './session/webtransport.ts';
import {scanKernels} from './tree/scan.ts';

const kernels: readonly Kernel[] = [
	...digestKernels,
	...frameKernels,
	...sealKernels,
	...listKernels,
	...sumsKernels,
	...searchKernels,
	...searchThreadKernels,
	...schedulerKernels,
	...scanKernels,
	...coreKernels,
	...loopbackKernels,
	...webTransportKernels,
];

const words = process.argv.slice(2);
const smoke = words.includes('--smoke');
const names = words.filter(word => !word.startsWith('--'));
const chosen = kernels.filter(
	({name}) => names.length === 0 || names.some(prefix => name.startsWith(prefix)),
);
const programs = ['loopback', 'wan', 'delta', 'source'].filter(
	name => smoke && (names.length === 0 || names.includes(name)),
);
if (chosen.length === 0 && programs.length === 0) {
	process.stderr.write(`no benchmark of that name; there are\n`);
	for (const {name} of kernels) process.stderr.write(`  ${name}\n`);
	process.exitCode = 1;
}
for (const kernel of chosen) {
	process.stdout.write(`${JSON.stringify(await measure(kernel, smoke))}\n`);
}
for (const name of programs) {
	const program = fileURLToPath(new URL(`./${name}/index.js`, import.meta.url));
	const {status} = spawnSync(process.execPath, [program, '--smoke'], {stdio: 'inherit'});
	if (status !== 0) process.exitCode = 1;
}
