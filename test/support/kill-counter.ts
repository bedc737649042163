/**
 * A library that is loaded before libc's own (ld.so(8), LD_PRELOAD) and counts the calls by which
 * libc asks the kernel for anything about files. Before the N-th one after BEGIN is looked for with
 * access(2), it kills the process: what the kernel was told until then is all that happened.
 */
import {spawnSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';

/** What a process looks for where counting begins and ends. */
export const beginMark = '/shoal-kill-counter/begin';
export const endMark = '/shoal-kill-counter/end';

/** Calls that change something, and calls that only look: arguments by their C types. */
const changing: readonly (readonly [type: string, name: string, ...words: string[]])[] = [
	['int', 'rename', 'const char*', 'const char*'],
	['int', 'link', 'const char*', 'const char*'],
	['int', 'symlink', 'const char*', 'const char*'],
	['int', 'unlink', 'const char*'],
	['int', 'mkdir', 'const char*', 'mode_t'],
	['int', 'rmdir', 'const char*'],
	['int', 'chmod', 'const char*', 'mode_t'],
	['int', 'fchmod', 'int', 'mode_t'],
	['int', 'chown', 'const char*', 'uid_t', 'gid_t'],
	['int', 'fchown', 'int', 'uid_t', 'gid_t'],
	['int', 'lchown', 'const char*', 'uid_t', 'gid_t'],
	['int', 'utimensat', 'int', 'const char*', 'const struct timespec*', 'int'],
	['int', 'futimens', 'int', 'const struct timespec*'],
	['int', 'ftruncate', 'int', 'off_t'],
	['int', 'ftruncate64', 'int', 'off64_t'],
	['ssize_t', 'pwrite', 'int', 'const void*', 'size_t', 'off_t'],
	['ssize_t', 'pwrite64', 'int', 'const void*', 'size_t', 'off64_t'],
	['int', 'fsync', 'int'],
	['int', 'fdatasync', 'int'],
	['ssize_t', 'copy_file_range', 'int', 'off64_t*', 'int', 'off64_t*', 'size_t', 'unsigned'],
	['ssize_t', 'sendfile', 'int', 'int', 'off_t*', 'size_t'],
	['ssize_t', 'sendfile64', 'int', 'int', 'off64_t*', 'size_t'],
];
const looking: typeof changing = [
	['ssize_t', 'pread', 'int', 'void*', 'size_t', 'off_t'],
	['ssize_t', 'pread64', 'int', 'void*', 'size_t', 'off64_t'],
	['int', 'close', 'int'],
	['int', 'stat', 'const char*', 'struct stat*'],
	['int', 'lstat', 'const char*', 'struct stat*'],
	['int', 'fstat', 'int', 'struct stat*'],
	['int', 'statx', 'int', 'const char*', 'int', 'unsigned', 'struct statx*'],
	['int', 'statfs', 'const char*', 'struct statfs*'],
	['ssize_t', 'readlink', 'const char*', 'char*', 'size_t'],
	[
		'int',
		'scandir',
		'const char*',
		'struct dirent***',
		'int (*)(const struct dirent*)',
		'int (*)(const struct dirent**, const struct dirent**)',
	],
];

/** Which calls count. */
export type Counted = 'changing' | 'all';

function wrapper([type, name, ...words]: (typeof changing)[number], isChange: boolean): string {
	const declared = words.map((word, index) =>
		word.includes('(*)') ? word.replace('(*)', `(*a${index})`) : `${word} a${index}`,
	);
	const passed = words.map((_, index) => `a${index}`).join(', ');
	return `${type} ${name}(${declared.join(', ')}) {
	static ${type} (*real)(${words.join(', ')});
	if (!real) real = dlsym(RTLD_NEXT, "${name}");
	pass(${isChange ? 1 : 0});
	return real(${passed});
}`;
}

/** What libuv asks the kernel for without libc's own function: statx(2), close(2) and the like. */
const direct = `long syscall(long number, ...) {
	static long (*real)(long, ...);
	if (!real) real = dlsym(RTLD_NEXT, "syscall");
	va_list more;
	va_start(more, number);
	long a[6];
	for (int index = 0; index < 6; index++) a[index] = va_arg(more, long);
	va_end(more);
	pass(0);
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}`;

/** open(2) changes something only where it creates. */
const opening = ['open', 'open64']
	.map(
		name => `int ${name}(const char* path, int flags, ...) {
	static int (*real)(const char*, int, mode_t);
	if (!real) real = dlsym(RTLD_NEXT, "${name}");
	va_list more;
	va_start(more, flags);
	mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
	va_end(more);
	pass((flags & O_CREAT) != 0);
	return real(path, flags, mode);
}`,
	)
	.join('\n');

const program = `#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static atomic_int counting;
static atomic_long count;
static long last;
static int all;

static void pass(int changes) {
	if (!atomic_load(&counting) || !(changes || all)) return;
	if (atomic_fetch_add(&count, 1) + 1 != last) return;
	kill(getpid(), SIGKILL);
	for (;;) pause();
}

int access(const char* path, int mode) {
	static int (*real)(const char*, int);
	if (!real) real = dlsym(RTLD_NEXT, "access");
	if (strcmp(path, "${beginMark}") == 0) {
		last = atol(getenv("KILL_AT"));
		all = strcmp(getenv("KILL_COUNTS"), "all") == 0;
		atomic_store(&counting, 1);
	} else if (strcmp(path, "${endMark}") == 0 && atomic_exchange(&counting, 0)) {
		dprintf(2, "calls %ld\\n", atomic_load(&count));
	}
	return real(path, mode);
}
${opening}
${direct}
${changing.map(call => wrapper(call, true)).join('\n')}
${looking.map(call => wrapper(call, false)).join('\n')}
`;

/** Path of the library; undefined where there is no compiler, or no libc that it fits. */
export function compileCounter(directory: string): string | undefined {
	const source = join(directory, 'kill-counter.c');
	const library = join(directory, 'kill-counter.so');
	writeFileSync(source, program);
	const words = ['-shared', '-fPIC', '-O1', '-w', '-o', library, source, '-ldl'];
	return spawnSync('gcc', words).status === 0 ? library : undefined;
}

/** Environment of a process that dies before its `last`-th call. */
export function dyingAt(library: string, last: number, counted: Counted): NodeJS.ProcessEnv {
	return {
		...process.env,
		LD_PRELOAD: library,
		KILL_AT: String(last),
		KILL_COUNTS: counted,
		UV_USE_IO_URING: '0',
	};
}
