import test from 'ava';
import {itemize, nameChange} from '../../../src/cli/itemize.ts';
import type {Change} from '../../../src/engine/event.ts';

const file: Change = {change: 'changed', path: 'a/b', type: 'file', differs: []};

test('lines are those of rsync -i', t => {
	const cases: [Partial<Change>, string][] = [
		[{change: 'new'}, '>f+++++++++ a/b'],
		[{change: 'new', type: 'directory'}, 'cd+++++++++ a/b/'],
		[{change: 'new', type: 'symlink', target: '../c'}, 'cL+++++++++ a/b -> ../c'],
		[{change: 'new', linkTo: 'a/a'}, 'hf+++++++++ a/b => a/a'],
		[{differs: ['size', 'time']}, '>f.st...... a/b'],
		[{differs: ['content', 'mode']}, '>f...p..... a/b'],
		[{differs: ['type', 'content']}, '>f+++++++++ a/b'],
		[{type: 'symlink', differs: ['content', 'time'], target: 'c'}, 'cLc.t...... a/b -> c'],
		[{linkTo: 'a/a', differs: []}, 'hf          a/b => a/a'],
		[{linkTo: 'a/a', differs: ['size', 'time', 'mode']}, 'hf.stp..... a/b => a/a'],
		[{change: 'metadata', differs: ['time', 'owner', 'group']}, '.f..t.og... a/b'],
		[{change: 'metadata', type: 'directory', differs: ['mode']}, '.d...p..... a/b/'],
		[{change: 'new', type: 'directory', path: ''}, 'cd+++++++++ ./'],
		[{change: 'deleted'}, '*deleting   a/b'],
		[{change: 'deleted', type: 'directory'}, '*deleting   a/b/'],
	];
	for (const [change, line] of cases) t.is(itemize({...file, ...change}), line);
	t.is(itemize({...file, differs: ['content', 'size']}, true), '>fcs....... a/b', 'with -c');
});

test('-v gives the name alone', t => {
	t.is(nameChange(file), 'a/b');
	t.is(nameChange({...file, change: 'deleted'}), 'deleting a/b');
	t.is(nameChange({...file, type: 'symlink', target: 'x'}), 'a/b -> x');
});
