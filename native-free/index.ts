/** The floor: every effect by Node's own built-ins. Nothing here loads a native addon. */
export {clock} from './clock.ts';
export {sha256} from './digest.ts';
export {random} from './random.ts';
export {threads} from './thread.ts';
export {openTree} from './tree.ts';
