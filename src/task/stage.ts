/**
 * Writes content into staging: octets that arrived, leaf by leaf, each proven before or after it
 * is written. One job has many small files, or many leaves of a few large ones.
 */
import {type ErrorCode, ShoalError} from '../error.ts';
import {digestSize} from '../limit.ts';
import type {DirHandle, FileHandle, Name, TreeIo} from '../platform/tree.ts';
import {leafHash} from '../snapshot/merkle.ts';
import {equalOctets} from '../snapshot/path.ts';
import {formAt} from '../wire/compressed.ts';
import {type Stretches, unpackStretches} from '../wire/patch.ts';
import {type Creation, setAttributes} from './attributes.ts';
import type {ChangeRows} from './change-table.ts';
import {applyPatch} from './patch.ts';
import {writeSparse} from './sparse-file.ts';
import {stagedName} from './staged-name.ts';
import {defineTask, type TaskContext} from './task.ts';

export const stageOp = {
	/** Octets that prove nothing by themselves. */
	part: 0,
	/** A whole leaf: proven first, and not written if it is bad. */
	leaf: 1,
	/** A whole leaf that has been written in parts: read back and proven. */
	check: 2,
	/** A whole leaf in a compressed form: expanded, then as a leaf. */
	compressed: 3,
	/** The patch of a leaf that is there but for what is lacked. */
	patch: 4,
} as const;

/** Operations are in the order of their rows; those of one row are done in their own order. */
export type StageInput = {
	/** By device. */
	readonly staging: readonly DirHandle[];
	readonly creation: Creation;
	/** A finished file is on the disk before the job ends. */
	readonly sync: boolean;
	readonly rows: ChangeRows;
	/** 1: when this row's operations went well the file is whole; set its attributes. */
	readonly finish: Uint8Array;
	readonly row: Uint32Array;
	readonly kind: Uint8Array;
	readonly offset: Float64Array;
	/** Of a leaf, or a part of one. */
	readonly length: Uint32Array;
	/** Octets in `data`, and the number of the form that they are in; 0: as they are. */
	readonly stored: Uint32Array;
	readonly form: Uint8Array;
	/** Where in `data` the octets of a part or leaf are. */
	readonly at: Uint32Array;
	/** 32 octets for each operation. */
	readonly hash: Uint8Array;
	readonly data: Uint8Array;
	/** By operation that is a patch, how what it stands for is named. */
	readonly lacked: ReadonlyMap<number, Uint8Array>;
};

export type StageOutput = {
	/** Operations whose leaf was not what it should be. */
	readonly bad: Uint32Array;
	/** Rows whose files are whole, but whose owner, mode or time could not be set; and why. */
	readonly unset: Uint32Array;
	readonly codes: readonly ErrorCode[];
	readonly messages: readonly string[];
};

/** Files of staging are private until they are finished. */
const privateMode = 0o600;

export const stage = defineTask<StageInput, StageOutput>({
	name: 'stage',
	run(input, context) {
		const bad: number[] = [];
		const unset: number[] = [];
		const codes: ErrorCode[] = [];
		const messages: string[] = [];
		let op = 0;
		for (let row = 0; row < input.rows.count; row++) {
			context.beat();
			const first = op;
			while (op < input.row.length && input.row[op] === row) op++;
			const failure = stageRow(input, row, first, op, bad, context);
			if (failure === undefined) continue;
			unset.push(row);
			codes.push(failure.code);
			messages.push(failure.message);
		}
		return {bad: Uint32Array.from(bad), unset: Uint32Array.from(unset), codes, messages};
	},
});

