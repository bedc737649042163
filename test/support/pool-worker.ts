/** A worker thread with the tasks of `pool-tasks.ts` in place of the program's. */
import platform from '#platform';
import {serveJobs} from '../../src/pool/serve-jobs.ts';
import {poolTasks} from './pool-tasks.ts';

serveJobs(platform, poolTasks);
