import {
	chmodSync,
	chownSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import platform from '../../../native-free/index.ts';
import {type ErrorCode, ShoalError} from '../../../src/error.ts';
import {toHex} from '../../../src/hex.ts';
import {knownPathsMax, pathLifetime} from '../../../src/limit.ts';
import {openRotation, signRotation} from '../../../src/session/statement.ts';
import {ConfigDirectory} from '../../../src/store/config-directory.ts';
import {createKey, ensureKey, readKey} from '../../../src/store/keys.ts';
import {KnownSources} from '../../../src/store/known-sources.ts';
import {readRotations, rotateKeys} from '../../../src/store/rotations.ts';

const {crypto} = platform;

/** A path for a configuration directory that is not there yet. */
function place(t: ExecutionContext): string {
	const base = mkdtempSync(join(tmpdir(), 'shoal-'));
	t.teardown(() => rmSync(base, {recursive: true, force: true}));
	return join(base, 'a', 'shoal');
}

function open(t: ExecutionContext, path: string): ConfigDirectory {
	const config = ConfigDirectory.open(platform, path, true)!;
	t.teardown(() => config.close());
	return config;
}

function throwsCode(t: ExecutionContext, code: ErrorCode, run: () => unknown): void {
	const error = t.throws(run, {instanceOf: ShoalError});
	t.is(error?.code, code);
}

const mode = (path: string): number => lstatSync(path).mode & 0o7777;

test('nothing is made by looking', t => {
	const path = place(t);
	t.is(ConfigDirectory.open(platform, path, false), undefined);
	t.throws(() => lstatSync(path));
});

test('the directory and the keys are made for this user alone', t => {
	const path = place(t);
	const config = open(t, path);
	t.is(readKey(config, crypto, 'identity'), undefined);
	const identity = ensureKey(config, crypto, 'identity');
	const host = ensureKey(config, crypto, 'host');
	t.is(mode(path), 0o700);
	t.is(mode(join(path, '..')), 0o700);
	for (const name of readdirSync(path)) t.is(mode(join(path, name)), 0o600);
	t.deepEqual(readdirSync(path).sort(), ['host.key', 'identity.key']);
	t.deepEqual(readKey(config, crypto, 'identity'), identity);
	t.deepEqual(ensureKey(config, crypto, 'host'), host);
	const message = new TextEncoder().encode('hello');
	t.true(crypto.verify(identity.public, message, crypto.sign(identity.secret, message)));
	throwsCode(t, 'KEY_EXISTS', () => createKey(config, crypto, 'identity'));
	t.deepEqual(readKey(config, crypto, 'identity'), identity);
});

for (const bits of [0o640, 0o604, 0o620, 0o602, 0o660]) {
	test(`a key that others can read or write (${bits.toString(8)}) is refused`, t => {
		const path = place(t);
		const config = open(t, path);
		createKey(config, crypto, 'identity');
		chmodSync(join(path, 'identity.key'), bits);
		throwsCode(t, 'KEY_UNSAFE', () => readKey(config, crypto, 'identity'));
		throwsCode(t, 'KEY_UNSAFE', () => ensureKey(config, crypto, 'identity'));
		chmodSync(join(path, 'identity.key'), 0o400);
		t.not(readKey(config, crypto, 'identity'), undefined);
	});
}

test('of two processes that make a key at once, both use the same', t => {
	const path = place(t);
	const config = open(t, path);
	const racing = Object.create(config) as ConfigDirectory;
	let first: Uint8Array | undefined;
	Object.assign(racing, {
		read: (name: string) => {
			const found = config.read(name);
			// The other process is faster, right after this one has looked.
			if (found === undefined) first = ensureKey(config, crypto, 'identity').public;
			return found;
		},
		create: config.create.bind(config),
	});
	const second = ensureKey(racing, crypto, 'identity').public;
	t.deepEqual(second, first);
	t.deepEqual(readKey(config, crypto, 'identity')?.public, first);
	t.deepEqual(readdirSync(path), ['identity.key']);
});

test('what is known of sources may be read by others, but not written', t => {
	const path = place(t);
	const config = open(t, path);
	const known = new KnownSources(config);
	const identity = crypto.signGenerate().public;
	known.rememberIdentity('h:8730', identity);
	chmodSync(join(path, 'known_sources'), 0o644);
	t.deepEqual(known.identity('h:8730'), identity);
	chmodSync(join(path, 'known_sources'), 0o664);
	throwsCode(t, 'KEY_UNSAFE', () => known.identity('h:8730'));
});

test('a directory that others can write is refused', t => {
	const path = place(t);
	open(t, path);
	for (const bits of [0o770, 0o702, 0o1777]) {
		chmodSync(path, bits);
		throwsCode(t, 'KEY_UNSAFE', () => ConfigDirectory.open(platform, path, false));
	}
	chmodSync(path, 0o755);
	t.not(ConfigDirectory.open(platform, path, false), undefined);
});

test('a symlink, a directory or a pipe in place of a key is not followed', t => {
	const path = place(t);
	const config = open(t, path);
	createKey(config, crypto, 'identity');
	const file = join(path, 'identity.key');
	renameSync(file, join(path, 'elsewhere'));
	symlinkSync('elsewhere', file);
	throwsCode(t, 'KEY_UNSAFE', () => readKey(config, crypto, 'identity'));
	throwsCode(t, 'KEY_UNSAFE', () => ensureKey(config, crypto, 'identity'));
	rmSync(file);
	mkdirSync(file);
	throwsCode(t, 'KEY_UNSAFE', () => readKey(config, crypto, 'identity'));
});

const isRoot = process.getuid?.() === 0;

(isRoot ? test : test.skip)(
	"a file or a directory of another user is refused, root's is not",
	t => {
		const path = place(t);
		const config = open(t, path);
		createKey(config, crypto, 'identity');
		chownSync(join(path, 'identity.key'), 12_345, 12_345);
		throwsCode(t, 'KEY_UNSAFE', () => readKey(config, crypto, 'identity'));
		chownSync(join(path, 'identity.key'), 0, 0);
		t.not(readKey(config, crypto, 'identity'), undefined);
		chownSync(path, 12_345, 12_345);
		throwsCode(t, 'KEY_UNSAFE', () => ConfigDirectory.open(platform, path, false));
	},
);

test('a key file that is cut, mixed up or has a slip in it is invalid', t => {
	const path = place(t);
	const config = open(t, path);
	createKey(config, crypto, 'identity');
	createKey(config, crypto, 'host');
	const file = join(path, 'identity.key');
	const text = readFileSync(file, 'utf8');
	const slip = text.replace(/.(?=\n)/, letter => (letter === 'a' ? 'b' : 'a'));
	const host = readFileSync(join(path, 'host.key'), 'utf8');
	for (const wrong of [
		'',
		'\n',
		text.slice(0, 40),
		slip,
		host,
		`${text}more\n`,
		'x'.repeat(9000),
	]) {
		writeFileSync(file, wrong);
		throwsCode(t, 'KEY_INVALID', () => readKey(config, crypto, 'identity'));
	}
});

test('an error never shows the secret', t => {
	const path = place(t);
	const config = open(t, path);
	createKey(config, crypto, 'identity');
	const file = join(path, 'identity.key');
	const secret = readFileSync(file, 'utf8').trim().split(' ')[2]!;
	chmodSync(file, 0o644);
	const unsafe = t.throws(() => readKey(config, crypto, 'identity'));
	writeFileSync(file, `shoal-secret-1 host ${secret}\n`, {mode: 0o600});
	chmodSync(file, 0o600);
	const invalid = t.throws(() => readKey(config, crypto, 'identity'));
	for (const error of [unsafe, invalid]) t.false(String(error).includes(secret.slice(0, 10)));
});

test('identities, heads and delegations are remembered, each under its own name', t => {
	const path = place(t);
	const known = new KnownSources(open(t, path));
	const [a, b] = [crypto.signGenerate().public, crypto.signGenerate().public];
	t.is(known.identity('h:1'), undefined);
	t.is(known.sequence(a, 'm'), 0);
	t.is(known.delegation('h:1', a), undefined);
	known.rememberIdentity('h:1', a);
	known.rememberIdentity('h:2', b);
	known.rememberIdentity('h:1', b);
	known.rememberSequence(a, 'm', 1_763_000_000_123);
	known.rememberSequence(b, 'm', 5);
	known.rememberSequence(a, 'other module\nwith a line', 6);
	known.rememberDelegation('h:1', a, Uint8Array.of(1, 2, 3));
	const there = {port: 443, certificates: [new Uint8Array(32).fill(7), new Uint8Array(32)]};
	known.rememberWebTransport('h:1', there);
	known.rememberWebTransport('h:2', {port: 1, certificates: []});
	known.rememberWebTransport('h:3', there);
	known.rememberWebTransport('h:3', undefined);
	known.rememberWebTransport('h:4', undefined);
	const again = new KnownSources(open(t, path));
	t.deepEqual(again.identity('h:1'), b);
	t.deepEqual(again.identity('h:2'), b);
	t.is(again.sequence(a, 'm'), 1_763_000_000_123);
	t.is(again.sequence(b, 'm'), 5);
	t.is(again.sequence(a, 'other module\nwith a line'), 6);
	t.is(again.sequence(b, 'other module\nwith a line'), 0);
	t.deepEqual(again.delegation('h:1', a), Uint8Array.of(1, 2, 3));
	t.is(again.delegation('h:1', b), undefined);
	t.deepEqual(again.webTransport('h:1'), there);
	t.deepEqual(again.webTransport('h:2'), {port: 1, certificates: []});
	for (const host of ['h:3', 'h:4']) t.is(again.webTransport(host), undefined);
	t.false(
		readdirSync(path).some(name => name.startsWith('.')),
		'nothing half written is left',
	);
});

test('what a path carried is known for a day, between those two addresses alone', t => {
	const path = place(t);
	const known = new KnownSources(open(t, path));
	const now = 1_763_000_000;
	const record = {rate: 12_500_000.4, roundTrip: 100_000};
	const [here, there] = ['192.0.2.7:4000', '[2001:db8::1]:8730'];
	known.rememberPath(there, here, record, now);
	const again = new KnownSources(open(t, path));
	t.like(again.path(there, '192.0.2.7:5000', now), {rate: 12_500_000, roundTrip: 100_000});
	t.is(again.path(there, '192.0.2.8:4000', now), undefined, 'this host has moved');
	t.is(again.path('[2001:db8::2]:8730', here, now), undefined);
	t.not(again.path(there, here, now + 86_400), undefined);
	t.is(again.path(there, here, now + pathLifetime), undefined);
	t.is(again.path(there, here, now - 60), undefined, 'a clock that went back');
	known.rememberPath(there, here, undefined, now);
	t.is(known.path(there, here, now), undefined);
});

test('of a path nonsense is not believed, and lines do not grow without end', t => {
	const path = place(t);
	const known = new KnownSources(open(t, path));
	const now = 1_763_000_000;
	const lies = [
		'',
		'1,2',
		'1,2,3,4',
		',least',
		`1,2,${now},least,least`,
		`-5,100000,${now}`,
		`1e9,1,${now}`,
		`0,1,${now}`,
	];
	for (const lie of [...lies, `9,NaN,${now}`, `${'9'.repeat(40)},1,${now}`, `x,y,${now}`]) {
		writeFileSync(join(path, 'known_paths'), `h:1/l ${lie}\n`, {mode: 0o600});
		t.is(known.path('h:1', 'l:1', now), undefined, lie);
	}
	const old = `old:1/l 1000000,100000,${now - pathLifetime}\n`;
	const line = (each: number) => `h${each}:1/l 1000000,100000,${now}\n`;
	const text = Array.from({length: knownPathsMax}, (_, each) => line(each)).join('');
	writeFileSync(join(path, 'known_paths'), old + text, {mode: 0o600});
	known.rememberPath('new:1', 'l:1', {rate: 1e6, roundTrip: 1e5}, now);
	t.is(known.path('h0:1', 'l:1', now), undefined, 'the oldest went');
	t.not(known.path('h1:1', 'l:1', now), undefined);
	t.not(known.path('new:1', 'l:1', now), undefined);
	const lines = readFileSync(join(path, 'known_paths'), 'utf8').trim().split('\n');
	t.is(lines.length, knownPathsMax);
});

test('a path that carries what it did of late is not written again', t => {
	const path = place(t);
	const known = new KnownSources(open(t, path));
	const now = 1_763_000_000;
	const rateAt = () => readFileSync(join(path, 'known_paths'), 'utf8').split(' ')[1];
	known.rememberPath('h:1', 'l:1', {rate: 1_000_000, roundTrip: 100_000}, now);
	known.rememberPath('h:1', 'l:1', {rate: 1_050_000, roundTrip: 101_000}, now + 3600);
	t.is(rateAt(), `1000000,100000,${now}\n`);
	known.rememberPath('h:1', 'l:1', {rate: 1_050_000, roundTrip: 101_000}, now + pathLifetime / 2);
	t.is(rateAt(), `1050000,101000,${now + pathLifetime / 2}\n`);
	known.rememberPath('h:1', 'l:1', {rate: 500_000, roundTrip: 101_000}, now + pathLifetime / 2);
	t.is(rateAt(), `500000,101000,${now + pathLifetime / 2}\n`);
});

test('of a path that was not full that is known, too', t => {
	const path = place(t);
	const known = new KnownSources(open(t, path));
	const now = 1_763_000_000;
	const [rate, roundTrip] = [1_000_000, 100_000];
	for (const isLeast of [true, false, true]) {
		known.rememberPath('h:1', 'l:1', {rate, roundTrip, isLeast}, now);
		t.like(new KnownSources(open(t, path)).path('h:1', 'l:1', now), {rate, roundTrip, isLeast});
	}
});

test('a line by hand counts, comments and nonsense do not, a slip in a key is told', t => {
	const path = place(t);
	const known = new KnownSources(open(t, path));
	const identity = crypto.signGenerate().public;
	known.rememberIdentity('h:1', identity);
	const file = join(path, 'known_sources');
	const line = readFileSync(file, 'utf8');
	writeFileSync(file, `# by hand\n\n  x\n${line.replace('h:1', 'h:3')}`);
	t.deepEqual(known.identity('h:3'), identity);
	t.is(known.identity('h:1'), undefined);
	writeFileSync(file, line.slice(0, 30));
	throwsCode(t, 'KEY_INVALID', () => known.identity('h:1'));
});

test('a write that another process has begun is neither taken nor disturbed', t => {
	const path = place(t);
	const known = new KnownSources(open(t, path));
	const identity = crypto.signGenerate().public;
	const other = {...platform.process, identity: 'host boot ns 99999999 1'};
	const elsewhere = new KnownSources(
		ConfigDirectory.open({...platform, process: other}, path, true)!,
	);
	writeFileSync(join(path, '.known_sources.host-boot-ns-99999999-1.new'), 'half');
	known.rememberIdentity('h:1', identity);
	t.deepEqual(known.identity('h:1'), identity);
	t.is(readFileSync(join(path, '.known_sources.host-boot-ns-99999999-1.new'), 'utf8'), 'half');
	elsewhere.rememberIdentity('h:2', identity);
	t.deepEqual(known.identity('h:1'), identity);
	t.deepEqual(known.identity('h:2'), identity);
});

test('a rotation that was cut short leads nowhere, and the old key counts on', t => {
	const config = open(t, place(t));
	const first = ensureKey(config, crypto, 'identity');
	const lost = crypto.signGenerate();
	const torn = `${toHex(signRotation(crypto, first, lost, 1))}\n`;
	config.write('rotations', new TextEncoder().encode(torn));
	t.deepEqual(readRotations(config, crypto, first.public), []);
	const {identity, former} = rotateKeys(config, crypto, 2);
	t.deepEqual(former, first.public);
	const {identity: third} = rotateKeys(config, crypto, 3);
	t.deepEqual(readKey(config, crypto, 'identity')?.public, third.public);
	const chain = readRotations(config, crypto, third.public).map(each => openRotation(crypto, each));
	t.deepEqual(
		chain.map(each => [each?.from, each?.to]),
		[
			[first.public, identity.public],
			[identity.public, third.public],
		],
	);
});

test('one process at a time changes the keys', t => {
	const config = open(t, place(t));
	ensureKey(config, crypto, 'identity');
	config.alone(() => throwsCode(t, 'STORE_LOCKED', () => rotateKeys(config, crypto, 1)));
	t.notThrows(() => rotateKeys(config, crypto, 1));
});
