/** Writes what is made from the tables into `dist`: manual page and completions. The build does. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {shellScript, shells} from '../completion/shell.ts';
import {packageVersion} from '../version.ts';
import {manualPage} from './page.ts';

const dist = new URL('../../../', import.meta.url);

const write = (path: string, text: string) => {
	const file = new URL(path, dist);
	mkdirSync(new URL('.', file), {recursive: true});
	writeFileSync(file, text);
};

write('man/shoal.1', manualPage(packageVersion()));
for (const [shell, {file}] of Object.entries(shells)) {
	write(`completion/${file}`, shellScript(shell as keyof typeof shells));
}
