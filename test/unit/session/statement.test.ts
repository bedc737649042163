import test from 'ava';
import {crypto} from '../../../native-free/crypto.ts';
import {AssertionError} from '../../../src/assert.ts';
import {
	type Delegation,
	delegates,
	delegationRole,
	type Head,
	openDelegation,
	openHead,
	openRotation,
	signDelegation,
	signHead,
	signRotation,
} from '../../../src/session/statement.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const identity = crypto.signGenerate();

const head: Head = {
	identity: identity.public,
	module: text('debian'),
	sequence: 1_763_000_000_123,
	issuedMs: 1_763_000_000_000,
	expiresMs: 1_763_600_000_000,
	root: new Uint8Array(32).fill(4),
	size: 123_456_789,
	top: 900,
	entries: 1_000_000,
	contentBytes: 2 ** 52,
	previous: new Uint8Array(32).fill(5),
	label: text('trixie, night'),
};

const delegation: Delegation = {
	identity: identity.public,
	host: new Uint8Array(32).fill(6),
	role: delegationRole.relay,
	notAfterMs: 1_800_000_000_000,
	modules: [text('debian'), text('')],
};

const successor = crypto.signGenerate();
const rotation = {from: identity.public, to: successor.public, sequence: 3};
const rotated = signRotation(crypto, identity, successor, 3);

const kinds = [
	['head', signHead(crypto, identity.secret, head), head, openHead],
	['delegation', signDelegation(crypto, identity.secret, delegation), delegation, openDelegation],
	['rotation', rotated, rotation, openRotation],
] as const;

for (const [name, statement, value, open] of kinds) {
	test(`a ${name} comes back as it was signed, in memory of its own`, t => {
		const octets = new Uint8Array(statement);
		const opened = open(crypto, octets);
		octets.fill(0);
		t.deepEqual(opened as unknown, value);
		// Node's buffers share their memory when sliced.
		const shared = Buffer.from(statement);
		const reopened = open(crypto, shared);
		shared.fill(0);
		t.deepEqual(reopened as unknown, value);
	});

	test(`a ${name} with any octet changed, added or cut off is none`, t => {
		for (let index = 0; index < statement.length; index++) {
			const changed = new Uint8Array(statement);
			changed[index]! ^= 1;
			t.is(open(crypto, changed), undefined);
			if (index % 5 === 0) t.is(open(crypto, statement.subarray(0, index)), undefined);
		}
		t.is(open(crypto, Uint8Array.from([...statement, 0])), undefined);
		t.is(open(crypto, new Uint8Array(0)), undefined);
		t.is(open(crypto, new Uint8Array(100_000)), undefined);
	});

	test(`a ${name} is not one of another kind`, t => {
		for (const [other, , , openOther] of kinds) {
			if (other !== name) t.is(openOther(crypto, statement), undefined);
		}
	});
}

test('a head that contradicts itself is none, though it is signed', t => {
	const open = (changes: Partial<Head>) =>
		openHead(crypto, signHead(crypto, identity.secret, {...head, ...changes}));
	t.is(open({expiresMs: head.issuedMs - 1}), undefined);
	t.is(open({top: head.size + 1}), undefined);
	t.is(open({size: 2 ** 30 + 1}), undefined, 'nobody makes room for such a list');
	t.not(open({size: 2 ** 30}), undefined);
	t.not(open({top: head.size, expiresMs: head.issuedMs}), undefined);
});

test('a statement signed by somebody else than it says is none', t => {
	const other = crypto.signGenerate();
	t.is(openHead(crypto, signHead(crypto, other.secret, head)), undefined);
});

test('a label or a list of modules beyond the limit is a bug of ours', t => {
	const label = text('x'.repeat(65));
	t.throws(() => signHead(crypto, identity.secret, {...head, label}), {instanceOf: AssertionError});
	const modules = Array.from({length: 30}, (_, index) => text(`module ${index}`));
	const tooMany = {...delegation, modules};
	t.throws(() => signDelegation(crypto, identity.secret, tooMany), {instanceOf: AssertionError});
});

test('a delegation is for the modules that it names, or for all', t => {
	t.true(delegates(delegation, text('debian')));
	t.true(delegates(delegation, text('')));
	t.false(delegates(delegation, text('debia')));
	t.true(delegates({...delegation, modules: []}, text('any')));
});

test('a number above 2^53 - 1 in a statement is refused', t => {
	const signed = (octet: number): Uint8Array => {
		const payload = new Uint8Array(rotated.subarray(0, rotated.length - 128));
		payload[64] = 0x00;
		payload[65] = octet;
		const message = Uint8Array.from([...text('shoal rotation 2\0'), ...payload]);
		const signatures = [identity, successor].map(({secret}) => [...crypto.sign(secret, message)]);
		return Uint8Array.from([...payload, ...signatures.flat()]);
	};
	t.is(openRotation(crypto, signed(0x20)), undefined);
	t.not(openRotation(crypto, signed(0x1f)), undefined);
});

test('a rotation is one by the word of both: nobody is replaced or made an heir by another', t => {
	const other = crypto.signGenerate();
	const as = ({public: name}: {public: Uint8Array}, {secret}: {secret: Uint8Array}) => ({
		public: name,
		secret,
	});
	t.not(openRotation(crypto, signRotation(crypto, identity, successor, 1)), undefined);
	t.is(openRotation(crypto, signRotation(crypto, as(identity, other), successor, 1)), undefined);
	t.is(openRotation(crypto, signRotation(crypto, identity, as(successor, identity), 1)), undefined);
	t.is(openRotation(crypto, signRotation(crypto, identity, identity, 1)), undefined);
	const swapped = new Uint8Array(rotated);
	swapped.set(rotated.subarray(-64), 72);
	swapped.set(rotated.subarray(72, 136), 136);
	t.is(openRotation(crypto, swapped), undefined);
});
