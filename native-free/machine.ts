/** What this machine says of itself: /proc and /sys on Linux, and what a socket really gets. */
import {createSocket, type Socket} from 'node:dgram';
import {existsSync, readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {cpus, networkInterfaces} from 'node:os';
import type {Machine, MachineFacts} from '../src/platform/machine.ts';
import {inspectDirectory, inspectFiles} from './machine-directory.ts';
import {nodeCode} from './tree-error.ts';

export const machine: Machine = {
	directory: inspectDirectory,
	files: inspectFiles,
	async inspect(port, bufferSize): Promise<MachineFacts> {
		return {
			system: process.platform,
			runtimeVersion: process.versions.node,
			coreCount: cpus().length,
			coreQuota: coreQuota(),
			fileMax: fileMax(),
			buffers: {
				receiveMax: readNumber('/proc/sys/net/core/rmem_max'),
				sendMax: readNumber('/proc/sys/net/core/wmem_max'),
				...(await socketBuffers(bufferSize)),
			},
			interfaces: interfaces(),
			port: await lookAtPort(port),
			packetFilter: packetFilter(),
			// systemd-timesyncd leaves this mark; other keepers of time leave none that can be read.
			isSynchronised: existsSync('/run/systemd/timesync/synchronized') ? true : undefined,
		};
	},
};

function interfaces(): MachineFacts['interfaces'] {
	return Object.entries(networkInterfaces()).map(([name, addresses]) => ({
		name,
		mtu: readNumber(`/sys/class/net/${name}/mtu`),
		isInternal: addresses?.every(({internal}) => internal) ?? false,
	}));
}

/** What a socket that asks for `size` is given. Linux counts its own overhead, as much again. */
async function socketBuffers(size: number): Promise<{receive: number; send: number}> {
	const socket = createSocket('udp4');
	try {
		await bound(socket, 0, '127.0.0.1');
		for (const set of [socket.setRecvBufferSize, socket.setSendBufferSize]) {
			try {
				set.call(socket, size);
			} catch (error) {
				if (nodeCode(error) !== 'ERR_SOCKET_BUFFER_SIZE') throw error;
			}
		}
		const share = process.platform === 'linux' ? 2 : 1;
		return {
			receive: socket.getRecvBufferSize() / share,
			send: socket.getSendBufferSize() / share,
		};
	} finally {
		socket.close();
	}
}

async function lookAtPort(port: number): Promise<MachineFacts['port']> {
	const socket = createSocket('udp4');
	try {
		await bound(socket, port, '0.0.0.0');
		return {code: undefined, holder: undefined};
	} catch (error) {
		return {code: nodeCode(error) ?? String(error), holder: holderOf(port)};
	} finally {
		socket.close();
	}
}

function bound(socket: Socket, port: number, address: string): Promise<void> {
	return new Promise((resolve, reject) => {
		socket.once('error', reject);
		socket.bind({port, address, exclusive: true}, resolve);
	});
}

/** Who has a port of UDP: its socket's number in proc(5), net/udp, is in the links of a process. */
function holderOf(port: number): string | undefined {
	const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
	const inodes = ['/proc/net/udp', '/proc/net/udp6'].flatMap(table =>
		readLines(table)
			.map(line => line.trim().split(/\s+/))
			.filter(fields => fields[1]?.endsWith(local))
			.map(fields => `socket:[${fields[9]}]`),
	);
	if (inodes.length === 0) return undefined;
	for (const id of listNames('/proc').filter(name => /^\d+$/.test(name))) {
		const folder = `/proc/${id}/fd`;
		const found = listNames(folder).some(fd => inodes.includes(linkOf(`${folder}/${fd}`) ?? ''));
		if (found) return `${readText(`/proc/${id}/comm`)?.trim() ?? 'a process'} (${id})`;
	}
	return undefined;
}

/** Of the version 2 of control groups, or of version 1: a share of time in a period. */
function coreQuota(): number | undefined {
	const path = readLines('/proc/self/cgroup')
		.find(line => line.startsWith('0::'))
		?.slice(3);
	for (const folder of [`/sys/fs/cgroup${path ?? ''}`, '/sys/fs/cgroup']) {
		const [quota, period] = readText(`${folder}/cpu.max`)?.split(/\s+/) ?? [];
		if (Number(quota) > 0 && Number(period) > 0) return Number(quota) / Number(period);
	}
	const quota = readNumber('/sys/fs/cgroup/cpu/cpu.cfs_quota_us');
	const period = readNumber('/sys/fs/cgroup/cpu/cpu.cfs_period_us');
	return quota !== undefined && quota > 0 && period ? quota / period : undefined;
}

function fileMax(): number | undefined {
	const line = readLines('/proc/self/limits').find(text => text.startsWith('Max open files'));
	const soft = line?.slice('Max open files'.length).trim().split(/\s+/)[0];
	return soft === undefined || !/^\d+$/.test(soft) ? undefined : Number(soft);
}

function packetFilter(): string | undefined {
	const modules = readLines('/proc/modules').map(line => line.split(' ')[0]!);
	return ['nf_tables', 'ip_tables', 'iptable_filter'].find(name => modules.includes(name));
}

function readNumber(path: string): number | undefined {
	const text = readText(path)?.trim();
	return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

function readLines(path: string): string[] {
	return readText(path)?.split('\n') ?? [];
}

function readText(path: string): string | undefined {
	return orNothing(() => readFileSync(path, 'latin1'));
}

function listNames(path: string): string[] {
	return orNothing(() => readdirSync(path)) ?? [];
}

function linkOf(path: string): string | undefined {
	return orNothing(() => readlinkSync(path));
}

/** What is not there, or not ours to see, is no fact. */
function orNothing<T>(look: () => T): T | undefined {
	try {
		return look();
	} catch (error) {
		if (nodeCode(error) === undefined) throw error;
		return undefined;
	}
}
