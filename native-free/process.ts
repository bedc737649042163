/** This process, and whether another one still runs: what a lock in a file needs to know. */
import {readFileSync, readlinkSync} from 'node:fs';
import {hostname} from 'node:os';
import {performance} from 'node:perf_hooks';
import type {ProcessInfo} from '../src/platform/process.ts';

/**
 * A process number alone is soon another process's, so its start time stands beside it (proc(5),
 * stat, field 22), and the boot and the namespace in which both mean something.
 */
export const processInfo: ProcessInfo = {
	isRoot: process.geteuid?.() === 0,
	uid: process.geteuid?.() ?? 0,
	gid: process.getegid?.() ?? 0,
	identity: [place(), process.pid, startOf(process.pid)].join(' '),
	state(identity) {
		const [host, boot, namespace, id, start] = identity.split(' ');
		const [ownHost, ownBoot, ownNamespace] = place().split(' ');
		if (host !== ownHost) return 'unknown';
		if (boot !== ownBoot) return 'gone';
		if (namespace !== ownNamespace) return 'unknown';
		const number = Number(id);
		if (!Number.isSafeInteger(number) || number <= 0) return 'gone';
		if (start !== unknown) return startOf(number) === start ? 'running' : 'gone';
		return isAlive(number) ? 'running' : 'gone';
	},
	usage() {
		const {user, system} = process.cpuUsage();
		return {cpu: user + system, busy: 1000 * performance.eventLoopUtilization().active};
	},
};

/** What a system without /proc does not tell. */
const unknown = '-';

/** Host, boot and process namespace: three words. */
function place(): string {
	const host =
		hostname()
			.replace(/[^\w.-]/g, '_')
			.slice(0, 64) || unknown;
	const boot = read('/proc/sys/kernel/random/boot_id');
	return [host, boot, namespaceOf()].join(' ');
}

function namespaceOf(): string {
	try {
		return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '') || unknown;
	} catch (error) {
		return notThere(error);
	}
}

function startOf(id: number): string {
	const stat = read(`/proc/${id}/stat`);
	// The second field, in brackets, is the command's name, which may hold anything.
	return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? unknown;
}

function isAlive(id: number): boolean {
	try {
		process.kill(id, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
}

function read(path: string): string {
	try {
		return readFileSync(path, 'latin1').trim();
	} catch (error) {
		return notThere(error);
	}
}

function notThere(error: unknown): string {
	if ((error as NodeJS.ErrnoException).code === undefined) throw error;
	return unknown;
}
