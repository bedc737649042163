/**
 * A whole source in a simulated world: keys, a signed head, the real authority, responder and pump,
 * and a disk that answers reads from memory after a while.
 */
import {Pump} from '../../src/engine/pump.ts';
import type {Crypto, KeyPair} from '../../src/platform/crypto.ts';
import type {DatagramLink} from '../../src/platform/datagram.ts';
import type {DirHandle} from '../../src/platform/tree.ts';
import {type Host, Responder, type ResponderOptions} from '../../src/session/responder.ts';
import {delegationRole, type Head, signDelegation, signHead} from '../../src/session/statement.ts';
import {Admission} from '../../src/source/admission.ts';
import {Module, type ModuleOptions} from '../../src/source/module.ts';
import {Published} from '../../src/source/published.ts';
import {type SessionTold, Source} from '../../src/source/source.ts';
import type {ReadBatch, ReadResult} from '../../src/task/read.ts';
import {objectKind} from '../../src/wire/frame.ts';
import type {SimTree} from './sim-tree.ts';
import {openTask} from './task.ts';
import type {World} from './world.ts';

export type SimSourceOptions = {
	readonly world: World;
	readonly link: DatagramLink;
	readonly crypto: Crypto;
	readonly tree: SimTree;
	/** Microseconds that a batch of reads takes. */
	readonly readTime?: number;
	readonly module?: Partial<ModuleOptions>;
	readonly admission?: Admission | undefined;
	readonly responder?: Partial<ResponderOptions>;
};

export const moduleName = 'mirror';

const dayMs = 86_400_000;

export class SimSource {
	readonly identity: KeyPair;
	readonly host: Host;
	readonly head: Head;
	readonly module: Module;
	readonly source: Source;
	responder: Responder;
	pump: Pump;
	/** Every session that was opened or closed. */
	readonly told: SessionTold[] = [];
	/** Octets read, and those being read now. */
	bytesRead = 0;
	bytesReading = 0;
	readonly #options: SimSourceOptions;
	readonly #world: World;
	readonly #tree: SimTree;
	readonly #readTime: number;

	constructor(options: SimSourceOptions) {
		const {world, crypto, tree} = options;
		const {clock} = world;
		this.#options = options;
		this.#world = world;
		this.#tree = tree;
		this.#readTime = options.readTime ?? 1000;
		this.identity = crypto.signGenerate();
		this.host = this.#makeHost(crypto);
		const {list} = tree;
		this.head = {
			identity: this.identity.public,
			module: new TextEncoder().encode(moduleName),
			sequence: clock.wallMs(),
			issuedMs: clock.wallMs(),
			expiresMs: clock.wallMs() + 7 * dayMs,
			root: list.root,
			size: list.bytes.length,
			top: list.topSize,
			entries: list.entryCount,
			contentBytes: list.contentBytes,
			previous: new Uint8Array(32),
			label: new Uint8Array(0),
		};
		const statement = signHead(crypto, this.identity.secret, this.head);
		this.module = new Module({
			name: moduleName,
			// The disk is of this file: nobody else looks at the handle.
			root: {} as DirHandle,
			saved: {leaves: digest => tree.leaves(digest), sums: () => undefined},
			...options.module,
		});
		const {head} = this;
		const {sha256} = crypto;
		this.module.publish(
			new Published({list, head, statement, diffs: [], predecessors: [], sha256}),
		);
		this.source = new Source({
			admission: options.admission ?? new Admission(),
			modules: [this.module],
			clock,
			task: openTask({kind: 'serve'}),
			read: batch => this.#read(batch),
			wake: () => this.pump.wake(),
			onSession: told => this.told.push(told),
		});
		this.responder = this.#makeResponder();
		this.pump = this.#makePump();
	}

	/** As after a crash: the same keys and modules, and no memory of tickets or sessions. */
	restart(): void {
		this.pump.close();
		this.responder = this.#makeResponder();
		this.pump = this.#makePump();
	}

	/** What is dropped by now, whatever the reason. */
	get droppedCount(): number {
		return Object.values(this.responder.dropped).reduce((sum, count) => sum + count, 0);
	}

	#makeResponder(): Responder {
		const {crypto, responder} = this.#options;
		const {now} = this.#world;
		return new Responder({
			crypto,
			now,
			hosts: [this.host],
			authority: this.source,
			sizes: this.#options.link.sizes,
			...responder,
		});
	}

	#makePump(): Pump {
		return new Pump({
			link: this.#options.link,
			endpoint: this.responder,
			clock: this.#world.clock,
			turned: () => this.source.turn(),
			failed: error => {
				throw error;
			},
		});
	}

	#makeHost(crypto: Crypto): Host {
		const hostKey = crypto.dhGenerate();
		const {identity} = this;
		const delegation = signDelegation(crypto, identity.secret, {
			identity: identity.public,
			host: hostKey.public,
			role: delegationRole.source,
			notAfterMs: this.#world.clock.wallMs() + 30 * dayMs,
			modules: [],
		});
		return {identity: identity.public, hostKey, delegation};
	}

	#read({paths, pathEnds, offsets, lengths, into}: ReadBatch): Promise<ReadResult> {
		const size = lengths.reduce((sum, length) => sum + length, 0);
		let at = 0;
		let pathAt = 0;
		lengths.forEach((length, index) => {
			const row = this.#tree.rowOfPath(paths.subarray(pathAt, pathEnds[index]!));
			pathAt = pathEnds[index]!;
			into.set(this.#tree.octets(objectKind.content, row, offsets[index]!, length), at);
			at += length;
		});
		this.bytesReading += size;
		return new Promise(resolve => {
			this.#world.at(this.#world.now + this.#readTime, () => {
				this.bytesReading -= size;
				this.bytesRead += size;
				resolve({status: new Uint8Array(lengths.length)});
			});
		});
	}
}
