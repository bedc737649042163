/** The controllers that there are, by the names that people choose them with. */
import type {Controller} from './controller.ts';
import {Cubic} from './cubic.ts';
import {PathModel} from './model.ts';

export type ControllerName = 'model' | 'cubic';

/** Why one would choose another than the first: to compare, or where only CUBIC is allowed. */
export const controllers: Readonly<Record<ControllerName, () => Controller>> = {
	model: () => new PathModel(),
	cubic: () => new Cubic(),
};
