/**
 * `npm run demo`: mirrors a real tree from one process to another across a bad path, first whole,
 * then unchanged, then after changes, and compares both trees each time. Needs no network, no
 * rights and no set-up; exits with 1 if anything differs.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {compareTrees, walkTree} from '../../test/support/compare-trees.ts';
import {run, startServe, stopAll} from '../../test/support/shoal-process.ts';
import type {PathSettings} from './impairment.ts';
import {Relay} from './relay.ts';
import {changeTree, makeTree} from './source-tree.ts';
import {formatTable, type Run} from './table.ts';

const sizeMax = 64_000_000;
const seed = 20_060_427;

/** Down: a link across an ocean. Up: a tenth of its rate, which receipts alone must not fill. */
const toReceiver: PathSettings = {
	rate: 12_500_000,
	delayMs: 45,
	jitterMs: 4,
	loss: 0.01,
	burst: 3,
	reorder: 0.005,
	reorderMs: 8,
	queueMs: 100,
};
const toSource: PathSettings = {...toReceiver, rate: toReceiver.rate / 10};

const quick = process.argv.includes('--quick');
const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url));

const base = mkdtempSync(join(tmpdir(), 'shoal-demo-'));
const source = join(base, 'source');
const mirror = join(base, 'mirror');
const environment = {XDG_CONFIG_HOME: join(base, 'config')};

process.on('exit', stopAll);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
	process.on(signal, () => {
		stopAll();
		rmSync(base, {recursive: true, force: true});
		process.exit(20);
	});
}

process.exitCode = await demo();
if (process.exitCode === 0) rmSync(base, {recursive: true, force: true});
else process.stdout.write(`\nThe trees are kept: ${base}\n`);

async function demo(): Promise<number> {
	makeTree(modules, source, quick ? 2_000_000 : sizeMax);
	say(describeTree());
	say(describePath());
	const server = await startServe([source, '--listen', '127.0.0.1:0'], environment);
	const sourcePort = Number(/:(\d+)/.exec(server.url)![1]);
	const relay = await Relay.open({sourcePort, toSource, toReceiver, seed});
	const url = server.url.replace(/@.*$/, `@127.0.0.1:${relay.port}`);
	try {
		const runs = [await pull('whole', url, relay), await pull('unchanged', url, relay)];
		changeTree(source);
		const taken = await run(['snapshot', source], environment);
		if (taken.exit !== 0)
			throw new Error(`shoal snapshot ended with ${taken.exit}: ${taken.errors}`);
		await server.offers(String(taken.lines.at(-1)?.['snapshot']));
		runs.push(await pull('after changes', url, relay));
		say(`\n${formatTable(runs, toReceiver.rate)}\n`);
		say('Pairs are down / up. A range that is lost is asked for again; dropped are datagrams.');
		return report(runs);
	} finally {
		relay.close();
		await server.stop();
	}
}

async function pull(name: string, url: string, relay: Relay): Promise<Run> {
	const before = relay.dropped;
	const {exit, lines, errors, elapsedMs} = await run(
		['pull', url, mirror, '--delete'],
		environment,
	);
	const differences = exit === 0 ? compareTrees(source, mirror) : [];
	say(`  ${name}: ${differences.length === 0 && exit === 0 ? 'equal' : 'NOT EQUAL'}`);
	if (exit !== 0) differences.push(`shoal pull ended with ${exit}: ${errors}`);
	const {toReceiver, toSource} = relay.dropped;
	const dropped = `${toReceiver - before.toReceiver} / ${toSource - before.toSource}`;
	return {name, result: lines.at(-1) ?? {}, elapsedMs, dropped, differences};
}

function report(runs: readonly Run[]): number {
	const differences = runs.flatMap(({name, differences}) =>
		differences.slice(0, 20).map(difference => `${name}: ${difference}`),
	);
	if (differences.length === 0) {
		say('Both trees were equal after each pull: type, content, mode, time, owner, links.');
		return 0;
	}
	say(`\nThe trees differ:\n${differences.join('\n')}`);
	return 1;
}

function describeTree(): string {
	const tree = walkTree(source);
	const files = [...tree.values()].filter(({type}) => type === 'file').length;
	return `A tree of ${tree.size} entries, ${files} of them files, from the packages of this project.`;
}

function describePath(): string {
	const {rate, delayMs, jitterMs, loss, burst, reorder, queueMs} = toReceiver;
	return (
		`A path of ${(rate * 8) / 1e6} Mbit/s down and ${(toSource.rate * 8) / 1e6} up, ${2 * delayMs} ms ` +
		`round trip and up to ${2 * jitterMs} ms more,\n${100 * loss} % lost in bursts of ${burst}, ` +
		`${100 * reorder} % overtaken, each way; a queue of ${queueMs} ms.`
	);
}

function say(text: string): void {
	process.stdout.write(`${text}\n`);
}
