/** What a worker thread of the program runs, named `#worker`. */
import platform from '#platform';
import {taskTable} from '../task/table.ts';
import {serveJobs} from './serve-jobs.ts';

serveJobs(platform, taskTable);
