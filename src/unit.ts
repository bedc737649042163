/**
 * Units as types: a number that carries one cannot be passed where another is meant.
 * The makers check once; arithmetic on the result is plain arithmetic.
 */
import {AssertionError} from './assert.ts';

declare const unit: unique symbol;
type Unit<Name extends string> = number & {readonly [unit]: Name};

/** Microseconds on a monotonic clock, a safe integer >= 0. */
export type Micros = Unit<'Micros'>;

/** A whole number of microseconds. */
export const micros = (value: number): Micros => whole(value) as Micros;

/** A whole number of microseconds from milliseconds. */
export const millis = (value: number): Micros => micros(Math.round(value * 1000));

/** `delay` microseconds (rounded up) after `at`. */
export const later = (at: Micros, delay: number): Micros => micros(at + Math.ceil(delay));

/** The instant that never comes: what `pollTimeout` answers when nothing is due. */
export const never = Number.MAX_SAFE_INTEGER as Micros;

/** The earlier of two instants. */
export const earlier = (a: Micros, b: Micros): Micros => (a < b ? a : b);

function whole(value: number): number {
	if (Number.isSafeInteger(value) && value >= 0) return value;
	throw new AssertionError(`not a whole number >= 0: ${value}`);
}
