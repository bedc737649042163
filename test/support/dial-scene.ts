/** A receiver that dials, sources that it may reach, and addresses that lead nowhere; virtual time. */
import {Connection} from '../../src/engine/connection.ts';
import {dialAny} from '../../src/engine/dial-any.ts';
import {dialPatiently} from '../../src/engine/dial-patiently.ts';
import {ShoalError} from '../../src/error.ts';
import type {LinkName} from '../../src/link-name.ts';
import type {Address, DatagramLink, LinkHandler} from '../../src/platform/datagram.ts';
import type {OpenLink, Platform} from '../../src/platform/platform.ts';
import type {ModuleOptions} from '../../src/source/module.ts';
import {type LinkSettings, SimLink} from './link.ts';
import {nullCrypto} from './null-crypto.ts';
import {Prng} from './prng.ts';
import {moduleName, SimSource} from './sim-source.ts';
import {SimTree} from './sim-tree.ts';
import {World} from './world.ts';

export const roundTripMs = 40;
export const silent = '[2001:db8::1]:8730';
export const refusing = '192.0.2.99:8730';

export type SceneOptions = {
	readonly module?: Partial<ModuleOptions>;
	/** Octets of the only file, at page 0, position 2. */
	readonly size?: number;
	/** Octets a second towards the receiver. */
	readonly rate?: number;
};

/** A source at each of `answering`; nobody is at other addresses. */
export class DialScene {
	readonly world = new World({now: 1_000_000});
	readonly prng = new Prng(1);
	readonly crypto = nullCrypto(this.prng.fork());
	readonly sources = new Map<string, SimSource>();
	/** Addresses in the order in which they were dialled, and when, in milliseconds. */
	readonly dialled: [address: string, ms: number][] = [];
	readonly tree: SimTree;
	/** To the sources, and from them. */
	readonly up = this.#way({rate: Infinity});
	readonly down: SimLink;
	#links = 0;

	constructor(
		answering: readonly string[],
		{module = {}, size = 1000, rate = Infinity}: SceneOptions = {},
	) {
		const {world, crypto} = this;
		this.tree = new SimTree([size], crypto.sha256, this.prng.fork());
		this.down = this.#way({
			rate,
			queue: rate === Infinity ? Infinity : (rate * roundTripMs) / 1000,
		});
		for (const address of answering) {
			const link = world.openLink(address);
			const source = new SimSource({world, link, crypto, tree: this.tree, module});
			this.sources.set(address, source);
		}
	}

	get platform(): Platform {
		const {world, crypto} = this;
		const openLink = async (options: OpenLink) => this.openLink(options);
		return {clock: world.clock, crypto, openLink} as Partial<Platform> as Platform;
	}

	/** Dials; answers the connection or the error, and after how many milliseconds it was there. */
	async dial(addresses: readonly string[], contactTimeoutMs = 15_000, patient = false) {
		const options = {...this.#options(contactTimeoutMs), addresses, signal: undefined};
		return await this.#settle(
			patient
				? dialPatiently(this.platform, options, {wasThere: false, remark: () => undefined})
				: Connection.dial(this.platform, options),
		);
	}

	/** Dials `ways`, links to addresses, the first one first. */
	async dialAny(ways: readonly (readonly [LinkName, Address])[], contactTimeoutMs = 15_000) {
		const [first, ...rest] = ways.map(([link, address]) => {
			const openLink = async (peer: Address) => this.openLink({peer});
			const dial = {...this.#options(contactTimeoutMs), addresses: [address], openLink};
			return {link, dial};
		});
		const patience = {wasThere: false, remark: () => undefined};
		return await this.#settle(dialAny(this.platform, [first!, ...rest], undefined, patience));
	}

	#options(contactTimeoutMs: number) {
		return {
			module: new TextEncoder().encode(moduleName),
			sequence: 0,
			contactTimeout: contactTimeoutMs * 1000,
			...(this.sources.size > 0 && {
				identity: [...this.sources.values()][0]!.identity.public,
			}),
		};
	}

	async #settle<T>(dialling: Promise<T>): Promise<{outcome: T | ShoalError; ms: number}> {
		const startMs = this.#ms;
		let outcome: T | ShoalError | undefined;
		dialling.then(
			found => {
				outcome = found;
			},
			(error: ShoalError) => {
				outcome = error;
			},
		);
		await this.world.driveAsync({done: () => outcome !== undefined, until: 1e12});
		return {outcome: outcome!, ms: this.#ms - startMs};
	}

	#way(settings: Pick<LinkSettings, 'rate' | 'queue'>): SimLink {
		return new SimLink({...settings, delay: roundTripMs * 500}, this.prng.fork());
	}

	get #ms(): number {
		return Math.round(this.world.now / 1000);
	}

	/** A link of the receiver's, at an address that nothing had before. */
	openLink({peer}: Pick<OpenLink, 'peer'>): DatagramLink {
		this.dialled.push([peer!, this.#ms - 1000]);
		const own = `receiver:${++this.#links}`;
		this.world.route(own, peer!, this.up);
		this.world.route(peer!, own, this.down);
		const link = this.world.openLink(own);
		return peer === refusing ? refuse(link, this.world) : link;
	}
}

/** A port that nothing listens on: it says so after a round trip. */
function refuse(link: DatagramLink, world: World): DatagramLink {
	let handler: LinkHandler | undefined;
	return {
		local: link.local,
		payloadMax: link.payloadMax,
		sizes: link.sizes,
		statistics: link.statistics,
		send(batch) {
			const error = new ShoalError(
				'PATH_UNREACHABLE',
				`nothing answers at ${refusing}: ECONNREFUSED`,
			);
			world.at(world.now + roundTripMs * 1000, () => handler?.failed(error));
			return batch.length;
		},
		drained: then => link.drained(then),
		receive(each) {
			handler = each;
		},
		close: () => link.close(),
	};
}
