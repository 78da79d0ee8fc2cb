import { handlers } from '../../lambda/quotes/routes';
import { matches, read } from '../support/documents';
import { rowsBelow } from '../support/page-tables';

const PAGES = ['docs/deploy.md', 'docs/deploy.ja.md'];

test.each(PAGES)('%s shows the answer of its request', async (file) => {
  const [request = ''] = matches(read(file), /quotes\/(\w+\?at=\d+)/g);
  const [symbol = '', at] = request.split('?at=');
  const answer = JSON.parse(matches(read(file), /^```json\n(.*?)\n```$/gms).join());
  expect(await handlers(() => Promise.reject(new Error('unused'))).quote({ symbol }, { at })).toEqual(answer);
});

test.each(PAGES)('%s has the prices of the sandbox and of the cluster in costs.md', (file) => {
  const sums = matches(read('docs/costs.md'), /^\| \*\*sum\*\* \| \*\*(\d+\.\d\d\*\* \| \*\*\d+\.\d\d)\*\* \| \|$/gm);
  const prices = sums.slice(0, 2).flatMap((pair) => pair.split('** | **'));
  expect(prices).toHaveLength(4);
  expect(prices.filter((price) => !read(file).includes(price))).toEqual([]);
});

// This test may not import the operators' commands, so it reads the text.
test.each(PAGES)('%s has every quota that preflight checks, by the name that preflight prints', (file) => {
  const rows = rowsBelow(file, /^\| (quota|クォータ) /);
  const language = file.includes('.ja.') ? 'ja' : 'en';
  const names = matches(read('ops/preflight/quotas.ts'), /what: messages\.(\w+)/g).map((key) =>
    matches(
      read('ops/preflight/messages.ts'),
      new RegExp(`\\b${key}: message\\(.*?\\b${language}: '([^']+)'`, 'gs'),
    ).join(),
  );
  expect(names.length).toBeGreaterThan(5);
  const named = rows.map(([quota = '']) => quota.toLowerCase()).join('\n');
  expect(names.filter((name) => name === '' || !named.includes(name.toLowerCase()))).toEqual([]);
  expect(rows.filter(([, by]) => !by?.startsWith('`preflight`'))).toEqual([]);
});
