/**
 * What `#platform` means where native addons may be loaded: the floor, with what an addon raises
 * put above it. No addon raises anything yet.
 */
export {default} from '../../native-free/index.ts';
