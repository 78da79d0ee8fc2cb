import { clusterOf } from '../../tour/cluster';

/** Answers to each command, and the requests. */
const answers: Record<string, object> = {};
const asked: Record<string, unknown> = {};

/** A client and its command, without loading the SDK. */
function mockSdk(client: string, command: string) {
  class Command {
    constructor(readonly input: unknown) {}
  }
  class Client {
    constructor(readonly config: { region: string }) {}
    async send({ input }: Command) {
      asked[command] = { ...this.config, input };
      return answers[command];
    }
  }
  return { [client]: Client, [command]: Command };
}

jest.mock('@aws-sdk/client-eks', () => mockSdk('EKSClient', 'DescribeClusterCommand'));
jest.mock('@aws-sdk/client-cloudformation', () => mockSdk('CloudFormationClient', 'DescribeStackResourcesCommand'));
jest.mock('@aws-sdk/client-elastic-load-balancing-v2', () =>
  mockSdk('ElasticLoadBalancingV2Client', 'DescribeTargetHealthCommand'),
);

const cluster = clusterOf({ stackName: 'Stack', clusterName: 'history', targetGroupArn: 'arn' }, 'eu-west-1');

test.each([
  ['with a public endpoint names the networks that reach it', true, ['0.0.0.0/0']],
  ['without a public endpoint names no network, though EKS lists 0.0.0.0/0', false, undefined],
])('a cluster %s', async (_, endpointPublicAccess, publicCidrs) => {
  const resourcesVpcConfig = { endpointPublicAccess, publicAccessCidrs: ['0.0.0.0/0'] };
  answers['DescribeClusterCommand'] = { cluster: { status: 'ACTIVE', version: '1.36', resourcesVpcConfig } };
  expect(await cluster.describe()).toEqual({ status: 'ACTIVE', version: '1.36', publicCidrs });
  expect(asked['DescribeClusterCommand']).toEqual({ region: 'eu-west-1', input: { name: 'history' } });
});

test('counts only manifests and charts of the stack', async () => {
  answers['DescribeStackResourcesCommand'] = {
    StackResources: [
      { ResourceType: 'Custom::AWSCDK-EKS-KubernetesResource', ResourceStatus: 'CREATE_COMPLETE' },
      { ResourceType: 'AWS::EKS::Cluster', ResourceStatus: 'UPDATE_COMPLETE' },
      { ResourceType: 'Custom::NodeGroupTarget', ResourceStatus: 'UPDATE_COMPLETE' },
      { ResourceType: 'Custom::AWSCDK-EKS-HelmChart', ResourceStatus: 'CREATE_FAILED' },
      { ResourceType: 'Custom::AWSCDK-EKS-HelmChart' },
    ],
  };
  expect(await cluster.applied()).toEqual(['CREATE_COMPLETE', 'CREATE_FAILED', 'unknown']);
  expect(asked['DescribeStackResourcesCommand']).toEqual({ region: 'eu-west-1', input: { StackName: 'Stack' } });
});

test('gives nodes the states of their targets', async () => {
  answers['DescribeTargetHealthCommand'] = {
    TargetHealthDescriptions: [{ TargetHealth: { State: 'healthy' } }, { TargetHealth: {} }],
  };
  expect(await cluster.nodeStates()).toEqual(['healthy', 'unknown']);
  expect(asked['DescribeTargetHealthCommand']).toEqual({ region: 'eu-west-1', input: { TargetGroupArn: 'arn' } });
});
