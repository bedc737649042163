/*
 * enter NAMESPACE COMMAND...: runs a command in a network namespace, given as a path.
 *
 * The command ends with the process that started this one, also if that is killed, so nothing is
 * left behind in a namespace of the bench.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int count, char **words)
{
	if (count < 3) {
		fputs("usage: enter NAMESPACE COMMAND...\n", stderr);
		return 2;
	}
	pid_t parent = getppid();
	int namespace = open(words[1], O_RDONLY | O_CLOEXEC);
	if (namespace < 0 || setns(namespace, CLONE_NEWNET) != 0) {
		perror(words[1]);
		return 126;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) return 126;
	execvp(words[2], words + 2);
	perror(words[2]);
	return 127;
}
