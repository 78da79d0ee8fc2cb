import { synthesized } from '../support/stage';
import { variants } from '../support/variants';

/**
 * The functions that may hold `Fn::GetStackOutput`, by themselves or within each other: those in which CloudFormation
 * was seen to take one, by the authors of AWS's own linter who created stacks with it. AWS's page on the function has no
 * such list, and that of Fn::Split, which has one, does not name it.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
 * @see https://github.com/aws-cloudformation/cfn-lint/pull/4495 (properties, Join, If, Select)
 * @see https://github.com/aws-cloudformation/cfn-lint/pull/4519 (Sub, Base64, values of outputs; never conditions, exports)
 */
const MAY_HOLD = ['Fn::Join', 'Fn::If', 'Fn::Select', 'Fn::Sub', 'Fn::Base64'];

/** The parts of a template that may, by the same pull requests. */
const PLACES = [/^Resources\.[^.]+\.Properties\./, /^Outputs\.[^.]+\.Value\b/];

interface Use {
  readonly where: string;
  readonly functions: readonly string[];
}

/** Each `Fn::GetStackOutput` of a template: its path, and the functions around it. */
function usesOf(node: unknown, path: readonly string[] = []): Use[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === 'Fn::GetStackOutput'
      ? [{ where: path.join('.'), functions: path.filter((part) => /^(Fn::|Ref$|Condition$)/.test(part)) }]
      : usesOf(value, [...path, key]),
  );
}

const strangers = (template: unknown) =>
  usesOf(template).filter(
    ({ where, functions }) =>
      !PLACES.some((place) => place.test(where)) || functions.some((name) => !MAY_HOLD.includes(name)),
  );

test.each(Object.entries(variants()))(
  '%s: what crosses stacks is used where CloudFormation takes it, never in Fn::Split [P4]',
  (_, config) => {
    const templates = Object.values(synthesized(config)).map((template) => template.toJSON());
    expect(templates.flatMap((template) => usesOf(template)).length).toBeGreaterThan(10);
    expect(templates.flatMap(strangers)).toEqual([]);
  },
);

const CROSSING = { 'Fn::GetStackOutput': { StackName: 'Registry', OutputName: 'Arn' } };

test.each<[string, object]>([
  ['a list made of it', { 'Fn::Split': [':', CROSSING] }],
  ['a list made of a text with it', { 'Fn::Select': [0, { 'Fn::Split': [':', { 'Fn::Join': ['', [CROSSING]] }] }] }],
  ['an export to be imported by it', { 'Fn::ImportValue': CROSSING }],
])('refuses %s', (_, value) => {
  expect(strangers({ Resources: { Task: { Properties: { Image: value } } } })).toHaveLength(1);
});

test('refuses it outside of properties and outputs', () => {
  expect(strangers({ Conditions: { There: { 'Fn::Equals': [CROSSING, ''] } } })).toHaveLength(1);
  expect(strangers({ Resources: { Task: { Metadata: { Image: CROSSING } } } })).toHaveLength(1);
  expect(strangers({ Outputs: { Image: { Value: 'x', Export: { Name: CROSSING } } } })).toHaveLength(1);
});
