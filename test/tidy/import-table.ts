/** Folder -> what it may import: the whole architecture in one table. */

/** Top to bottom: a room imports only from itself, rooms below it and the leaves. */
export const rooms = [
	'cli',
	'engine',
	'receiver',
	'source',
	'pool',
	'task',
	'scheduler',
	'driver',
	'store',
	'snapshot',
	'delta',
	'transfer',
	'session',
	'congestion',
	'wire',
	'platform',
] as const;

/** A file at the root of src: every room may import it, and it imports only its like. */
const leaf = /^src\/(?!index\.ts$)[^/]+\.ts$/;

/** Pure state machines: events and the time in, actions out. */
export const pureRooms = ['snapshot', 'delta', 'transfer', 'session', 'congestion', 'wire'];

/** Packages from npm, by who may import them. None but the last one of `driver` has native code. */
const packages: Readonly<Record<string, readonly string[]>> = {
	'src/cli': ['commander', 'log-update', 'picocolors', 'smol-toml', 'string-width'],
	'src/scheduler': ['p-queue', 'denque'],
	'src/driver': [
		'@fails-components/webtransport',
		'@fails-components/webtransport-transport-http3-quiche',
	],
	'native-free': [],
};

/** What a file may ask of Node, where it may ask anything. */
const builtIns: readonly RegExp[] = [/^src\/cli\//, /^src\/driver\//, /^native-free\//];

/** The one value through which the program reaches the world, by who may import it. */
const platformUsers: readonly RegExp[] = [/^src\/(cli|engine|driver)\//, /^src\/pool\/worker\.ts$/];

/** What the package itself names, wherever the file that asks has been bundled to; and who asks. */
const ownFiles: Readonly<Record<string, string>> = {
	'#worker': 'native-free/thread.ts',
	'#aead': 'native-free/chacha.ts',
	'#search': 'native-free/search-memory.ts',
	'#package': 'src/cli/version.ts',
};

export type Import = {
	/** As written. */
	readonly specifier: string;
	/** Relative ones resolved to a path from the repository's root. */
	readonly target: string;
	readonly typeOnly: boolean;
};

/** Why `path` may not import that, or undefined when it may. */
export function refuseImport(
	path: string,
	{specifier, target, typeOnly}: Import,
): string | undefined {
	if (/^(test|bench)\//.test(path)) return undefined;
	if (specifier.startsWith('node:')) {
		if (specifier === 'node:child_process' && path !== 'native-free/process-thread.ts') {
			return 'no process is started but for scans, so no shell either';
		}
		return builtIns.some(place => place.test(path)) ? undefined : 'only the floor asks Node';
	}
	if (specifier === '#platform') {
		return platformUsers.some(user => user.test(path)) ? undefined : 'effects come by argument';
	}
	if (ownFiles[specifier] === path) return undefined;
	// It hands the bundled program what a module has by itself; what that imports was looked at here.
	if (specifier === '?' && path === 'src/cli/bundled.ts') return undefined;
	if (!specifier.startsWith('.')) {
		const allowed = Object.entries(packages).some(
			([place, names]) => path.startsWith(`${place}/`) && names.includes(specifier),
		);
		return allowed ? undefined : 'this room uses no such package';
	}
	if (!specifier.endsWith('.ts')) return 'an import names its file, with .ts';
	if (leaf.test(target)) return undefined;
	return refuseFile(path, target, typeOnly);
}

function refuseFile(path: string, target: string, typeOnly: boolean): string | undefined {
	if (path.startsWith('native-free/')) {
		if (target.startsWith('native-free/')) return undefined;
		const types = target.startsWith('src/platform/') && typeOnly;
		return types ? undefined : 'the floor knows types of platform, the leaves and itself';
	}
	if (target.startsWith('native-free/')) {
		return path.startsWith('src/driver/') ? undefined : 'the floor is reached by #platform';
	}
	if (path === 'src/index.ts') {
		return target.startsWith('src/') && !target.startsWith('src/cli/')
			? undefined
			: 'the library has no command line';
	}
	const from = roomOf(path);
	const to = roomOf(target);
	if (to < 0) return 'only what is in a room or a leaf is imported';
	if (from < 0) return 'a leaf imports only leaves';
	return to >= from ? undefined : `${rooms[to]} is above ${rooms[from]}`;
}

function roomOf(path: string): number {
	const match = /^src\/([^/]+)\//.exec(path);
	return rooms.indexOf(match?.[1] as (typeof rooms)[number]);
}
