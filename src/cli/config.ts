/** `shoal.toml`: what `serve --config` offers. An unknown key is an error that names its line. */
import {readFileSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {parse, TomlError, type TomlPrimitive} from 'smol-toml';
import type {ServeLimits, ServeModule, ServeOptions} from '../engine/options.ts';
import {ShoalError} from '../error.ts';
import {moduleNameMax} from '../limit.ts';
import {readValue} from './value.ts';

export type ServeConfig = ServeLimits & {
	readonly webTransport?: NonNullable<ServeOptions['webTransport']>;
	readonly listen: readonly string[];
	readonly modules: readonly ServeModule[];
};

/** Limits as the file names them, and as options do. */
const limitNames = {
	bwlimit: 'rateMax',
	'bwlimit-total': 'rateTotalMax',
	'max-clients': 'sessionsMax',
	'max-clients-per-address': 'sessionsPerAddressMax',
	'max-clients-per-key': 'sessionsPerKeyMax',
} as const;

type LimitKey = keyof typeof limitNames;
type Limits = {readonly [Name in (typeof limitNames)[LimitKey]]?: number};

const moduleKeys: readonly LimitKey[] = ['bwlimit', 'bwlimit-total', 'max-clients'];
const webTransportKeys = ['webtransport', 'certificate', 'certificate-key'] as const;
const rootKeys = Object.keys(limitNames) as readonly LimitKey[];

/** What is kept when a module that is watched changes. */
const historyKeys = ['history', 'history-days'] as const;

type Table = Record<string, TomlPrimitive>;

/** Relative paths in the file start at its directory. @throws ShoalError CONFIG_INVALID */
export function readConfig(path: string): ServeConfig {
	let text: string;
	try {
		text = readFileSync(path, 'utf8');
	} catch (cause) {
		const reason = cause instanceof Error ? cause.message : String(cause);
		throw new ShoalError('CONFIG_INVALID', reason, {cause});
	}
	return parseConfig(text, path);
}

/** @throws ShoalError CONFIG_INVALID */
export function parseConfig(text: string, path: string): ServeConfig {
	let root: Table;
	try {
		root = parse(text);
	} catch (cause) {
		if (!(cause instanceof TomlError)) throw cause;
		const reason = cause.message.split('\n')[0]!.replace(/^Invalid TOML document: /, '');
		throw new ShoalError('CONFIG_INVALID', `${path}:${cause.line}: ${reason}`, {cause});
	}
	return new ConfigReader(text, path).read(root);
}

class ConfigReader {
	readonly #lines: readonly string[];
	readonly #path: string;

	constructor(text: string, path: string) {
		this.#lines = text.split('\n');
		this.#path = path;
	}

	read(root: Table): ServeConfig {
		this.#refuseUnknown(root, [], [...rootKeys, 'listen', ...webTransportKeys, 'state', 'module']);
		const listen = root['listen'] ?? [];
		const state = this.#text(root, [], 'state');
		const modules = this.#table(root['module'] ?? {}, ['module']);
		return {
			listen: (Array.isArray(listen) ? listen : [listen]).map(value => {
				if (typeof value === 'string' && value !== '') return value;
				throw this.#error(['listen'], 'wants "host:port" or a list of them');
			}),
			modules: Object.keys(modules).map(name => this.#module(modules, name, state)),
			...this.#webTransport(root),
			...this.#limits(root, [], rootKeys),
		};
	}

	#webTransport(root: Table): Pick<ServeConfig, 'webTransport'> {
		const port = this.#count(root, [], 'webtransport');
		const certificate = this.#text(root, [], 'certificate');
		const key = this.#text(root, [], 'certificate-key');
		if ((certificate === undefined) !== (key === undefined)) {
			const given = certificate === undefined ? 'certificate-key' : 'certificate';
			throw this.#error([given], 'goes with certificate and certificate-key both');
		}
		if (port === undefined) {
			if (certificate === undefined) return {};
			throw this.#error(['certificate'], 'is for webtransport = PORT');
		}
		if (port > 65_535) throw this.#error(['webtransport'], 'wants a port');
		if (certificate === undefined || key === undefined) return {webTransport: {port}};
		const files = {certificateFile: this.#resolve(certificate), keyFile: this.#resolve(key)};
		return {webTransport: {port, files}};
	}

	/** Those of `keys` that are set, by the names that options have. */
	#limits(table: Table, at: readonly string[], keys: readonly LimitKey[]): Limits {
		const limits: {-readonly [Name in keyof Limits]: Limits[Name]} = {};
		for (const key of keys) {
			const read = key.startsWith('bwlimit') ? this.#rate : this.#count;
			const value = read.call(this, table, at, key);
			if (value !== undefined) limits[limitNames[key]] = value;
		}
		return limits;
	}

	#module(modules: Table, name: string, state: string | undefined): ServeModule {
		const at = ['module', name];
		const table = this.#table(modules[name]!, at);
		if (!isModuleName(name)) throw this.#error(at, 'is no name for a module');
		this.#refuseUnknown(table, at, [
			...moduleKeys,
			'path',
			'comment',
			'exclude',
			...historyKeys,
			'watch',
			'compress',
		]);
		const directory = this.#text(table, at, 'path');
		if (directory === undefined) throw this.#error(at, 'wants a path');
		if (table['exclude'] !== undefined) {
			throw this.#error(
				[...at, 'exclude'],
				'is not built yet: a module offers all of its snapshot',
			);
		}
		const comment = this.#text(table, at, 'comment');
		return {
			name,
			directory: this.#resolve(directory),
			scan: false,
			...(state === undefined ? {} : {state: join(this.#resolve(state), name)}),
			...(comment === undefined ? {} : {comment}),
			...(this.#flag(table, at, 'watch') ? {watch: true} : {}),
			...(this.#flag(table, at, 'compress', true) ? {} : {compress: false}),
			...this.#history(table, at),
			...this.#limits(table, at, moduleKeys),
		};
	}

	#history(table: Table, at: readonly string[]): Pick<ServeModule, 'historyMax' | 'historyDays'> {
		const [historyMax, historyDays] = historyKeys.map(key => this.#count(table, at, key));
		return {
			...(historyMax === undefined ? {} : {historyMax}),
			...(historyDays === undefined ? {} : {historyDays}),
		};
	}

	#flag(table: Table, at: readonly string[], key: string, otherwise = false): boolean {
		const value = table[key] ?? otherwise;
		if (typeof value === 'boolean') return value;
		throw this.#error([...at, key], 'wants true or false');
	}

	#count(table: Table, at: readonly string[], key: string): number | undefined {
		const value = table[key];
		if (value === undefined || isCount(value)) return value;
		throw this.#error([...at, key], 'wants a whole number');
	}

	/** 0 is no limit, whatever holds for others. */
	#rate(table: Table, at: readonly string[], key: string): number | undefined {
		const value = table[key];
		if (value === undefined) return undefined;
		try {
			return (readValue('rate', key, String(value)) as number) || Infinity;
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			throw this.#error([...at, key], 'wants a rate like 500, "1.5M" or "2MB"');
		}
	}

	#text(table: Table, at: readonly string[], key: string): string | undefined {
		const value = table[key];
		if (value === undefined || (typeof value === 'string' && value !== '')) return value;
		throw this.#error([...at, key], 'wants a text');
	}

	#table(value: TomlPrimitive, at: readonly string[]): Table {
		if (typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date)) {
			return value as Table;
		}
		throw this.#error(at, 'wants a table');
	}

	#refuseUnknown(table: Table, at: readonly string[], known: readonly string[]): void {
		for (const key of Object.keys(table)) {
			if (!known.includes(key)) {
				throw this.#error([...at, key], `is unknown; known are ${known.join(', ')}`);
			}
		}
	}

	#resolve(path: string): string {
		return resolve(dirname(this.#path), path);
	}

	#error(at: readonly string[], detail: string): ShoalError {
		const line = findLine(this.#lines, at);
		const place = line === undefined ? this.#path : `${this.#path}:${line}`;
		return new ShoalError('CONFIG_INVALID', `${place}: ${at.join('.')} ${detail}`);
	}
}

