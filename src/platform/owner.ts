/** Users and groups of this system. */
export type OwnerNames = {
	/** Name of a number, octets; undefined where the system knows none. */
	user(uid: number): Uint8Array | undefined;
	group(gid: number): Uint8Array | undefined;
	/** Number of a name. */
	uid(name: Uint8Array): number | undefined;
	gid(name: Uint8Array): number | undefined;
};
