/**
 * The program as one script. After `npm run build:bundle` this stands where `start.js` was: V8 need
 * not compile what it finds compiled beside it. What it finds is for one version of V8 and for one
 * text; else it is left aside, and the program is only slower to start.
 */
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';
import {Script} from 'node:vm';

/** Takes what a module would have by itself; a script with kept code can import nothing. */
type Program = (
	require: NodeJS.Require,
	resolveImport: (name: string) => string,
	importModule: (name: string) => Promise<unknown>,
) => void;

export const digestSize = 32;

const path = fileURLToPath(new URL('start.cjs', import.meta.url));
/** The digest of the text, then what V8 made of it. */
export const codePath = fileURLToPath(new URL('start.code', import.meta.url));

/** The bundler writes nothing but ASCII. */
const text = readFileSync(path, 'latin1');
export const digest = createHash('sha256').update(text, 'latin1').digest();

export const script = new Script(text, {filename: path, cachedData: readCode()});
const program = script.runInThisContext() as Program;
program(
	createRequire(import.meta.url),
	name => import.meta.resolve(name),
	name => import(name),
);

function readCode(): Buffer | undefined {
	try {
		const code = readFileSync(codePath);
		return code.subarray(0, digestSize).equals(digest) ? code.subarray(digestSize) : undefined;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
}