/** Number of the line that sets `at`, if it is written in a plain way; the parser keeps none. */
function findLine(lines: readonly string[], at: readonly string[]): number | undefined {
	let header: readonly string[] = [];
	for (const [index, line] of lines.entries()) {
		const table = /^\s*\[([^\][]+)\]/.exec(line);
		if (table !== null) header = keyParts(table[1]!);
		const setting = /^\s*([^=#[]+?)\s*=/.exec(line);
		const here = setting === null ? header : [...header, ...keyParts(setting[1]!)];
		if ((table ?? setting) !== null && isPrefix(at, here)) return index + 1;
	}
	return undefined;
}

/** `module."a.b"` as its parts. */
function keyParts(key: string): string[] {
	return [...key.matchAll(/"([^"]*)"|'([^']*)'|([^.\s"']+)/g)].map(
		([, double, single, bare]) => double ?? single ?? bare ?? '',
	);
}

function isPrefix(at: readonly string[], of: readonly string[]): boolean {
	return at.every((part, index) => of[index] === part);
}

function isModuleName(name: string): boolean {
	const size = new TextEncoder().encode(name).length;
	if (size === 0 || size > moduleNameMax || name === '.' || name === '..') return false;
	// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
	return !/[/\u0000-\u001f\u007f]/.test(name);
}

function isCount(value: unknown): value is number {
	return Number.isSafeInteger(value) && (value as number) >= 0;
}
