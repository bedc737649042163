/** Users and groups of this system, and who runs this process. */
export type OwnerNames = {
	/** Name of a number, octets; undefined where the system knows none. */
	user(uid: number): Uint8Array | undefined;
	group(gid: number): Uint8Array | undefined;
	/** Number of a name. */
	uid(name: Uint8Array): number | undefined;
	gid(name: Uint8Array): number | undefined;
};

export type ProcessInfo = {
	readonly id: number;
	/** May give files to other users. */
	readonly isRoot: boolean;
	/** Effective user and group. */
	readonly uid: number;
	readonly gid: number;
	/** Whether a process of this number lives on this machine, whoever runs it. */
	isAlive(id: number): boolean;
};
