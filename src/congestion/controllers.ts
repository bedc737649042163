/** The controllers that there are, by the names that people choose them with. */
import type {Controller} from './controller.ts';
import {Cubic} from './cubic.ts';
import {PathModel} from './model.ts';
import type {PathRecord} from './resume.ts';

export type ControllerName = 'model' | 'cubic';

/** `saved`: what the path carried the last time, if it is remembered. */
export type MakeController = (saved?: PathRecord) => Controller;

/** Why one would choose another than the first: to compare, or where only CUBIC is allowed. */
export const controllers: Readonly<Record<ControllerName, MakeController>> = {
	model: saved => new PathModel(saved),
	cubic: () => new Cubic(),
};
