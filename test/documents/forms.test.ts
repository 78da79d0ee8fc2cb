import { readdirSync } from 'node:fs';
import { parse } from 'yaml';
import { matches, read } from '../support/documents';

const FOLDER = '.github/ISSUE_TEMPLATE';
const forms = readdirSync(FOLDER).filter((file) => file !== 'config.yml');

interface Field {
  readonly type: string;
  readonly id?: string;
  readonly attributes: { readonly label?: string; readonly value?: string; readonly options?: readonly string[] };
  readonly validations?: { readonly required: boolean };
}

interface Form {
  readonly name: string;
  readonly description: string;
  readonly body: readonly Field[];
}

// https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema
test.each(forms)('GitHub accepts the issue form %s', (file) => {
  const form: Form = parse(read(`${FOLDER}/${file}`));
  expect(Object.keys(form).toSorted()).toEqual(['body', 'description', 'labels', 'name']);
  const fields = form.body.filter(({ type }) => type !== 'markdown');
  expect(fields.length).toBeGreaterThan(0);
  expect(fields.filter(({ type }) => !['input', 'textarea', 'dropdown', 'checkboxes'].includes(type))).toEqual([]);
  expect(fields.filter(({ id }) => !/^[\w-]+$/.test(id ?? ''))).toEqual([]);
  for (const unique of [fields.map(({ id }) => id), fields.map(({ attributes }) => attributes.label)]) {
    expect(new Set(unique).size).toBe(fields.length);
  }
  const dropdowns = fields.filter(({ type }) => type === 'dropdown').map(({ attributes }) => attributes.options ?? []);
  expect(dropdowns.filter((options) => options.length < 2 || new Set(options).size < options.length)).toEqual([]);
});

test.each([...forms.map((file) => `${FOLDER}/${file}`), '.github/pull_request_template.md'])(
  '%s names only scripts of package.json',
  (file) => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = matches(read(file), /npm (?:run (?:-s )?)?(start|test|[a-z]+)\b/g);
    expect(named.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
  },
);
