import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as logs from 'aws-cdk-lib/aws-logs';
import { SavedQueries, SavedQuery } from '../../lib/constructs/saved-queries';

function synthesize(query: Partial<SavedQuery> & { readonly count?: number }) {
  const stack = new Stack(new App(), 'Test');
  const logGroups = Array.from({ length: query.count ?? 1 }, (_, index) =>
    logs.LogGroup.fromLogGroupName(stack, `Logs${index}`, `logs-${index}`),
  );
  const errors = { name: 'errors', query: { filterStatements: ['level = "ERROR"'] }, logGroups, ...query };
  const { definitions } = new SavedQueries(stack, 'Queries', { folder: 'shop/test', queries: [errors] });
  const resources = Template.fromStack(stack).findResources('AWS::Logs::QueryDefinition');
  expect(definitions).toHaveLength(Object.keys(resources).length);
  return Object.values(resources).map(({ Properties }) => Properties);
}

test('a query is saved in its folder, with its log groups', () => {
  expect(synthesize({})).toEqual([
    { Name: 'shop/test/errors', QueryString: 'filter level = "ERROR"', LogGroupNames: ['logs-0'] },
  ]);
});

test('a query without log groups is left out', () => {
  expect(synthesize({ count: 0 })).toEqual([]);
});

test.each([
  [50, [50]],
  [51, [50, 1]],
  [120, [50, 50, 20]],
])(
  'a query over %i log groups is saved in parts that each read 50 at most, and every log group once',
  (count, sizes) => {
    const saved = synthesize({ count });
    expect(saved.map(({ LogGroupNames }) => LogGroupNames.length)).toEqual(sizes);
    expect(new Set(saved.flatMap(({ LogGroupNames }) => LogGroupNames)).size).toBe(count);
    expect(saved.map(({ Name }) => Name)).toEqual(
      ['errors', 'errors-2', 'errors-3'].slice(0, sizes.length).map((name) => `shop/test/${name}`),
    );
  },
);

test('the console asks for the parameters of a query', () => {
  const query = { filterStatements: ['requestId = "{{id}}"'] };
  expect(synthesize({ query, parameters: { id: 'Request id' } })).toMatchObject([
    { Parameters: [{ Name: 'id', Description: 'Request id' }] },
  ]);
});

test('fails on a parameter that is not described, or whose name AWS refuses', () => {
  const query = { filterStatements: ['requestId = "{{id}}"'] };
  expect(() => synthesize({ query })).toThrow(
    'errors: parameters must have every parameter of the query, got none for "id"',
  );
  expect(() => synthesize({ parameters: { 'request-id': 'Id' } })).toThrow(
    'errors: a parameter must be a word, got "request-id"',
  );
});
