import { synthesized } from '../support/stage';
import { variants } from '../support/variants';

/**
 * The functions that may contain `Fn::GetStackOutput`, directly or nested. The authors of AWS's own linter created stacks
 * with these functions, and CloudFormation accepted them. AWS's page on `Fn::GetStackOutput` has no such list. AWS's page on
 * `Fn::Split` has a list of functions, without `Fn::GetStackOutput`.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
 * @see https://github.com/aws-cloudformation/cfn-lint/pull/4495 (properties, Join, If, Select)
 * @see https://github.com/aws-cloudformation/cfn-lint/pull/4519 (Sub, Base64, values of outputs; never conditions, exports)
 */
const ALLOWED_FUNCTIONS = ['Fn::Join', 'Fn::If', 'Fn::Select', 'Fn::Sub', 'Fn::Base64'];

/** The parts of a template that may contain `Fn::GetStackOutput`, by the same pull requests. */
const ALLOWED_PATHS = [/^Resources\.[^.]+\.Properties\./, /^Outputs\.[^.]+\.Value\b/];

interface Use {
  readonly path: string;
  readonly functions: readonly string[];
}

/** Each `Fn::GetStackOutput` of a template: its path, and the functions that contain it. */
function usesOf(node: unknown, path: readonly string[] = []): Use[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === 'Fn::GetStackOutput'
      ? [{ path: path.join('.'), functions: path.filter((part) => /^(Fn::|Ref$|Condition$)/.test(part)) }]
      : usesOf(value, [...path, key]),
  );
}

const refusedUses = (template: unknown) =>
  usesOf(template).filter(
    ({ path, functions }) =>
      !ALLOWED_PATHS.some((allowed) => allowed.test(path)) ||
      functions.some((name) => !ALLOWED_FUNCTIONS.includes(name)),
  );

test.each(Object.entries(variants()))(
  '%s: references to other stacks are only where CloudFormation accepts them, and never in Fn::Split [P4]',
  (_, config) => {
    const templates = Object.values(synthesized(config)).map((template) => template.toJSON());
    expect(templates.flatMap((template) => usesOf(template)).length).toBeGreaterThan(10);
    expect(templates.flatMap(refusedUses)).toEqual([]);
  },
);

const REFERENCE = { 'Fn::GetStackOutput': { StackName: 'Registry', OutputName: 'Arn' } };

test.each<[string, object]>([
  ['a list that is split from a reference', { 'Fn::Split': [':', REFERENCE] }],
  [
    'a list that is split from a text with a reference',
    { 'Fn::Select': [0, { 'Fn::Split': [':', { 'Fn::Join': ['', [REFERENCE]] }] }] },
  ],
  ['an import whose name is a reference', { 'Fn::ImportValue': REFERENCE }],
])('refuses %s', (_, value) => {
  expect(refusedUses({ Resources: { Task: { Properties: { Image: value } } } })).toHaveLength(1);
});

test('refuses a reference outside of properties and outputs', () => {
  expect(refusedUses({ Conditions: { Exists: { 'Fn::Equals': [REFERENCE, ''] } } })).toHaveLength(1);
  expect(refusedUses({ Resources: { Task: { Metadata: { Image: REFERENCE } } } })).toHaveLength(1);
  expect(refusedUses({ Outputs: { Image: { Value: 'x', Export: { Name: REFERENCE } } } })).toHaveLength(1);
});
