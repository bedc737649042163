/**
 * Every bound that more than one room needs, with its reason. Relations between bounds are
 * checked when this file is loaded.
 */
import {assert} from './assert.ts';

/** A hole in a file: the block of most file systems, and as many zeros from its multiple on. */
export const holeSize = 4096;

/** Largest datagram before the path MTU is known. RFC 9000 §14: every path carries 1200 octets. */
export const datagramSizeInitial = 1200;

/** Loopback's MTU less IP and UDP headers: the largest the path MTU search may ever try. */
export const datagramSizeMax = 65_507;

/** What an unvalidated address may be sent, as a multiple of what it sent. RFC 9000 §8.1. */
export const amplificationMax = 3;

/** A file's content is verified in leaves of this size; the last one may be short. */
export const leafSize = 65_536;

/** Leaf hashes travel in aligned subtrees of this many: 32 KiB verified against one parent. */
export const leafGroupCount = 1024;

/** Size of a SHA-256 digest. */
export const digestSize = 32;

/** Size of a public key: Ed25519 (an identity) or X25519 (a host). */
export const keySize = 32;

/** Wants that one session may have outstanding: about 50 octets each at the source. */
export const wantsMax = 1024;

/** Entries one want may name: all are in one page, which holds fewer than this. */
export const wantEntriesMax = 4096;

/** Longest path in octets: Linux's PATH_MAX less its NUL; a longer one cannot be made at once. */
export const pathSizeMax = 4095;

/** Longest component of a path in octets: NAME_MAX of every common file system. */
export const nameSizeMax = 255;

/** Target size of a page of the snapshot; its end is chosen by a hash of the path. */
export const pageSizeTarget = 16_384;

/** A page is cut here whatever the hash says, so that one page is always small to fetch. */
export const pageSizeMax = 65_536;

/**
 * Largest list of a snapshot: a receiver holds all of it, and makes room for what the signed head
 * announces. At about a hundred octets an entry these are ten million entries.
 */
export const listSizeMax = 2 ** 30;

/**
 * Largest file that a receiver takes, 16 TiB: it keeps an octet for each leaf of one that is under
 * way, and a list may say any size.
 */
export const fileSizeMax = 2 ** 44;

/**
 * How long a path is remembered, seconds: a day, for mirrors that are pulled by a daily timer, and
 * an hour, since timers are spread and pulls take their time. RFC 9959 §4.3.1 leaves it to what the
 * paths are like; what was true yesterday is not believed but tried, at half of it.
 */
export const pathLifetime = 25 * 3600;

/** Paths that a receiver remembers, a line each. */
export const knownPathsMax = 256;

/** Addresses of receivers whose paths a source remembers: 3 MB. */
export const provenPathsMax = 16_384;

/**
 * Octets in flight that a source remembers to have been proved, at most: RFC 9959 §3.3's limit of a
 * jump is half of it, 100 ms of 1.3 Gbit/s.
 */
export const provenFlightMax = 32 << 20;

/** Longest module name in octets. */
export const moduleNameMax = 255;

/**
 * What a packet counts beyond its payload wherever octets of the network are counted (rates,
 * grants, windows): IPv4 and UDP headers 28, header 9 and tag 16 of a sealed packet. One number on
 * both sides, so that they agree; IPv6 or a ticket cost a little more than is counted.
 */
export const packetOverhead = 53;

/**
 * Microseconds for which a receiver may keep receipts to itself while they are of little: who waits
 * for them allows for that, as max_ack_delay is for in RFC 9000 §13.2.1.
 */
export const feedbackRest = 4000;

/** Default UDP port of a source. */
export const portDefault = 8730;

/** Where a source answers sessions of WebTransport. */
export const webTransportPath = '/shoal';

assert(datagramSizeInitial <= datagramSizeMax);
assert(pageSizeTarget * 2 <= pageSizeMax);
assert(pathSizeMax * 2 < pageSizeMax, 'an entry with its link target fits a page');
