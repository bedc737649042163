/**
 * The last step of the build: pulls a small tree with the bundled program, in this process, and
 * keeps what V8 has compiled for that (`bundled.ts`). Where nothing can be pulled, as in a sandbox
 * without a loopback, nothing is kept.
 */
import {copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {serve} from '../../engine/serve.ts';

const cli = fileURLToPath(new URL('../', import.meta.url));
const base = mkdtempSync(join(tmpdir(), 'shoal-build-'));
const tree = join(base, 'tree');
const configDirectory = join(base, 'config');
process.on('exit', () => rmSync(base, {recursive: true, force: true}));

// What stays outside of the bundle is imported by a function that it is given.
const bundle = join(cli, 'start.cjs');
const text = readFileSync(bundle, 'latin1');
writeFileSync(bundle, text.replaceAll(/\bimport\("/g, 'importModule("'), 'latin1');
copyFileSync(join(cli, 'bundled.js'), join(cli, 'start.js'));
rmSync(join(cli, 'start.code'), {force: true});

// A file of several leaves, some small ones, a directory.
mkdirSync(join(tree, 'directory'), {recursive: true});
writeFileSync(join(tree, 'large'), Buffer.alloc(1 << 20, 'shoal'));
for (let file = 0; file < 40; file++) {
	writeFileSync(join(tree, 'directory', `small-${file}`), `${file}`.repeat(100));
}
const modules = [{name: '', directory: tree, scan: true}];
const server = await serve({configDirectory, modules, listen: ['127.0.0.1:0'], threads: 0});

process.env['XDG_CONFIG_HOME'] = join(base, 'home');
const words = ['shoal', 'pull', server.urls[0]!, join(base, 'mirror'), '--quiet'];
process.argv.splice(1, Infinity, ...words, '--contimeout', '5');
// It ends the process when it is through, whoever serves on.
const {codePath, keptCode, script} = await import('../bundled.ts');
process.on('exit', exit => {
	process.exitCode = 0;
	if (exit === 0) writeFileSync(codePath, keptCode(script.createCachedData()));
	else process.stderr.write('the bundled program pulls nothing here: no code is kept\n');
});
