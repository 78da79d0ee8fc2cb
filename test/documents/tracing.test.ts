import { LOG_QUERIES } from '../../lib/log-queries';
import { matches, read } from '../support/documents';

test.each(['docs/tracing.md', 'docs/tracing.ja.md'])('%s has a row for each saved query, in their order', (file) => {
  const [table = ''] = matches(read(file), /^(?:\| (?:query|クエリ) \|.*\n)((?:\|.*\n)+)/gm);
  expect(matches(table, /^\| `([\w-]+)` \|/gm)).toEqual(Object.keys(LOG_QUERIES));
});
