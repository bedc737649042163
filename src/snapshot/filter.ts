/**
 * Filter rules in their order: the first that matches decides, as in rsync(1), "FILTER RULES". One
 * side of a rule says what the image has, the other what in DEST is not to be deleted; both are
 * asked about one path at a time, and the caller knows what is above it.
 */
import {FilterPattern} from './filter-pattern.ts';
import type {FilterRule} from './filter-rule.ts';
import {joinPath} from './path.ts';

type Compiled = {readonly rule: FilterRule; readonly pattern: FilterPattern};

/** Where both sides begin, for rules that are held against absolute paths; no slash in front. */
export type FilterRoots = {readonly source: Uint8Array; readonly destination: Uint8Array};

export class Filter {
	readonly #hiding: readonly Compiled[];
	readonly #protecting: readonly Compiled[];
	readonly #roots: FilterRoots;

	constructor(rules: readonly FilterRule[], roots: FilterRoots) {
		const all = rules.map(rule => ({rule, pattern: new FilterPattern(rule.pattern)}));
		this.#hiding = all.filter(({rule}) => rule.hides);
		this.#protecting = all.filter(({rule}) => rule.protects);
		this.#roots = roots;
	}

	/** Whether the image lacks this path, of what a directory that it has holds. */
	hides(path: Uint8Array, isDirectory: boolean): boolean {
		return this.#excludes(this.#hiding, path, isDirectory, this.#roots.source, false);
	}

	/**
	 * Whether what DEST has there stays although the image lacks it; `isDoomed`: the directory that
	 * holds it is to be deleted.
	 */
	protects(path: Uint8Array, isDirectory: boolean, isDoomed: boolean): boolean {
		const {destination} = this.#roots;
		return this.#excludes(this.#protecting, path, isDirectory, destination, isDoomed);
	}

	#excludes(
		compiled: readonly Compiled[],
		path: Uint8Array,
		isDirectory: boolean,
		root: Uint8Array,
		isDoomed: boolean,
	): boolean {
		let whole: Uint8Array | undefined;
		const name = path.lastIndexOf(0x2f) + 1;
		for (const {rule, pattern} of compiled) {
			if (isDoomed && rule.perishable) continue;
			const isAbsolute = rule.absolute && root.length > 0 && pattern.isOfPath;
			if (isAbsolute) whole ??= joinPath(root, path);
			const matches = isAbsolute
				? pattern.matches(whole!, whole!.length - path.length + name, isDirectory, true)
				: pattern.matches(path, name, isDirectory, false);
			if (matches !== rule.negated) return !rule.include;
		}
		return false;
	}
}
