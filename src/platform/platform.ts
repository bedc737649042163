/** All that the program asks of the world, in one value: what `#platform` exports by default. */
import type {Clock} from './clock.ts';
import type {Compression} from './compression.ts';
import type {Copy} from './copy.ts';
import type {Crypto} from './crypto.ts';
import type {Address, DatagramLink} from './datagram.ts';
import type {Machine} from './machine.ts';
import type {OwnerNames} from './owner.ts';
import type {ProcessInfo} from './process.ts';
import type {OpenSearchMemory} from './search-memory.ts';
import type {Processes, ThreadDriver} from './thread.ts';
import type {DirHandle, TreeIo} from './tree.ts';
import type {WatchDirectory} from './watch.ts';

export type OpenLink = {
	/** Bind here; port 0 takes a free one. */
	readonly host: string;
	readonly port: number;
	/** Connect there: only its datagrams are delivered, and a refused port is noticed. */
	readonly peer?: Address;
	/** Wanted size of the socket's buffers; the system may give less. */
	readonly bufferSize?: number;
	/** Octets of the largest IP packet to send; undefined: what this host knows of the way. */
	readonly mtu?: number | undefined;
};

export type Platform = {
	readonly clock: Clock;
	readonly crypto: Crypto;
	readonly tree: TreeIo;
	readonly threads: ThreadDriver;
	/**
	 * Processes that run the tasks that need nothing but the tree: `root`, which they hold as the
	 * handle that comes with them. Undefined: there is no use in them here.
	 */
	processesOn(root: DirHandle): Promise<Processes | undefined>;
	readonly process: ProcessInfo;
	readonly openSearchMemory: OpenSearchMemory;
	readonly compression: Compression;
	readonly copy: Copy;
	readonly watchDirectory: WatchDirectory;
	/** Users and groups, read anew. */
	readOwners(): OwnerNames;
	/** @throws ShoalError LISTEN_FAILED, PATH_UNREACHABLE */
	openLink(options: OpenLink): Promise<DatagramLink>;
	/** Addresses of a host, both families, in the order to try. @throws PATH_UNREACHABLE */
	resolve(host: string, port: number): Promise<Address[]>;
	/** IP addresses of this machine, those that others may reach first. */
	localAddresses(): string[];
	/** Loaded when asked for: only who looks for faults needs it. */
	machine(): Promise<Machine>;
};
