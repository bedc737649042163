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

const digestSize = 32;

const path = fileURLToPath(new URL('start.cjs', import.meta.url));
/** A digest of the text and of what V8 made of it, then the latter. */
export const codePath = fileURLToPath(new URL('start.code', import.meta.url));

/** The bundler writes nothing but ASCII. */
const text = readFileSync(path, 'latin1');

export const script = new Script(text, {filename: path, cachedData: readCode()});
const program = script.runInThisContext() as Program;
program(
	createRequire(import.meta.url),
	name => import.meta.resolve(name),
	name => import(name),
);

/** What is kept of `code`. */
export function keptCode(code: Buffer): Buffer {
	return Buffer.concat([digestOf(code), code]);
}

/** Damaged code is left aside here, since V8 would run it: Node 20 looks at its length alone. */
function readCode(): Buffer | undefined {
	try {
		const kept = readFileSync(codePath);
		const code = kept.subarray(digestSize);
		return kept.subarray(0, digestSize).equals(digestOf(code)) ? code : undefined;
	} catch (error) {
		// Whatever keeps it from being read.
		if ((error as NodeJS.ErrnoException).code !== undefined) return undefined;
		throw error;
	}
}

function digestOf(code: Buffer): Buffer {
	return createHash('sha256').update(text, 'latin1').update(code).digest();
}
