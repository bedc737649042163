/**
 * shoal as a library: what the command line does, as functions. Each run takes options and tells
 * events as it goes; a failure of the world is a ShoalError, whose `code` is stable.
 *
 * ```ts
 * import {parseSourceUrl, pull, pullDefaults} from 'shoal';
 *
 * const result = await pull({
 * 	...pullDefaults,
 * 	source: parseSourceUrl('shoal://KEY@mirror.example/debian'),
 * 	destination: '/srv/debian',
 * 	configDirectory: '/etc/shoal',
 * 	on: event => console.log(event),
 * });
 * ```
 */
export type {ControllerName} from './congestion/controllers.ts';
export type {CertificateFiles} from './driver/certificate-files.ts';
export {diffSnapshots} from './engine/diff-snapshots.ts';
export type * from './engine/event.ts';
export {list} from './engine/list.ts';
export type * from './engine/options.ts';
export {pull} from './engine/pull.ts';
export {pullDefaults} from './engine/pull-defaults.ts';
export {RateDial} from './engine/rate-dial.ts';
export {serve} from './engine/serve.ts';
export {takeSnapshot} from './engine/take-snapshot.ts';
export type {WebTransportOptions} from './engine/webtransport-port.ts';
export {
	type ErrorCode,
	type ErrorKind,
	type ErrorRow,
	errorTable,
	ShoalError,
} from './error.ts';
export {escapePath} from './escape.ts';
export type {LinkName} from './link-name.ts';
export type {
	AlternateKind,
	AlternateOptions,
	CompressOptions,
	TreesOptions,
} from './receiver/update-types.ts';
export type {
	TaskFigures,
	TaskProgress,
	TaskState,
	TaskView,
	TaskWatch,
} from './scheduler/active-task.ts';
export type {JobSpan} from './scheduler/job-span.ts';
export {type LaneView, Scheduler, type SchedulerWatch} from './scheduler/scheduler.ts';
export type {WebTransportPlace} from './session/answer.ts';
export {formatSourceUrl, parseSourceUrl, type SourceUrl} from './session/source-url.ts';
export type {FilterRoots} from './snapshot/filter.ts';
export {
	type FilterArgument,
	type FilterParseOptions,
	parseFilterRules,
} from './snapshot/filter-parse.ts';
export type {FilterRule} from './snapshot/filter-rule.ts';
export {type ListedName, parseNames} from './snapshot/name-list.ts';
export type {RsyncCharset} from './snapshot/rsync-line.ts';
export type {AdmissionLimits} from './source/admission.ts';
export type {ModuleLimits} from './source/module.ts';
export type {Micros} from './unit.ts';
