/** That a thread which the system does not allow is one that ended, as others end. */
import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import test from 'ava';

const mayBecomeAnother = process.platform === 'linux' && process.getuid?.() === 0;

(mayBecomeAnother ? test : test.skip)('a thread that the system refuses ends at once', async t => {
	const entry = new URL('../../../native-free/thread.js', import.meta.url);
	const program = `
		import {threads} from ${JSON.stringify(entry)};
		process.setuid(65534);
		const exited = error => console.log(error.message);
		threads.start({message: () => undefined, exited}).post({}, []);
	`;
	// Of processes and threads: `-u` to one shell, `-p` to another.
	const shell = '{ (ulimit -u 1) 2>&- && ulimit -u 1 || ulimit -p 1; } && exec "$@"';
	const {execPath} = process;
	const options = ['-c', shell, 'sh', execPath, '--input-type=module', '-e', program];
	t.is((await promisify(execFile)('/bin/sh', options)).stdout, 'EAGAIN\n');
});
