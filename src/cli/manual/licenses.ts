/**
 * A step of the build: beside the bundled program, the licences of the packages that are in it,
 * found by what the bundler says that it has taken in.
 */
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

type Bundle = {readonly inputs: Readonly<Record<string, unknown>>};

const {inputs} = JSON.parse(readFileSync(`${root}dist/bundle.json`, 'utf8')) as Bundle;
const found = Object.keys(inputs).map(path => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path));
const packages = new Set(found.flatMap(match => match?.[1] ?? []));
const texts = [...packages].sort().map(path => {
	const file = readdirSync(root + path).find(name => /^licen[cs]e(\.|$)/i.test(name));
	if (file === undefined) throw new Error(`${path} has no licence that could be passed on`);
	const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
	return `${name}\n\n${readFileSync(`${root}${path}/${file}`, 'utf8').trim()}\n`;
});
writeFileSync(`${root}dist/src/LICENSES`, texts.join(`\n${'-'.repeat(80)}\n\n`));
