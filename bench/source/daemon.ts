/** An rsync daemon on loopback that serves one tree. */
import {type ChildProcess, spawn} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {createConnection} from 'node:net';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

export type Daemon = {
	readonly process: ChildProcess;
	readonly pid: number;
	/** Of the tree, with a slash at its end. */
	readonly url: string;
};

/** To be stopped by who started it. `place` takes its configuration. */
export async function startDaemon(place: string, tree: string): Promise<Daemon> {
	const port = 20_000 + (process.pid % 20_000);
	const config = join(place, 'rsyncd.conf');
	const settings = [
		`port = ${port}`,
		'address = 127.0.0.1',
		'use chroot = no',
		'uid = 0',
		'gid = 0',
	];
	writeFileSync(config, `${settings.join('\n')}\n[m]\npath = ${tree}\n`);
	const words = ['--daemon', '--no-detach', '--config', config];
	const daemon = spawn('rsync', words, {stdio: ['ignore', 'inherit', 'inherit']});
	await untilListens(port);
	return {process: daemon, pid: daemon.pid!, url: `rsync://127.0.0.1:${port}/m/`};
}

async function untilListens(port: number): Promise<void> {
	for (let tries = 0; tries < 100; tries++) {
		const isOpen = await new Promise<boolean>(resolve => {
			const socket = createConnection({port, host: '127.0.0.1'}, () => resolve(true));
			socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
		});
		if (isOpen) return;
		await sleep(50);
	}
	throw new Error('the rsync daemon does not listen');
}
