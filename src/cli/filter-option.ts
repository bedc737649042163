/** Options that name files of rules or of paths: reads them, and makes of them what they say. */
import {readFileSync, readSync} from 'node:fs';
import {resolve} from 'node:path';
import type {PullOptions} from '../engine/options.ts';
import {ShoalError} from '../error.ts';
import {escapePath} from '../escape.ts';
import {parseChanged} from '../snapshot/changed-paths.ts';
import {type FilterArgument, parseFilterRules} from '../snapshot/filter-parse.ts';
import {parseNames} from '../snapshot/name-list.ts';
import {readSource} from './operand.ts';
import type {OptionValues} from './option.ts';

type Selecting = Pick<PullOptions, 'filters' | 'filterRoots' | 'files' | 'recursive'>;

const encoder = new TextEncoder();
const standardInput = 0;
/** Between two looks whether there is more. */
const lookEveryMs = 10;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** @throws ShoalError OPTION_INVALID, OPTION_UNBUILT */
export function readFilters(options: OptionValues, operands: readonly string[]): Selecting {
	const nulLines = options.nulLines !== undefined;
	const given = (options.inOrder ?? []).map(({option, text}) => ({
		option: option as FilterArgument['option'],
		text: encoder.encode(text),
	}));
	const filters = parseFilterRules(given, {
		deleteExcluded: options.deleteExcluded !== undefined,
		nulLines,
		readFile: readNamed,
	});
	const names = options.filesFrom;
	return {
		filters,
		...(filters.some(rule => rule.absolute) ? {filterRoots: findRoots(operands)} : {}),
		...(names === undefined ? {} : {files: parseNames(readListed(names), nulLines)}),
		recursive: options.recursive !== undefined,
	};
}

/** Paths of `snapshot --changed`. @throws ShoalError OPTION_INVALID */
export function readChanged(options: OptionValues, directory: string): readonly Uint8Array[] {
	const octets = readNamed(encoder.encode(options.changed));
	return parseChanged(octets, options.nulLines !== undefined, encoder.encode(resolve(directory)));
}

/** A module begins at its own root. */
function findRoots(operands: readonly string[]): NonNullable<PullOptions['filterRoots']> {
	const source = readSource(operands[0]!);
	return {
		source: encoder.encode('directory' in source ? resolve(source.directory) : ''),
		destination: encoder.encode(resolve(operands.at(-1)!)),
	};
}

function readListed(name: string): Uint8Array {
	if (/^[^/]*:/.test(name)) {
		const detail = `--files-from ${name}: lists of the source's host; a local one is ./NAME`;
		throw new ShoalError('OPTION_UNBUILT', detail);
	}
	return readNamed(encoder.encode(name));
}

function readNamed(name: Uint8Array): Uint8Array {
	const isPiped = name.length === 1 && name[0] === 0x2d;
	try {
		return isPiped ? readStandardInput() : readFileSync(Buffer.from(name));
	} catch (cause) {
		const reason = cause instanceof Error ? cause.message : String(cause);
		throw new ShoalError('OPTION_INVALID', `cannot read ${escapePath(name)}: ${reason}`, {cause});
	}
}

/** A pipe that does not block has nothing until its writer has begun: that is not its end. */
function readStandardInput(): Uint8Array {
	const parts: Uint8Array[] = [];
	for (;;) {
		const part = new Uint8Array(1 << 16);
		try {
			const size = readSync(standardInput, part);
			if (size === 0) return Buffer.concat(parts);
			parts.push(part.subarray(0, size));
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
			Atomics.wait(pause, 0, 0, lookEveryMs);
		}
	}
}
