import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { ContainerCluster, ContainerClusterProps } from '../../lib/constructs/container-cluster';

function create(props: Partial<ContainerClusterProps> = {}) {
  const stack = new Stack(new App(), 'Stack');
  const vpc = new ec2.Vpc(stack, 'Vpc', { natGateways: 0 });
  return { stack, cluster: new ContainerCluster(stack, 'Shared', { vpc, ...props }) };
}

function synthesize(props?: Partial<ContainerClusterProps>): Template {
  return Template.fromStack(create(props).stack);
}

function clusterOf(template: Template) {
  const [cluster] = Object.values(template.findResources('AWS::ECS::Cluster'));
  return cluster;
}

/** Template for most tests, synthesized once. */
const byDefault = synthesize();

test('leaves no log group of Container Insights behind: it is created before the cluster and deleted after it [P6]', () => {
  const cluster = clusterOf(byDefault);
  expect(cluster?.Properties.ClusterSettings).toEqual([{ Name: 'containerInsights', Value: 'enhanced' }]);
  const performance = byDefault.findResources('AWS::Logs::LogGroup')[cluster?.DependsOn?.[0]];
  const clusterName = cluster?.Properties.ClusterName;
  expect(performance).toMatchObject({
    DeletionPolicy: 'Delete',
    Properties: {
      RetentionInDays: 1,
      LogGroupName: { 'Fn::Join': ['', ['/aws/ecs/containerinsights/', clusterName, '/performance']] },
    },
  });
});

test('has another name each time the stack is created, because a late event creates the deleted log group again', () => {
  expect(JSON.stringify(clusterOf(byDefault)?.Properties.ClusterName)).toContain('{"Ref":"AWS::StackId"}');
});

test('creates no log group without Container Insights, and the same cluster', () => {
  const off = synthesize({ containerInsights: ecs.ContainerInsights.DISABLED });
  expect(clusterOf(off)?.Properties).toEqual({
    ...clusterOf(byDefault)?.Properties,
    ClusterSettings: [{ Name: 'containerInsights', Value: 'disabled' }],
  });
  off.resourceCountIs('AWS::Logs::LogGroup', 0);
});

describe('Fargate Spot', () => {
  test('is absent by default', () => {
    byDefault.resourceCountIs('AWS::ECS::ClusterCapacityProviderAssociations', 0);
    expect(create().cluster.capacityProviders).toBeUndefined();
  });

  test('associates its providers before resources that depend on the cluster are created, until these are deleted', () => {
    const { stack, cluster } = create({ fargateSpot: true });
    new CfnResource(stack, 'Service', { type: 'Test::Service' }).node.addDependency(cluster.cluster);
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ECS::ClusterCapacityProviderAssociations', {
      Cluster: { Ref: Object.keys(template.findResources('AWS::ECS::Cluster'))[0] },
      CapacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      DefaultCapacityProviderStrategy: [],
    });
    const associations = Object.keys(template.findResources('AWS::ECS::ClusterCapacityProviderAssociations'));
    expect(associations).toHaveLength(1);
    template.hasResource('Test::Service', { DependsOn: Match.arrayWith(associations) });
  });
});
