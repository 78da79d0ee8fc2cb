import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as logs from 'aws-cdk-lib/aws-logs';
import { CacheInvalidationGuard, CacheInvalidationGuardProps } from '../../lib/constructs/cache-invalidation-guard';

type Methods = { path: string; httpMethod: string }[];

function synthesize(props?: Partial<CacheInvalidationGuardProps>, later: Methods = []): Template {
  const stack = new Stack(new App(), 'Test');
  const api = new apigateway.RestApi(stack, 'Api', { deployOptions: { stageName: 'v1' } });
  api.root.addMethod('GET');
  const methods: Methods = [{ path: '/quotes/{symbol}', httpMethod: 'GET' }];
  new CacheInvalidationGuard(stack, 'Guard', { stage: api.deploymentStage, methods, revision: 'one', ...props });
  methods.push(...later);
  return Template.fromStack(stack);
}

/** Text of a property, with references as `{logical id}`. */
function text(value: unknown): string {
  if (typeof value === 'string') return value;
  const { 'Fn::Join': join, Ref: ref } = value as { 'Fn::Join'?: [string, unknown[]]; Ref?: string };
  return join ? join[1].map(text).join(join[0]) : `{${ref}}`;
}

const [TYPE, POLICY] = ['Custom::CacheInvalidationGuard', 'AWS::IAM::Policy'];

function guardOf(template: Template) {
  const [guard] = Object.values(template.findResources(TYPE));
  return guard as { DependsOn: string[]; Properties: Record<string, unknown> };
}

function operations(template: Template, event: 'Create' | 'Update'): string[] {
  const call = JSON.parse(text(guardOf(template).Properties[event]));
  expect(call).toMatchObject({ service: 'APIGateway', action: 'updateStage' });
  return call.parameters.patchOperations.map(
    ({ op, path, value }: Record<string, string>) => `${op} ${path} = ${value}`,
  );
}

test.each(['Create', 'Update'] as const)(
  'refuses unauthorised invalidation of stage and methods on %s [A3]',
  (event) => {
    expect(operations(synthesize(), event)).toEqual([
      'replace /*/*/caching/requireAuthorizationForCacheControl = true',
      'replace /*/*/caching/unauthorizedCacheControlHeaderStrategy = FAIL_WITH_403',
      'replace /~1quotes~1{symbol}/GET/caching/requireAuthorizationForCacheControl = true',
      'replace /~1quotes~1{symbol}/GET/caching/unauthorizedCacheControlHeaderStrategy = FAIL_WITH_403',
    ]);
  },
);

test('guards methods that are added after it [A3]', () => {
  const template = synthesize({}, [{ path: '/history/{symbol}', httpMethod: 'GET' }]);
  expect(operations(template, 'Create')).toContain(
    'replace /~1history~1{symbol}/GET/caching/unauthorizedCacheControlHeaderStrategy = FAIL_WITH_403',
  );
});

test('runs again when the revision of the stage changes [A3]', () => {
  expect(guardOf(synthesize()).Properties['Revision']).toBe('one');
  expect(guardOf(synthesize({ revision: 'two' })).Properties['Revision']).toBe('two');
});

test('runs after the stage, and does nothing on deletion', () => {
  const guard = guardOf(synthesize());
  expect(guard.DependsOn).toContainEqual(expect.stringMatching(/^ApiDeploymentStage/));
  expect(guard.Properties['Delete']).toBeUndefined();
  expect(guard.Properties['InstallLatestAwsSdk']).toBe(false);
});

test('may change this one stage only', () => {
  const template = synthesize();
  template.resourceCountIs(POLICY, 1);
  const [policy] = Object.values(template.findResources(POLICY));
  const statements = policy?.['Properties'].PolicyDocument.Statement;
  expect(statements).toHaveLength(1);
  expect(statements[0]).toMatchObject({ Action: 'apigateway:PATCH', Effect: 'Allow' });
  expect(text(statements[0].Resource)).toMatch(
    /^arn:\{AWS::Partition\}:apigateway:\{AWS::Region\}::\/restapis\/\{Api[0-9A-F]+\}\/stages\/\{ApiDeploymentStage.*\}$/,
  );
});

test('logs to the log group that it is given, and creates none', () => {
  const shared = logs.LogGroup.fromLogGroupName(new Stack(new App(), 'Shared'), 'Logs', 'shared');
  const template = synthesize({ logGroup: shared });
  template.resourceCountIs('AWS::Logs::LogGroup', 0);
  template.hasResourceProperties('AWS::Lambda::Function', { LoggingConfig: { LogGroup: 'shared' } });
});

test('guards a stage of another stack', () => {
  const stack = new Stack(new App(), 'Test');
  const restApi = apigateway.RestApi.fromRestApiId(stack, 'Api', 'abc123');
  const stage = apigateway.Stage.fromStageAttributes(stack, 'Stage', { stageName: 'v1', restApi });
  new CacheInvalidationGuard(stack, 'Guard', { stage, methods: [], revision: 'one' });
  const [policy] = Object.values(Template.fromStack(stack).findResources(POLICY));
  expect(text(policy?.['Properties'].PolicyDocument.Statement[0].Resource)).toMatch(/\/restapis\/abc123\/stages\/v1$/);
});

test('logs to a new log group [P6]', () => {
  const template = synthesize();
  template.resourceCountIs('AWS::Logs::LogGroup', 1);
  template.hasResourceProperties('AWS::Lambda::Function', {
    LoggingConfig: { LogGroup: { Ref: Match.stringLikeRegexp('^GuardLogGroup') } },
  });
});
