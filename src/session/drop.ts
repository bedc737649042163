/**
 * Why a datagram was dropped. Nothing that arrives can raise an exception: it is acted on, or it
 * is counted here.
 */
export const dropReasons = [
	/** Too short to be anything. */
	'short',
	/** The first octets are those of nothing that comes to this side. */
	'unknown',
	/** Not as wire/README.md has it. */
	'malformed',
	/** A hello whose mac1 is that of no identity here. */
	'mac',
	/** A hello that was told to prove its address first. */
	'token',
	/** A hello or an answer that the keys do not read. */
	'unreadable',
	/** From an address that has no part in this handshake, or with an unknown connection id. */
	'stranger',
	/** A ticket that this side has not made, or whose time is over. */
	'ticket',
	/** A packet that is not authentic. */
	'forged',
	/** A packet number that was opened before, or is below the window. */
	'replayed',
	/** There was no room for a session, or too much to answer. */
	'full',
	/** Of no session, and met a bug on this side. */
	'defect',
] as const;

export type DropReason = (typeof dropReasons)[number];
export type DropCounts = Record<DropReason, number>;

export function noDrops(): DropCounts {
	return Object.fromEntries(dropReasons.map(reason => [reason, 0])) as DropCounts;
}
