import { readFileSync } from 'node:fs';

test('the decision on the local endpoint lists every capability that the endpoint does not model', () => {
  const source = readFileSync('lab/tour/capabilities.ts', 'utf8');
  const capabilities = Array.from(source.matchAll(/: '([^']+)',$/gm), ([, name]) => name);
  expect(capabilities.length).toBeGreaterThan(3);
  const decision = readFileSync('docs/decisions/0007-one-cli-for-aws-and-a-local-endpoint.md', 'utf8');
  expect(capabilities.filter((capability) => !decision.includes(`| ${capability} |`))).toEqual([]);
});
