import {procAnchor} from '../../../native-free/anchor.ts';
import {checkedAnchor} from '../../../native-free/anchor-checked.ts';
import {openTree} from '../../../native-free/tree.ts';
import {treeCompliance} from '../../support/tree-compliance.ts';

const proc = procAnchor();
if (proc !== undefined) treeCompliance('by descriptor', () => openTree(proc));
treeCompliance('by checked path', () => openTree(checkedAnchor()));