/** Answers why attributes could not be set: content that cannot be written fails the job. */
function stageRow(
	input: StageInput,
	row: number,
	first: number,
	end: number,
	bad: number[],
	{tree, sha256, compression}: TaskContext,
): ShoalError | undefined {
	const {rows, kind, offset, length, stored, form, at, hash, data} = input;
	const name = stagedName(rows.digest.subarray(row * digestSize), rows.copy[row]!);
	const finish = input.finish[row] === 1;
	const badBefore = bad.length;
	const sparseSize = rows.holes[row] === 0 ? undefined : rows.size[row]!;
	const file = new StagedFile(tree, input.staging[rows.device[row]!]!, name);
	// A file that comes as one leaf, or is empty, is made with its own mode at once.
	const isWhole = rows.size[row]! === (end > first ? length[first]! : 0);
	const isThere = kind[first] === stageOp.check || kind[first] === stageOp.patch;
	if (finish && isWhole && !isThere) file.newMode = rows.mode[row]! & 0o777;
	try {
		for (let op = first; op < end; op++) {
			const proof = hash.subarray(op * digestSize, (op + 1) * digestSize);
			const came = data.subarray(at[op]!, at[op]! + stored[op]!);
			let octets: Uint8Array | undefined = came;
			let stretches: Stretches | undefined = [0, length[op]!];
			if (kind[op] === stageOp.patch) {
				const leaf = readLeaf(tree, file, length[op]!, offset[op]!);
				stretches = unpackStretches(input.lacked.get(op)!, leaf.length);
				const isApplied = stretches && applyPatch(compression, came, leaf, stretches);
				octets = isApplied ? leaf : undefined;
			}
			if (kind[op] === stageOp.check) octets = readLeaf(tree, file, length[op]!, offset[op]!);
			if (kind[op] === stageOp.compressed) {
				const codec = formAt(form[op]!)?.codec;
				octets = codec && compression?.expand(codec, came, length[op]!);
			}
			const isPart = kind[op] === stageOp.part;
			const isProven =
				octets !== undefined && (isPart || equalOctets(leafHash(sha256, octets), proof));
			if (!isProven || octets === undefined) bad.push(op);
			else if (kind[op] === stageOp.check) continue;
			else writeStretches(tree, file, octets, stretches!, offset[op]!, sparseSize);
		}
		if (!finish || bad.length > badBefore) return undefined;
		const handle = file.handle();
		if (input.sync) tree.sync(handle);
	} finally {
		file.close();
	}
	const made = file.made ? {...input.creation, mode: file.newMode} : undefined;
	try {
		setAttributes(tree, file.dir, name, rows, row, made);
		return undefined;
	} catch (error) {
		if (error instanceof ShoalError) return error;
		throw error;
	}
}

function readLeaf(tree: TreeIo, file: StagedFile, length: number, offset: number): Uint8Array {
	const leaf = new Uint8Array(length);
	tree.read(file.handle(), leaf, offset);
	return leaf;
}

/** Writes stretches of what stands at `offset`; `sparseSize`: of a file that may have holes. */
function writeStretches(
	tree: TreeIo,
	file: StagedFile,
	octets: Uint8Array,
	stretches: Stretches,
	offset: number,
	sparseSize: number | undefined,
): void {
	for (let at = 0; at < stretches.length; at += 2) {
		const from = stretches[at]!;
		const some = octets.subarray(from, stretches[at + 1]!);
		if (sparseSize === undefined) tree.write(file.handle(), some, offset + from);
		else writeSparse(tree, file.handle(), some, offset + from, sparseSize);
	}
}

/** Opened, or made, at its first use. */
class StagedFile {
	readonly dir: DirHandle;
	/** Mode if it is made here. */
	newMode = privateMode;
	made = false;
	readonly #tree: TreeIo;
	readonly #name: Name;
	#handle: FileHandle | undefined;

	constructor(tree: TreeIo, dir: DirHandle, name: Name) {
		this.#tree = tree;
		this.dir = dir;
		this.#name = name;
	}

	handle(): FileHandle {
		this.#handle ??= this.#open();
		return this.#handle;
	}

	close(): void {
		if (this.#handle !== undefined) this.#tree.closeFile(this.#handle);
		this.#handle = undefined;
	}

	/** Another job may make the same file at this moment: then it can be opened after all. */
	#open(): FileHandle {
		const isNew = this.newMode !== privateMode;
		const there = isNew ? undefined : this.#tree.openWrite(this.dir, this.#name);
		if (there !== undefined) return there;
		try {
			const file = this.#tree.create(this.dir, this.#name, this.newMode);
			this.made = true;
			return file;
		} catch (error) {
			const other = this.#tree.openWrite(this.dir, this.#name);
			if (other === undefined) throw error;
			return other;
		}
	}
}
