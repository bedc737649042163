/**
 * The search for the largest datagram that a path carries whole: packetization layer path MTU
 * discovery for datagrams (RFC 8899). A probe is a padded packet of its own, so its loss costs no
 * content; receipts of packet numbers prove what arrived. Sizes are octets of UDP payload.
 */
import {datagramSizeInitial} from '../limit.ts';
import type {DatagramSizes} from '../platform/datagram.ts';
import type {Micros} from '../unit.ts';

export class PathMtu {
	readonly #max: number;
	readonly #fragmentCount: DatagramSizes['fragmentCount'];
	/** Known to arrive whole; known not to, or beyond the link. */
	#size = datagramSizeInitial;
	#tooLarge: number;
	/** The probe under way: its size (0: none), its number and when it was sent. */
	#probed = 0;
	#probeNumber = -1;
	#probedAt = 0;
	/** When a receipt first showed packets that left well after the probe. */
	#overtakenAt = Number.POSITIVE_INFINITY;
	#fragmentsBefore = 0;
	/** The size that is being tried, and how often it has failed. */
	#candidate = 0;
	#failures = 0;
	/** When sizes that failed are tried again. */
	#raiseAt = Number.POSITIVE_INFINITY;
	/** The first packets above the initial size since one of them was receipted. */
	readonly #large = new Float64Array(blackHoleCount);
	#largeCount = 0;
	#largeAt = 0;
	/** The last look at the count of fragments, and the packets above the initial size since. */
	#lookedAt = Number.NEGATIVE_INFINITY;
	#fragmentsSeen = 0;
	#largeSince = 0;

	/**
	 * `fragmentCount`: Linux cuts datagrams that are larger than the path MTU that it knows, so a
	 * probe may arrive, and have failed.
	 */
	constructor({max, fragmentCount}: DatagramSizes) {
		this.#max = Math.max(datagramSizeInitial, max);
		this.#fragmentCount = fragmentCount;
		this.#tooLarge = this.#max + 1;
		this.#candidate = this.#next();
	}

	/** Largest datagram that is known to arrive whole. */
	get size(): number {
		return this.#size;
	}

