import { App, AspectPriority, Aspects, CfnCondition, CfnResource, Fn, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { environmentOf } from '../../../lib/context';
import { fixtures } from '../../../test/support/fixture';
import { resourcesOf, stageOf, templatesOf } from '../../../test/support/stage';
import { localOf } from '../../kit/local-environment';
import { useEndpoint } from '../../local/endpoint-addresses';
import { StandIns, standIns } from '../../local/stand-ins';

const HANDLE = 'AWS::CloudFormation::WaitConditionHandle';

function synthesize(build: (stack: Stack) => void): Template {
  const stack = new Stack(new App(), 'Stack');
  build(stack);
  Aspects.of(stack).add(new StandIns(), { priority: AspectPriority.READONLY });
  return Template.fromStack(stack);
}

test.each(standIns.filter(({ only }) => only === undefined))(
  'replaces $type and names the type in the metadata',
  ({ type }) => {
    const template = synthesize((stack) => new CfnResource(stack, 'Refused', { type, properties: { Name: 'x' } }));
    template.hasResource(HANDLE, { Properties: Match.absent(), Metadata: { 'kumiki:stand-in-for': type } });
    template.resourceCountIs(type, 0);
  },
);

test('keeps references, dependencies and conditions of a replaced resource', () => {
  const template = synthesize((stack) => {
    const refused = new CfnResource(stack, 'Refused', { type: 'AWS::EC2::NatGateway' });
    refused.cfnOptions.condition = new CfnCondition(stack, 'Condition', { expression: Fn.conditionEquals('a', 'a') });
    const first = new CfnResource(stack, 'First', { type: 'AWS::EC2::VPC' });
    refused.addResourceDependency(first);
    new CfnResource(stack, 'Route', { type: 'AWS::EC2::Route', properties: { NatGatewayId: refused.ref } });
  });
  template.hasResource(HANDLE, { Condition: 'Condition', DependsOn: ['First'] });
  template.hasResourceProperties('AWS::EC2::Route', { NatGatewayId: { Ref: 'Refused' } });
});

test('replaces an alarm on metric math and leaves an alarm on a metric', () => {
  const metric = new cloudwatch.Metric({ namespace: 'AWS/Lambda', metricName: 'Errors' });
  const template = synthesize((stack) => {
    const common = { threshold: 1, evaluationPeriods: 1 };
    new cloudwatch.Alarm(stack, 'Plain', { ...common, metric });
    const math = new cloudwatch.MathExpression({ expression: '100 * errors', usingMetrics: { errors: metric } });
    new cloudwatch.Alarm(stack, 'Math', { ...common, metric: math });
  });
  template.resourceCountIs('AWS::CloudWatch::Alarm', 1);
  template.resourceCountIs(HANDLE, 1);
});

test('gives launch templates an image, because the endpoint has none', () => {
  const template = synthesize((stack) => {
    const image = ec2.MachineImage.latestAmazonLinux2023();
    new ec2.LaunchTemplate(stack, 'LaunchTemplate', { machineImage: image });
  });
  const [parameter] = Object.values(template.toJSON().Parameters);
  expect(parameter).toEqual({ Type: 'String', Default: expect.stringMatching(/^ami-0+$/) });
});

test('lists each type once', () => {
  expect(new Set(standIns.map(({ type }) => type)).size).toBe(standIns.length);
});

test('no template of the environment local reads an attribute of a stand-in, which has none', () => {
  const stage = stageOf(environmentOf({ capacity: 'both' }, { local: localOf(fixtures.trial) }));
  useEndpoint(stage, 'http://127.0.0.1:4566');
  Aspects.of(stage).add(new StandIns(), { priority: AspectPriority.READONLY });
  const templates = templatesOf(stage);
  const replaced = resourcesOf(templates).filter(([, , { Type }]) => Type === HANDLE);
  expect(replaced.length).toBeGreaterThan(0);
  for (const [stack, id] of replaced) {
    const text = JSON.stringify(templates[stack]?.toJSON());
    expect(text).not.toContain(`"Fn::GetAtt":["${id}"`);
    expect(text).not.toContain(`\${${id}.`);
  }
});
