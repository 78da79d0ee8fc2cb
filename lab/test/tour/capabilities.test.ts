import { readFileSync } from 'node:fs';
import { RECORDS_OF_MINISTACK } from '../../tour/capabilities';

test('the decision on the local endpoint lists every capability that the endpoint does not model', () => {
  const behaviours = Object.values(RECORDS_OF_MINISTACK).map(({ en }) => en);
  const decision = readFileSync('docs/decisions/0007-one-cli-for-aws-and-a-local-endpoint.md', 'utf8');
  expect(behaviours.filter((behaviour) => !decision.includes(`| ${behaviour} |`))).toEqual([]);
});
