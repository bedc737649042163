/**
 * Where a source and a receiver meet on one machine: the loopback, or two network namespaces with a
 * wire of Ethernet's MTU between them. Each side has a core of its own where there are two.
 */
import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {readlinkSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import {setTimeout as sleep} from 'node:timers/promises';
import {hasTool} from '../wan/host.ts';

export type Side = 'source' | 'receiver';

export type Place = {
	readonly name: 'mtu-1500' | 'loopback';
	/** Of the source. */
	readonly address: string;
	/** The largest payload of a datagram there. */
	readonly datagramSize: number;
	/** The same command on that side, as file and words: it keeps the process id of who starts it. */
	enter(side: Side, command: readonly string[]): readonly [string, readonly string[]];
	close(): void;
};

/** Whether each side is held to one core. */
export const isBound = availableParallelism() >= 2 && hasTool('taskset');

export function openLoopback(): Place {
	return {
		name: 'loopback',
		address: '127.0.0.1',
		datagramSize: 65_507,
		enter: (side, command) => split(bound(side, command)),
		close: () => undefined,
	};
}

/** Why there can be no wire here; undefined: there can. */
export function lacksWire(): string | undefined {
	if (process.platform !== 'linux') return 'it needs Linux';
	if (process.getuid?.() !== 0) return 'it needs root, for network namespaces';
	const missing = ['ip', 'unshare', 'nsenter'].filter(tool => !hasTool(tool));
	return missing.length === 0 ? undefined : `it needs ${missing.join(' and ')}`;
}

/** The namespaces are those of two idle processes, which end with this one however it ends. */
export async function openWire(): Promise<Place> {
	const sides = {source: await holdNamespace(), receiver: await holdNamespace()};
	const enter = (side: Side, command: readonly string[]) =>
		split(['nsenter', `--net=/proc/${sides[side].pid}/ns/net`, ...bound(side, command)]);
	const run = (side: Side, words: string): void => {
		const [file, rest] = enter(side, ['ip', ...words.split(' ')]);
		execFileSync(file, rest);
	};
	run(
		'source',
		`link add wire mtu 1500 type veth peer name wire mtu 1500 netns ${sides.receiver.pid}`,
	);
	for (const [side, address] of [
		['source', addresses.source],
		['receiver', addresses.receiver],
	] as const) {
		run(side, `addr add ${address}/24 dev wire`);
		run(side, 'link set wire up');
		run(side, 'link set lo up');
	}
	return {
		name: 'mtu-1500',
		address: addresses.source,
		datagramSize: 1472,
		enter,
		close: () => {
			for (const {stdin} of Object.values(sides)) stdin!.end();
		},
	};
}

const addresses = {source: '10.94.1.1', receiver: '10.94.1.2'};

/** Resolves when the namespace is there. */
async function holdNamespace(): Promise<ChildProcess> {
	const child = spawn('unshare', ['--net', 'cat'], {stdio: ['pipe', 'ignore', 'inherit']});
	const own = readlinkSync('/proc/self/ns/net');
	for (let tries = 0; tries < 500; tries++) {
		if (child.exitCode !== null) break;
		if (child.pid !== undefined && readlinkSync(`/proc/${child.pid}/ns/net`) !== own) return child;
		await sleep(10);
	}
	throw new Error('no network namespace could be made');
}

function bound(side: Side, command: readonly string[]): readonly string[] {
	return isBound ? ['taskset', '-c', side === 'source' ? '0' : '1', ...command] : command;
}

function split([file, ...words]: readonly string[]): readonly [string, readonly string[]] {
	return [file!, words];
}
