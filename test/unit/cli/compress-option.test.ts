import test from 'ava';
import {readCompress, skipsOf} from '../../../src/cli/compress-option.ts';
import {formOf} from '../../../src/wire/compressed.ts';

const skips = (list: string | undefined, path: string) => {
	const read = list === undefined ? readCompress({compress: 1})!.skips : skipsOf(list);
	return read(new TextEncoder().encode(path));
};

test('suffixes are read as rsync reads them', t => {
	t.true(skips('gz/mp[34]/7z', 'a/b.gz'));
	t.true(skips('gz/mp[34]/7z', 'a/b.tar.GZ'));
	t.true(skips('gz/mp[34]/7z', 'b.mp3') && skips('gz/mp[34]/7z', 'b.mp4'));
	t.false(skips('gz/mp[34]/7z', 'b.mp5') || skips('gz/mp[34]/7z', 'agz'));
	t.false(skips('*', 'a.b') || skips('', 'a.gz'));
	t.true(skips('ü', 'a.ü') && skips('[üx]', 'a.x'));
	t.true(skips(undefined, 'x.jpeg') && skips(undefined, 'x.zst'));
	t.false(skips(undefined, 'x.ts') || skips(undefined, 'x.txt'));
});

test('choice and level imply -z, and 0, none and --no-compress take it back', t => {
	t.is(readCompress({}), undefined);
	t.is(readCompress({compress: 1, noCompress: 1}), undefined);
	t.is(readCompress({compress: 1, compressChoice: 'none'}), undefined);
	t.is(readCompress({zl: 0}), undefined);
	t.deepEqual(readCompress({compress: 1})!.forms, [formOf('brotli'), formOf('deflate')]);
	t.deepEqual(readCompress({zc: 'zlibx'})!.forms, [formOf('deflate')]);
	t.deepEqual(readCompress({compressLevel: 1})!.forms, [formOf('brotli', 1), formOf('deflate', 1)]);
});
