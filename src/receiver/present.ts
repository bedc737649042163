/** What was seen of DEST: paths in order, each with its stat, in flat columns. */
import {comparePaths} from '../snapshot/path.ts';
import {octetsAt, type PackedOctets} from '../task/packed-octets.ts';
import {ScanTable} from '../task/scan-table.ts';
import {absent, type StatColumns} from '../task/survey.ts';

export class Present {
	readonly count: number;
	readonly stat: StatColumns;
	readonly #paths: PackedOctets;
	readonly #targets: PackedOctets;

	/** `paths` are in order of octets; A path may be absent. */
	constructor(paths: PackedOctets, stat: StatColumns, targets: PackedOctets) {
		this.#paths = paths;
		this.#targets = targets;
		this.stat = stat;
		this.count = paths.ends.length;
	}

	static of({columns}: ScanTable): Present {
		const {paths, pathOffsets, targets, targetOffsets} = columns;
		return new Present({bytes: paths, ends: pathOffsets.subarray(1)}, columns, {
			bytes: targets,
			ends: targetOffsets.subarray(1),
		});
	}

	/** A view. */
	path(index: number): Uint8Array {
		return octetsAt(this.#paths, index);
	}

	/** Where a symlink points, else empty: a view. */
	target(index: number): Uint8Array {
		return octetsAt(this.#targets, index);
	}

	/** Index of a path, -1 if it was not looked at or nothing is there. */
	find(path: Uint8Array): number {
		const index = this.lowerBound(path);
		if (index === this.count || comparePaths(this.path(index), path) !== 0) return -1;
		return this.stat.type[index] === absent ? -1 : index;
	}

	/** As a scan would have found it, for what takes scans. */
	toScan(): ScanTable {
		const columns = {
			...this.stat,
			paths: this.#paths.bytes,
			pathOffsets: offsets(this.#paths),
			targets: this.#targets.bytes,
			targetOffsets: offsets(this.#targets),
			device: new Float64Array(this.count),
			unread: new Uint8Array(this.count),
			sparse: new Uint8Array(this.count),
		};
		return new ScanTable(columns, []);
	}

	/** Index of the first path that does not come before `path`. */
	lowerBound(path: Uint8Array): number {
		let low = 0;
		let high = this.count;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (comparePaths(this.path(middle), path) < 0) low = middle + 1;
			else high = middle;
		}
		return low;
	}
}

/** Where each run begins, and where the last one ends. */
function offsets({ends}: PackedOctets): Uint32Array {
	const all = new Uint32Array(ends.length + 1);
	all.set(ends, 1);
	return all;
}
