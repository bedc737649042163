/** Judges a machine by its facts: pure, so that each fault can be shown to it. */
import {portDefault} from '../../limit.ts';
import type {MachineFacts} from '../../platform/machine.ts';
import {formatCounted, formatSize} from '../format.ts';
import {type Finding, finding} from './finding.ts';

/** What sockets are asked to hold: 50 ms of 1 Gbit/s and more. */
export const bufferWanted = 8 << 20;
/** Enough for 300 Mbit/s over a collection of garbage of 100 ms. */
const bufferGood = 4 << 20;
/** What systems give unless told otherwise is below it: a hundred datagrams or so. */
const bufferPoor = 1 << 20;

/** A run holds a few hundred files at most; a server some more. */
const fileMaxPoor = 1024;

/** Before this version of shoal was made, so no clock that is right shows it. */
const wallMsMin = Date.UTC(2026, 0, 1);
const wallMsMax = Date.UTC(2100, 0, 1);

/** Oldest version of Node that shoal runs on: `engines` of package.json. */
export const runtimeMin = [20, 19] as const;
/** Last day with security fixes of each long-term version, by Node's schedule of releases. */
const supportEnds: Readonly<Record<number, number>> = {
	20: Date.UTC(2026, 3, 30),
	22: Date.UTC(2027, 3, 30),
	24: Date.UTC(2028, 3, 30),
	26: Date.UTC(2029, 3, 30),
};

export function judgeMachine(facts: MachineFacts, wallMs: number): Finding[] {
	return [
		judgeRuntime(facts.runtimeVersion, wallMs),
		judgeCores(facts),
		judgeFileMax(facts.fileMax),
		judgeBuffers(facts),
		judgeMtu(facts),
		judgePort(facts),
		judgeFilter(facts.packetFilter),
		judgeWallClock(facts.isSynchronised, wallMs),
	];
}

function judgeRuntime(version: string, wallMs: number): Finding {
	const [major = 0, minor = 0] = version.split('.').map(Number);
	const check = 'node';
	const [majorMin, minorMin] = runtimeMin;
	const upgrade = 'install a long-term version of Node, 24 or later: https://nodejs.org';
	if (major < majorMin || (major === majorMin && minor < minorMin)) {
		return finding('fail', check, `${version} is older than ${runtimeMin.join('.')}`, upgrade);
	}
	const end = supportEnds[major];
	if (end === undefined) {
		const odd = major % 2 === 1;
		return finding(
			odd ? 'note' : 'ok',
			check,
			odd ? `${version} is no long-term version` : version,
		);
	}
	const day = new Date(end).toISOString().slice(0, 10);
	if (wallMs > end) {
		return finding('warn', check, `${version} gets no security fixes since ${day}`, upgrade);
	}
	return finding('ok', check, `${version}, with security fixes until ${day}`);
}

function judgeCores({coreCount, coreQuota}: MachineFacts): Finding {
	const cores = formatCounted(coreCount, 'core');
	if (coreQuota === undefined || coreQuota >= coreCount) {
		return finding('ok', 'cores', `${cores}, and as many threads unless --threads says otherwise`);
	}
	const threads = Math.max(1, Math.ceil(coreQuota));
	return finding(
		'note',
		'cores',
		`${cores}, but this container may use ${coreQuota.toFixed(1)} of them`,
		`shoal pull --threads ${threads} …`,
	);
}

function judgeFileMax(fileMax: number | undefined): Finding {
	if (fileMax === undefined) return finding('note', 'open files', 'the limit cannot be seen here');
	if (fileMax >= fileMaxPoor) return finding('ok', 'open files', `at most ${fileMax}`);
	return finding(
		'warn',
		'open files',
		`at most ${fileMax}, and wide trees want ${fileMaxPoor}`,
		'ulimit -n 4096',
		'LimitNOFILE=4096 in the [Service] of a systemd unit',
	);
}

