/** Owners by name where the name is known here, else by number, as rsync maps them. */

import type {EntryView} from '../snapshot/entry.ts';
import {equalOctets} from '../snapshot/path.ts';
import {leaveOwner} from '../task/change-table.ts';
import {copyOctets} from '../task/packed-octets.ts';

/** Undefined: no such name here. */
export type NameLookup = (name: Uint8Array) => number | undefined;

export type OwnerMapOptions = {
	readonly owner: boolean;
	readonly group: boolean;
	readonly numericIds: boolean;
	/** Others may not give files away. */
	readonly isRoot: boolean;
	readonly user: NameLookup;
	readonly groupByName: NameLookup;
};

export class OwnerMap {
	readonly #users: IdMap | undefined;
	readonly #groups: IdMap | undefined;

	constructor({owner, group, numericIds, isRoot, user, groupByName}: OwnerMapOptions) {
		const byNumber: NameLookup = () => undefined;
		if (isRoot && owner) this.#users = new IdMap(numericIds ? byNumber : user);
		if (isRoot && group) this.#groups = new IdMap(numericIds ? byNumber : groupByName);
	}

	/** Number to set, or `leaveOwner`. */
	uid(entry: EntryView): number {
		return this.#users?.of(entry.uid, entry.owner) ?? leaveOwner;
	}

	gid(entry: EntryView): number {
		return this.#groups?.of(entry.gid, entry.group) ?? leaveOwner;
	}
}

/** Few owners make a tree: each pair of number and name is looked up once. */
class IdMap {
	readonly #lookup: NameLookup;
	readonly #known = new Map<number, {name: Uint8Array; id: number}[]>();

	constructor(lookup: NameLookup) {
		this.#lookup = lookup;
	}

	of(number: number, name: Uint8Array): number {
		const known = this.#known.get(number);
		const found = known?.find(each => equalOctets(each.name, name));
		if (found !== undefined) return found.id;
		const own = copyOctets(name);
		const id = (name.length === 0 ? undefined : this.#lookup(own)) ?? number;
		if (known === undefined) this.#known.set(number, [{name: own, id}]);
		else known.push({name: own, id});
		return id;
	}
}
