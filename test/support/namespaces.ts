/**
 * Two hosts with a router between them, as network namespaces: what a loopback cannot be. Needs
 * root and iproute2 on Linux.
 */
import {execFileSync, spawnSync} from 'node:child_process';
import process from 'node:process';

/** Whether this process may make namespaces; else the reason why not. */
export function lacksNamespaces(): string | undefined {
	if (process.platform !== 'linux') return 'not Linux';
	if (process.getuid?.() !== 0) return 'not root';
	const name = `shoal-look-${process.pid}`;
	const made = spawnSync('ip', ['netns', 'add', name]);
	if (made.error !== undefined) return 'no iproute2';
	if (made.status !== 0) return 'no network namespaces';
	execFileSync('ip', ['netns', 'del', name]);
	return undefined;
}

export class Namespaces {
	readonly source = '10.91.1.1';
	readonly #names: Record<'source' | 'router' | 'receiver', string>;

	constructor(tag: string) {
		const name = (role: string) => `shoal-${process.pid}-${tag}-${role}`;
		this.#names = {source: name('s'), router: name('m'), receiver: name('r')};
		for (const each of Object.values(this.#names)) ip('netns', 'add', each);
		this.#join('source', '10.91.1.1', '10.91.1.2', 's');
		this.#join('receiver', '10.91.2.1', '10.91.2.2', 'r');
		this.run('router', 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
		for (const role of ['source', 'receiver'] as const) {
			this.run(role, 'ip', 'link', 'set', 'lo', 'up');
			const via = role === 'source' ? '10.91.1.2' : '10.91.2.2';
			this.run(role, 'ip', 'route', 'add', 'default', 'via', via);
		}
	}

	/** The words before a command that run it on that host. */
	on(role: 'source' | 'router' | 'receiver'): readonly string[] {
		return ['ip', 'netns', 'exec', this.#names[role]];
	}

	run(role: 'source' | 'router' | 'receiver', ...words: readonly string[]): string {
		const [first, ...rest] = [...this.on(role), ...words];
		return execFileSync(first!, rest, {encoding: 'utf8'});
	}

	/** MTU of the wire between the router and the receiver. */
	narrow(mtu: number): void {
		this.run('router', 'ip', 'link', 'set', 'to-r', 'mtu', `${mtu}`);
		this.run('receiver', 'ip', 'link', 'set', 'wire', 'mtu', `${mtu}`);
	}

	/** The router says no more of what it cannot forward. */
	silence(): void {
		this.run('router', 'ip', 'rule', 'add', 'ipproto', 'icmp', 'blackhole');
	}

	/** The router forwards no UDP any more, and says nothing. */
	dropUdp(): void {
		this.run('router', 'ip', 'rule', 'add', 'ipproto', 'udp', 'blackhole');
	}

	/** Datagrams that the source's kernel has cut. */
	get fragments(): number {
		const [names, values] = this.run('source', 'cat', '/proc/net/snmp')
			.split('\n')
			.filter(line => line.startsWith('Ip: '))
			.map(line => line.split(' '));
		return Number(values![names!.indexOf('FragCreates')]);
	}

	remove(): void {
		for (const each of Object.values(this.#names)) ip('netns', 'del', each);
	}

	#join(role: 'source' | 'receiver', own: string, routers: string, end: string): void {
		const {[role]: host, router} = this.#names;
		const wire = ['link', 'add', 'wire', 'netns', host, 'type', 'veth'];
		ip(...wire, 'peer', 'name', `to-${end}`, 'netns', router);
		this.run(role, 'ip', 'addr', 'add', `${own}/24`, 'dev', 'wire');
		this.run(role, 'ip', 'link', 'set', 'wire', 'up');
		this.run('router', 'ip', 'addr', 'add', `${routers}/24`, 'dev', `to-${end}`);
		this.run('router', 'ip', 'link', 'set', `to-${end}`, 'up');
	}
}

function ip(...words: readonly string[]): void {
	execFileSync('ip', words, {stdio: ['ignore', 'ignore', 'inherit']});
}
