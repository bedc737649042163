/** What the link itself can do on this machine, measured with plain UDP before anything else. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';
import type {Host} from './host.ts';
import {addresses, Link, type Side} from './link.ts';
import {describeLink} from './run.ts';
import {plain, type World} from './world.ts';

export type LinkLimit = {
	/** Of full packets, as the sender managed to offer them. */
	readonly offeredMbit: number;
	readonly packets: number;
	/** That no setting of the link had dropped: should be none. */
	readonly missing: number;
	/** One way, from the sender's clock to the receiver's kernel, beyond what was set. */
	readonly excessMs: {readonly p50: number; readonly p99: number; readonly max: number};
	/** How much later than it meant to the link wrote packets. */
	readonly lateMs: {readonly p99: number; readonly max: number};
	/** Of one core. */
	readonly cpuPart: number;
	readonly realTime: boolean;
};

const rates = [100e6, 200e6, 400e6];
const packetBits = 8 * 1500;
const seconds = 2;
const port = 9;
/** The bottleneck is wide, so what is late or missing is the link's own doing. */
const world: World = {...plain, name: 'limits', down: 10e9, up: 10e9, roundTripMs: 20};

export async function measureLimits(host: Host): Promise<LinkLimit[]> {
	const limits: LinkLimit[] = [];
	for (const rate of rates) limits.push(await measureAt(host, rate));
	return limits;
}

async function measureAt(host: Host, rate: number): Promise<LinkLimit> {
	const link = await Link.open(host, world, 'cubic', 1);
	const probe = (side: Side, ...words: readonly (string | number)[]) =>
		runProbe(link, side, [join(host.directory, 'probe'), ...words.map(String)]);
	try {
		await link.report();
		const receiving = probe('receiver', 'receive', port, seconds + 0.5);
		const sent = await probe(
			...(['source', 'send', addresses.receiver, port, rate / packetBits, seconds] as const),
		);
		const received = await receiving;
		const {down, cpuUs} = await link.report().then(report => ({...report}));
		const excess = (us: number): number => (us - (1000 * world.roundTripMs) / 2) / 1000;
		return {
			offeredMbit: Math.round((sent['sent']! * packetBits) / sent['elapsedUs']!),
			packets: sent['sent']!,
			missing: sent['sent']! - received['received']!,
			excessMs: {
				p50: excess(received['p50Us']!),
				p99: excess(received['p99Us']!),
				max: excess(received['maxUs']!),
			},
			lateMs: describeLink({down, up: down, flows: [], cpuUs, elapsedUs: 1}).lateMs,
			cpuPart: Math.round((1000 * cpuUs) / sent['elapsedUs']!) / 1000,
			realTime: link.realTime,
		};
	} finally {
		await link.close();
	}
}

async function runProbe(
	link: Link,
	side: Side,
	command: readonly string[],
): Promise<Record<string, number>> {
	const [file, words] = link.enter(side, command);
	const child = spawn(file, words, {stdio: ['ignore', 'pipe', 'inherit']});
	let text = '';
	child.stdout.on('data', part => {
		text += String(part);
	});
	const [exit] = await once(child, 'close');
	if (exit !== 0) throw new Error(`the probe ended with ${exit}`);
	return JSON.parse(text) as Record<string, number>;
}
