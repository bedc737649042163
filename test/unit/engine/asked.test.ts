import test from 'ava';
import {Asked} from '../../../src/engine/asked.ts';
import {Contributor} from '../../../src/engine/contributor.ts';
import type {Supply} from '../../../src/engine/supply.ts';
import {leafSize} from '../../../src/limit.ts';
import {RangeSet} from '../../../src/transfer/range-set.ts';
import type {FetchRequest} from '../../../src/transfer/request.ts';
import {micros} from '../../../src/unit.ts';
import {objectKind} from '../../../src/wire/frame.ts';
import {Prng} from '../../support/prng.ts';
import {seedsOr} from '../../support/seeds.ts';

for (const seed of seedsOr(5, 6, 7)) {
	test(`each octet is new once, and its teller is who sent it first [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const who = [0, 1, 2].map(at => new Contributor(`${at}`, {} as Supply, micros(0)));
		const [page, position, from] = [3, 10, leafSize];
		for (const count of [1, 4]) {
			const size = 3000;
			const start = count === 1 ? from : 0;
			const request = {kind: objectKind.content, page, position, count, offset: start};
			const asked = new Asked({...request, length: size} as FetchRequest, 0, micros(0), false);
			/** Who sent each octet first. */
			const first = Array.from({length: count}, () => new Array<Contributor>(size));
			for (let block = 0; block < 60; block++) {
				const object = prng.below(count);
				const offset = prng.below(size);
				const length = 1 + prng.below(Math.min(400, size - offset));
				const teller = who[prng.below(3)]!;
				const fresh = asked.take(object, start + offset, length, teller);
				const isNew = new Set<number>();
				for (let at = 0; at < fresh.length; at += 2) {
					for (let octet = fresh[at]!; octet < fresh[at + 1]!; octet++) isNew.add(octet - start);
				}
				let wrong = 0;
				for (let octet = offset; octet < offset + length; octet++) {
					if (isNew.delete(octet) !== (first[object]![octet] === undefined)) wrong++;
					first[object]![octet] ??= teller;
				}
				t.is(wrong + isNew.size, 0);
			}
			for (let look = 0; look < 100; look++) {
				const object = prng.below(count);
				const at = prng.below(size);
				const to = at + 1 + prng.below(Math.min(200, size - at));
				const tellers = new Set<Contributor>();
				const told = {kind: objectKind.content, page, position: position + object};
				const found = new RangeSet();
				asked.findTellers({...told, from: start + at, to: start + to}, found, tellers);
				const senders = first[object]!.slice(at, to).filter(each => each !== undefined);
				t.deepEqual(
					who.map(each => tellers.has(each)),
					who.map(each => senders.includes(each)),
				);
				t.is(found.total, senders.length);
			}
		}
	});
}
