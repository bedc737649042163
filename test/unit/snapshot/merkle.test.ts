import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import {leafGroupCount, leafSize} from '../../../src/limit.ts';
import {LeavesVerifier} from '../../../src/snapshot/leaves-verifier.ts';
import {
	contentDigest,
	leafCount,
	leafHash,
	leafHashes,
	leafLength,
	leafLevels,
	leavesSize,
	makeLeaves,
	treeRoot,
} from '../../../src/snapshot/merkle.ts';
import {Prng} from '../../support/prng.ts';

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
const group = leafGroupCount;

/** Inputs and roots of Certificate Transparency's own tests of the Merkle tree hash. */
const inputs = [
	'',
	'00',
	'10',
	'2021',
	'3031',
	'40414243',
	'5051525354555657',
	'606162636465666768696a6b6c6d6e6f',
];
const roots = [
	'6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
	'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
	'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
	'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
	'4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
	'76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
	'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
	'5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

test('the tree hash is that of Certificate Transparency', t => {
	for (let count = 1; count <= inputs.length; count++) {
		const leaves = inputs.slice(0, count).map(text => Buffer.from(text, 'hex'));
		const hashes = leaves.map(leaf => leafHash(sha256, leaf));
		t.is(hex(treeRoot(sha256, Buffer.concat(hashes))), roots[count - 1]!);
	}
	t.is(hex(contentDigest(sha256, new Uint8Array(0))), hex(sha256()));
});

/** The definition, as it stands in RFC 9162 §2.1.1. */
function slowRoot(hashes: Uint8Array[]): Uint8Array {
	if (hashes.length === 1) return hashes[0]!;
	let left = 1;
	while (left * 2 < hashes.length) left *= 2;
	const sides = [slowRoot(hashes.slice(0, left)), slowRoot(hashes.slice(left))];
	return sha256(Uint8Array.of(1), ...sides);
}

test('folding pairs gives the tree of the definition, for every count', t => {
	const prng = new Prng(1);
	const hashes: Uint8Array[] = [];
	for (let count = 1; count <= 70; count++) {
		hashes.push(prng.bytes(32));
		t.is(hex(treeRoot(sha256, Buffer.concat(hashes))), hex(slowRoot(hashes)));
	}
});

test('leaves are 64 KiB, the last may be short', t => {
	for (const [size, count] of [
		[0, 0],
		[1, 1],
		[leafSize, 1],
		[leafSize + 1, 2],
	] as const) {
		t.is(leafCount(size), count);
	}
	t.is(leafLength(leafSize + 1, 0), leafSize);
	t.is(leafLength(leafSize + 1, 1), 1);
	const content = new Prng(2).bytes(leafSize * 2 + 5);
	t.is(leafHashes(sha256, content).length, 3 * 32);
});

test('the leaves object has levels of aligned groups, down from at most one group', t => {
	t.deepEqual(leafLevels(0), []);
	t.deepEqual(leafLevels(leafSize), []);
	t.deepEqual(leafLevels(leafSize * 2), [2]);
	t.deepEqual(leafLevels(leafSize * group), [group]);
	t.deepEqual(leafLevels(leafSize * (group + 1)), [2, group + 1]);
	t.deepEqual(leafLevels(leafSize * group * group + 1), [2, group + 1, group * group + 1]);
	t.is(leavesSize(leafSize * (group + 1)), (group + 3) * 32);
	for (const count of [0, 1, 2, group, group + 1, 3 * group + 7]) {
		const hashes = new Prng(count).bytes(count * 32);
		t.is(makeLeaves(sha256, hashes).length, leavesSize(count * leafSize));
	}
});

const twoLevels = 2 * group + 3;

function sample(count: number) {
	const hashes = new Prng(count).bytes(count * 32);
	return {
		hashes,
		size: count * leafSize - 9,
		digest: treeRoot(sha256, hashes),
		leaves: makeLeaves(sha256, hashes),
	};
}

test('leaf hashes are proven from pieces in any order', t => {
	for (const count of [2, 5, group, group + 1, twoLevels]) {
		const {hashes, size, digest, leaves} = sample(count);
		const prng = new Prng(count);
		const verifier = new LeavesVerifier(sha256, size, digest);
		const pieces: number[] = [];
		for (let at = 0; at < leaves.length; at += 1171) pieces.push(at);
		while (pieces.length > 0) {
			t.false(verifier.done);
			const [at] = pieces.splice(prng.below(pieces.length), 1);
			t.true(verifier.add(at!, leaves.subarray(at!, at! + 1171)));
		}
		t.true(verifier.done);
		for (let leaf = 0; leaf < count; leaf++) {
			t.deepEqual(hex(verifier.leaf(leaf)!), hex(hashes.subarray(leaf * 32, leaf * 32 + 32)));
		}
		t.deepEqual(verifier.bytes(), leaves);
		t.is(verifier.pollBad(), undefined);
	}
});

test('a file of one leaf needs no leaves object', t => {
	const digest = new Prng(3).bytes(32);
	const verifier = new LeavesVerifier(sha256, 17, digest);
	t.true(verifier.done);
	t.deepEqual(verifier.leaf(0), digest);
});

test('what is not proven is not given out, and a wrong group is named and replaced', t => {
	const {hashes, size, digest, leaves} = sample(twoLevels);
	const verifier = new LeavesVerifier(sha256, size, digest);
	const topSize = 3 * 32;
	const wrong = leaves.slice();
	wrong[topSize + group * 32 + 5]! ^= 1;
	t.true(verifier.add(topSize, wrong.subarray(topSize)), 'nothing to hold it against yet');
	t.is(verifier.leaf(0), undefined);
	t.false(verifier.add(0, leaves.subarray(0, topSize)));
	t.deepEqual(verifier.pollBad(), {offset: topSize + group * 32, length: group * 32});
	t.is(verifier.pollBad(), undefined);
	t.false(verifier.done);
	t.truthy(verifier.leaf(0));
	t.is(verifier.leaf(group), undefined);
	t.truthy(verifier.leaf(2 * group));
	const start = topSize + group * 32;
	t.true(verifier.add(start, leaves.subarray(start, start + group * 32)));
	t.true(verifier.done);
	t.deepEqual(verifier.leaf(group), hashes.subarray(group * 32, group * 32 + 32));
});

test('a wrong top is named as long as it is wrong', t => {
	const {size, digest, leaves} = sample(5);
	const verifier = new LeavesVerifier(sha256, size, digest);
	const wrong = leaves.slice();
	wrong[0]! ^= 1;
	t.false(verifier.add(0, wrong));
	t.deepEqual(verifier.pollBad(), {offset: 0, length: 5 * 32});
	t.true(verifier.add(0, leaves));
	t.true(verifier.add(3, leaves.subarray(3, 40)), 'what is proven stays, whatever comes again');
	t.true(verifier.done);
});

test('memory follows what arrives, not what a size claims', t => {
	const verifier = new LeavesVerifier(sha256, Number.MAX_SAFE_INTEGER, new Uint8Array(32));
	t.true(verifier.size > 2 ** 41);
	t.true(verifier.add(2 ** 40, new Uint8Array(100)));
	t.false(verifier.done);
	t.is(verifier.leaf(2 ** 36), undefined);
});
