import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { anchorOf, anchorsOf, matches, read } from '../../../test/support/documents';

const FOLDER = 'lab/kubernetes-load';
const sources = readdirSync(FOLDER).map((file) => read(join(FOLDER, file)));
const named = sources.flatMap((source) => matches(source, /("[^"\n]+" in docs\/[\w-]+\.md)/g));

test('messages name a section of the runbook', () => {
  expect(new Set(named)).toEqual(
    new Set(
      ['Pods Pending', 'Nodes do not shrink', 'HPA unknown metrics'].map(
        (section) => `"${section}" in docs/kubernetes-operations.md`,
      ),
    ),
  );
});

test.each([...new Set(named)])('the section %s exists', (section) => {
  const [heading = ''] = matches(section, /"(.+)"/g);
  const [page = ''] = matches(section, / in (.+)$/g);
  expect(anchorsOf(page)).toContain(anchorOf(heading));
});
