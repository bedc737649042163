/** The floor: every effect by Node's own built-ins. Nothing here loads a native addon. */
import type {Platform} from '../src/platform/platform.ts';
import {clock} from './clock.ts';
import {compression} from './compression.ts';
import {copy} from './copy.ts';
import {crypto} from './crypto.ts';
import {openLink, resolve} from './datagram.ts';
import {localAddresses} from './local-address.ts';
import {readOwners} from './owner.ts';
import {processInfo} from './process.ts';
import {openSearchMemory} from './search-memory.ts';
import {threads} from './thread.ts';
import {openTree} from './tree.ts';
import {watchDirectory} from './watch.ts';

const platform: Platform = {
	clock,
	crypto,
	tree: openTree(),
	threads,
	processesOn: async root => (await import('./process-thread.ts')).processesOn(root),
	process: processInfo,
	openSearchMemory,
	compression,
	copy,
	watchDirectory,
	readOwners,
	openLink,
	resolve,
	localAddresses,
	machine: async () => (await import('./machine.ts')).machine,
};

export default platform;

export {formatAddress, parseAddress} from './address.ts';
export {clock} from './clock.ts';
export {compression} from './compression.ts';
export {copy} from './copy.ts';
export {crypto} from './crypto.ts';
export {openLink, resolve} from './datagram.ts';
export {sha256} from './digest.ts';
export {readOwners} from './owner.ts';
export {processInfo} from './process.ts';
export {random} from './random.ts';
export {openSearchMemory} from './search-memory.ts';
export {threads} from './thread.ts';
export {openTree} from './tree.ts';
