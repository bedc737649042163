import test from 'ava';
import {parseConfig} from '../../../src/cli/config.ts';

const path = '/etc/mirror/shoal.toml';

test('modules, addresses and limits', t => {
	const config = parseConfig(
		`
listen = ["0.0.0.0:8730", "[::]:8730"]
state = "state"
[module.debian]
path = "/srv/debian"
comment = "The archive"
max-clients = 200
bwlimit = "2MB"
[module."a.b"]
path = "../b"
`,
		path,
	);
	t.deepEqual(config, {
		listen: ['0.0.0.0:8730', '[::]:8730'],
		modules: [
			{
				name: 'debian',
				directory: '/srv/debian',
				scan: false,
				state: '/etc/mirror/state/debian',
				comment: 'The archive',
				sessionsMax: 200,
				rateMax: 2_000_000,
			},
			{name: 'a.b', directory: '/etc/b', scan: false, state: '/etc/mirror/state/a.b'},
		],
	});
});

test('limits stand at the top, of a module, or both; 0 is no limit', t => {
	const text = `
bwlimit = 500
bwlimit-total = "10MB"
max-clients = 50
max-clients-per-address = 4
max-clients-per-key = 2
[module.a]
path = "/a"
bwlimit = 0
bwlimit-total = "1K"
`;
	const {modules, ...rest} = parseConfig(text, path);
	t.deepEqual(rest, {
		listen: [],
		rateMax: 512_000,
		rateTotalMax: 10_000_000,
		sessionsMax: 50,
		sessionsPerAddressMax: 4,
		sessionsPerKeyMax: 2,
	});
	t.like(modules[0], {rateMax: Infinity, rateTotalMax: 1024});
});

test('one address may stand alone', t => {
	t.deepEqual(parseConfig('listen = ":1"', path).listen, [':1']);
});

const faults: [string, string, number][] = [
	['an unknown key', 'listen = "a:1"\nlisen = "b:2"', 2],
	['an unknown key of a module', '[module.x]\npath = "a"\n\nmax-client = 3', 4],
	['a key under a module of quoted name', '[module."x.y"]\npath = "a"\nowner = "me"', 3],
	['no path', '\n[module.x]\ncomment = "a"', 2],
	['a path that is no text', '[module.x]\npath = 3', 2],
	['no count', '[module.x]\npath = "a"\nmax-clients = -1', 3],
	['no rate', '[module.x]\npath = "a"\nbwlimit = "fast"', 3],
	['a limit of a module that only a server has', '[module.x]\nmax-clients-per-key = 1', 2],
	['filters', '[module.x]\npath = "a"\nexclude = ["*.o"]', 3],
	['a slash in a name', '[module."a/b"]\npath = "a"', 1],
	['a module that is no table', 'module.x = 3', 1],
	['no TOML', 'listen = "a:1"\nlisten', 2],
	['an address that is none', 'listen = [3]', 1],
];
for (const [what, text, line] of faults) {
	test(`names the line of ${what}`, t => {
		const error = t.throws(() => parseConfig(text, path), {code: 'CONFIG_INVALID'});
		t.true(error?.message.startsWith(`${path}:${line}: `), error?.message);
	});
}
