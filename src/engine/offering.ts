/** Opens what a source has of a tree: its own snapshots, or what it relays. */
import type {KeyPair} from '../platform/crypto.ts';
import type {Platform} from '../platform/platform.ts';
import type {Pool} from '../pool/pool.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import type {EventSink} from './event.ts';
import {Offer} from './offer.ts';
import type {ServeModule} from './options.ts';
import {RelayOffer} from './relay-offer.ts';

export type Offering = Offer | RelayOffer;

/** @throws ShoalError as Offer.open and RelayOffer.open do */
export async function openOffering(
	platform: Platform,
	pool: Pool,
	module: ServeModule,
	identity: KeyPair,
	task: ActiveTask,
	on: EventSink | undefined,
): Promise<Offering> {
	const relay = RelayOffer.open({platform, pool, module, on});
	return relay ?? (await Offer.open(platform, pool, module, identity, task, on));
}
