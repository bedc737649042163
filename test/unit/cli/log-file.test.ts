import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {LogFile, localStamp} from '../../../src/cli/log-file.ts';
import {ShoalError} from '../../../src/error.ts';
import {tempDirectory} from '../../support/temp-directory.ts';

test('lines have local time and process as those of rsync, and are appended', t => {
	const path = join(tempDirectory(t), 'log');
	writeFileSync(path, 'before\n');
	const wallMs = new Date(2026, 0, 2, 3, 4, 5).getTime();
	const log = new LogFile(path, () => wallMs);
	log.line('>f+++++++++ a');
	log.close();
	t.is(readFileSync(path, 'utf8'), `before\n2026/01/02 03:04:05 [${process.pid}] >f+++++++++ a\n`);
	t.is(localStamp(new Date(2026, 11, 31, 23, 59, 59).getTime()), '2026/12/31 23:59:59');
});

test('a log that cannot be opened ends the run before it begins', t => {
	const path = join(tempDirectory(t), 'no', 'log');
	const error = t.throws(() => new LogFile(path, () => 0), {instanceOf: ShoalError});
	t.is(error?.code, 'OPTION_INVALID');
});

test('a log that cannot be written goes on, and knows why it is not whole', t => {
	const log = new LogFile('/dev/full', () => 0);
	t.is(log.failure, undefined);
	log.line('lost');
	log.close();
	t.regex(log.failure ?? '', /ENOSPC/);
});
