/**
 * What a machine says of itself, for who has to find out why it is slow or refuses: facts alone,
 * and `undefined` wherever this system does not tell.
 */
export type Machine = {
	/** Looks at all that matters to a run here. `bufferSize` is what a socket is asked to have. */
	inspect(port: number, bufferSize: number): Promise<MachineFacts>;
	/** Looks at a directory, and makes and removes a few small files in it if that is allowed. */
	directory(path: string): DirectoryFacts;
	/** Looks at a directory and the files in it, which it does not open. */
	files(path: string): FolderFacts;
};

export type MachineFacts = {
	/** `linux`, `darwin`, … */
	readonly system: string;
	/** Of Node, without a `v`. */
	readonly runtimeVersion: string;
	readonly coreCount: number;
	/** Cores that a container may use at most; may be a fraction. */
	readonly coreQuota: number | undefined;
	/** Files that this process may have open. */
	readonly fileMax: number | undefined;
	/** What a program may ask for, and what one that asked for `bufferSize` got, in octets. */
	readonly buffers: {
		readonly receiveMax: number | undefined;
		readonly sendMax: number | undefined;
		readonly receive: number;
		readonly send: number;
	};
	readonly interfaces: readonly {
		readonly name: string;
		readonly mtu: number | undefined;
		readonly isInternal: boolean;
	}[];
	/** Whether `port` of UDP can be had; its code (`EADDRINUSE`, …) if not, and who has it. */
	readonly port: {readonly code: string | undefined; readonly holder: string | undefined};
	/** A packet filter that the kernel has loaded; what it lets through is not known. */
	readonly packetFilter: string | undefined;
	/** Whether something keeps the wall clock right. */
	readonly isSynchronised: boolean | undefined;
};

export type FileFacts = {
	readonly name: string;
	readonly kind: 'file' | 'directory' | 'symlink' | 'other';
	readonly mode: number;
	readonly uid: number;
};

export type FolderFacts = {
	/** The directory itself; undefined when there is none. */
	readonly folder: FileFacts | undefined;
	readonly files: readonly FileFacts[];
};

export type DirectoryFacts = {
	readonly folder: FileFacts | undefined;
	/** Name of the file system's kind, or its number in hexadecimal. */
	readonly fileSystem: string | undefined;
	readonly freeBytes: number;
	/** Files that can be made; undefined where the file system has no such limit. */
	readonly freeFiles: number | undefined;
	/** Why nothing could be tried (`EACCES`, `EROFS`, …), or what came of it. */
	readonly tried: string | FileSystemFacts;
};

export type FileSystemFacts = {
	readonly hardLinks: boolean;
	readonly symlinks: boolean;
	/** A file can take another's content without a copy. */
	readonly reflinks: boolean;
	/** A rename takes the place of what was there. */
	readonly renameReplaces: boolean;
	readonly caseSensitive: boolean;
	/** Times are finer than a millisecond. */
	readonly fineTimes: boolean;
	/** Names are octets: any of them but NUL and slash. */
	readonly anyNames: boolean;
	/** Permissions are kept. */
	readonly modes: boolean;
};