	/** Size of the probe to send next; 0: none is due. */
	probeSize(now: Micros): number {
		if (now >= this.#raiseAt) this.#restart();
		return this.#probed > 0 ? 0 : this.#candidate;
	}

	/** Packet `number` is a probe of this size. */
	onProbe(number: number, size: number, now: Micros): void {
		this.#probed = size;
		this.#probeNumber = number;
		this.#probedAt = now;
		this.#overtakenAt = Number.POSITIVE_INFINITY;
		this.#fragmentsBefore = this.#fragmentCount?.(0) ?? 0;
	}

	/** A packet that is no probe left. */
	onSent(number: number, size: number, now: Micros): void {
		if (size <= datagramSizeInitial) return;
		this.#largeSince++;
		if (this.#largeCount === blackHoleCount) return;
		if (this.#largeCount === 0) this.#largeAt = now;
		this.#large[this.#largeCount++] = number;
	}

	/** Packets [from, to] have arrived. */
	onReceipt(from: number, to: number, now: Micros): void {
		if (this.#probed > 0 && this.#probeNumber >= from && this.#probeNumber <= to) {
			const size = this.#probed;
			this.#probed = 0;
			if (this.#wasCut()) this.#fail(size, now);
			else this.#succeed(size, now);
		} else if (this.#probed > 0 && to >= this.#probeNumber + reorderMax) {
			this.#overtakenAt = Math.min(this.#overtakenAt, now);
		}
		for (let index = 0; index < this.#largeCount; index++) {
			if (this.#large[index]! < from || this.#large[index]! > to) continue;
			this.#largeCount = 0;
			return;
		}
	}

	/**
	 * The peer is there, and has said what arrived. `patience`: microseconds in which a packet
	 * that arrives is receipted.
	 */
	onFeedback(now: Micros, patience: number): void {
		const isLate = now - this.#probedAt > 2 * patience;
		if (this.#probed > 0 && (isLate || now - this.#overtakenAt > patience / 4)) {
			const size = this.#probed;
			this.#probed = 0;
			this.#fail(size, now);
		}
		// RFC 8899 §4.3: the path carries less than it did.
		const isBlack = this.#largeCount === blackHoleCount && now - this.#largeAt > 4 * patience;
		if (isBlack || this.#isCutting(now)) this.#restart();
	}

	/** Another path: nothing is known of it. */
	reset(): void {
		this.#restart();
	}

	#restart(): void {
		this.#size = datagramSizeInitial;
		this.#tooLarge = this.#max + 1;
		this.#probed = 0;
		this.#failures = 0;
		this.#largeCount = 0;
		this.#raiseAt = Number.POSITIVE_INFINITY;
		this.#candidate = this.#next();
	}

	/**
	 * Whether the host has begun to cut what it sends: a router has told it of a smaller MTU. Then
	 * each datagram makes two fragments or more, so other senders are no reason to think so.
	 */
	#isCutting(now: Micros): boolean {
		if (this.#fragmentCount === undefined || now - this.#lookedAt < lookPause) return false;
		const count = this.#fragmentCount(lookAge);
		const cut = count - this.#fragmentsSeen;
		const isFirst = this.#lookedAt === Number.NEGATIVE_INFINITY;
		const isCutting = !isFirst && this.#largeSince > 0 && cut > Math.max(8, this.#largeSince);
		this.#lookedAt = now;
		this.#fragmentsSeen = count;
		this.#largeSince = 0;
		return isCutting;
	}

	/** Of a probe that has arrived: the kernel cut it, if at all, while it sent it. */
	#wasCut(): boolean {
		return (this.#fragmentCount?.(0) ?? 0) > this.#fragmentsBefore;
	}

	#succeed(size: number, now: Micros): void {
		this.#size = Math.max(this.#size, size);
		this.#settle(now);
	}

	#fail(size: number, now: Micros): void {
		if (++this.#failures < failuresMax) return;
		this.#tooLarge = Math.min(this.#tooLarge, size);
		this.#settle(now);
	}

	#settle(now: Micros): void {
		this.#failures = 0;
		this.#candidate = this.#next();
		if (this.#candidate === 0 && this.#size < this.#max) {
			this.#raiseAt = now + raisePause;
		}
	}

	/** What to try next; 0: nothing. */
	#next(): number {
		const [low, high] = [this.#size, this.#tooLarge];
		if (low >= this.#max) return 0;
		if (low < ethernet && high > ethernet) return ethernet;
		if (low === ethernet && high > beyond) return Math.min(beyond, this.#max);
		if (high > this.#max) return this.#max;
		const known = knownSizes.filter(size => size > low && size < high);
		if (known.length > 0) return known[known.length >> 1]!;
		if (high - low <= grain) return 0;
		return (low + high) >> 1;
	}
}

/** IPv4 over Ethernet: what most paths carry. */
const ethernet = 1472;

/**
 * Usual MTUs less the headers of IPv4 or IPv6 and UDP: 1280 (IPv6's least), 1400 (mobile, VPN),
 * 1420 (WireGuard), 1440, 1460, 1480 (tunnels), 1492 (PPPoE), 1500, 4470, 9000 and 9216 (jumbo
 * frames), 16384, 65536 (loopback).
 */
const knownSizes = [
	1232, 1252, 1352, 1372, 1392, 1412, 1432, 1444, 1452, 1464, 1472, 4422, 8952, 8972, 9188, 16_336,
	65_487,
];

/** Below this difference a further size is not worth its probes. */
const grain = 32;

/**
 * Where Ethernet's size is all, this one shows it. With the largest first, and each three times, a
 * host that cuts what it sends into fragments put 300 KB of probes on the path.
 */
const beyond = ethernet + grain;

/** RFC 8899 §5.1.2, MAX_PROBES: a probe may be lost like any packet. */
const failuresMax = 3;

/** Packets that may overtake another. RFC 9002 §6.1.1 has 3; a probe is worth some patience. */
const reorderMax = 8;

/** Microseconds. RFC 8899 §5.1.1, PMTU_RAISE_TIMER. */
const raisePause = 600_000_000;

/** Microseconds between two looks at the count of fragments while large packets leave. */
const lookPause = 500_000;

/** Microseconds that the count may be old then, so that many sessions look but once. */
const lookAge = 100_000;

/** So many packets in a row lost, and no large one arrived: then it is their size. */
const blackHoleCount = 8;
