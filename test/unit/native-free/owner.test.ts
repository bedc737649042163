import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {readOwners} from '../../../native-free/owner.ts';
import {tempDirectory} from '../../support/temp-directory.ts';
import {octets} from '../../support/tree-compliance.ts';

test('users and groups are found by number and by name, names as octets', t => {
	const directory = tempDirectory(t);
	const [passwd, group] = [join(directory, 'passwd'), join(directory, 'group')];
	const lines = [
		'# a comment:x:5:',
		'root:x:0:0:root:/root:/bin/sh',
		'toor:x:0:0:second name of a number:/root:/bin/sh',
		'ren\xe9:x:1000:1000::/nowhere:/bin/sh',
		'broken',
		'negative:x:-1:',
		':x:7:',
		'nobody:x:4294967294:65534',
		'',
	];
	writeFileSync(passwd, octets(lines.join('\n')));
	writeFileSync(group, 'root:x:0:\nwheel:x:10:root,rene\n');
	const owners = readOwners(passwd, group);
	t.deepEqual(owners.user(0), Uint8Array.from(octets('root')));
	t.deepEqual(owners.user(1000), Uint8Array.from(octets('ren\xe9')));
	t.deepEqual(owners.user(4_294_967_294), Uint8Array.from(octets('nobody')));
	t.is(owners.user(5), undefined);
	t.is(owners.user(7), undefined);
	t.is(owners.uid(octets('toor')), 0);
	t.is(owners.uid(octets('ren\xe9')), 1000);
	t.is(owners.uid(octets('wheel')), undefined);
	t.is(owners.gid(octets('wheel')), 10);
	t.deepEqual(owners.group(10), Uint8Array.from(octets('wheel')));
});

test('a system without the files knows no names', t => {
	const owners = readOwners('/nonexistent/passwd', '/nonexistent/group');
	t.is(owners.user(0), undefined);
	t.is(owners.gid(octets('root')), undefined);
});