function judgeBuffers({system, buffers}: MachineFacts): Finding {
	const least = Math.min(buffers.receive, buffers.send);
	const got = `a socket gets ${formatSize(buffers.receive)} in and ${formatSize(buffers.send)} out`;
	if (least >= bufferGood) return finding('ok', 'socket buffers', got);
	const names = ['net.core.rmem_max', 'net.core.wmem_max'];
	const settings = names.map(name => `${name}=${bufferWanted}`);
	const mend =
		system === 'linux'
			? [
					`sysctl -w ${settings.join(' ')}`,
					`printf '%s\\n' ${settings.join(' ')} > /etc/sysctl.d/90-shoal.conf  (to keep it)`,
				]
			: [`sysctl -w kern.ipc.maxsockbuf=${bufferWanted}`];
	const datagrams = Math.floor(least / 2300);
	const cost = `${got}: about ${datagrams} datagrams, then they are lost while the program is busy`;
	return finding(least < bufferPoor ? 'warn' : 'note', 'socket buffers', cost, ...mend);
}

function judgeMtu({interfaces}: MachineFacts): Finding {
	const known = interfaces.filter(({mtu}) => mtu !== undefined);
	const outer = known.filter(({isInternal}) => !isInternal);
	const text = known.map(({name, mtu}) => `${name} ${mtu}`).join(', ');
	if (interfaces.every(({isInternal}) => isInternal)) {
		return finding(
			'note',
			'interfaces',
			`nothing but loopback is up (${text || 'no MTU is told'})`,
		);
	}
	if (known.length === 0) return finding('note', 'interfaces', 'their MTU cannot be seen here');
	const small = outer.filter(({mtu}) => mtu! < mtuMin);
	if (small.length === 0) return finding('ok', 'interfaces', `MTU: ${text}`);
	return finding(
		'fail',
		'interfaces',
		`MTU: ${text}; a datagram of 1200 octets needs ${mtuMin} (RFC 9000 §14)`,
		...small.map(({name}) => `ip link set ${name} mtu 1500`),
	);
}

/** 1200 octets and the headers of UDP and IPv6, which asks for 1280 itself (RFC 8200 §5). */
const mtuMin = 1248;

function judgePort({port}: MachineFacts): Finding {
	const name = `UDP port ${portDefault}`;
	if (port.code === undefined) return finding('ok', 'port', `${name} is free`);
	if (port.code === 'EADDRINUSE') {
		const who = port.holder === undefined ? 'somebody' : port.holder;
		const text = `${name} is taken by ${who}: right if that is shoal serve`;
		return finding('note', 'port', text, 'shoal serve DIR --listen :PORT');
	}
	return finding('fail', 'port', `${name} cannot be had: ${port.code}`);
}

function judgeFilter(filter: string | undefined): Finding {
	if (filter === undefined) return finding('ok', 'firewall', 'no packet filter is to be seen');
	return finding(
		'note',
		'firewall',
		`${filter} is loaded; to serve, UDP ${portDefault} must be let in`,
		`ufw allow ${portDefault}/udp, or`,
		`firewall-cmd --permanent --add-port=${portDefault}/udp && firewall-cmd --reload, or`,
		`nft add rule inet filter input udp dport ${portDefault} accept`,
	);
}

function judgeWallClock(isSynchronised: boolean | undefined, wallMs: number): Finding {
	const now = new Date(wallMs).toISOString().slice(0, 19);
	if (wallMs < wallMsMin || wallMs > wallMsMax) {
		const text = `it shows ${now}Z, which cannot be: signed statements will be refused`;
		return finding('fail', 'clock', text, 'timedatectl set-ntp true');
	}
	if (isSynchronised) return finding('ok', 'clock', `${now}Z, kept right by a time server`);
	return finding(
		'note',
		'clock',
		`${now}Z; whether a time server keeps it right cannot be seen here`,
		'timedatectl timesync-status, or chronyc tracking',
	);
}
