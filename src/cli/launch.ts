/**
 * The first thing that runs. Without a listener, SIGUSR1 opens Node's debugger: so there is one
 * before the rest is loaded, and it stays for what `task-list.ts` adds.
 */
process.on('SIGUSR1', () => undefined);
await import('./start.ts');
