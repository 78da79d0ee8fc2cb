import { controlPlane } from '../../tour/control-plane';
import type { Outputs } from '../../tour/outputs';

const HEALTH: Readonly<Record<string, readonly string[]>> = {
  first: ['draining'],
  second: ['healthy', 'initial'],
};

jest.mock('@aws-sdk/client-elastic-load-balancing-v2', () => ({
  DescribeTargetHealthCommand: class {
    constructor(readonly input: { TargetGroupArn: string }) {}
  },
  ElasticLoadBalancingV2Client: class {
    async send({ input }: { input: { TargetGroupArn: string } }) {
      return { TargetHealthDescriptions: HEALTH[input.TargetGroupArn]?.map((State) => ({ TargetHealth: { State } })) };
    }
  },
}));

const outputs = (groups: Pick<Outputs, 'targetGroupArns' | 'alternateTargetGroupArn'>): Outputs => ({
  restApiId: '',
  stageName: '',
  url: '',
  cacheEnabled: false,
  functionName: '',
  liveAliasArn: '',
  onDemandAliasArn: '',
  ...groups,
});

test('each kind of capacity has the targets of its group', async () => {
  const { targetStates } = controlPlane(outputs({ targetGroupArns: ['first', 'second', 'empty'] }), 'us-east-1');
  expect(await targetStates()).toEqual([['draining'], ['healthy', 'initial'], []]);
});

test('a service that is released in steps has its targets in either group', async () => {
  const groups = { targetGroupArns: ['first'], alternateTargetGroupArn: 'second' };
  const { targetStates } = controlPlane(outputs(groups), 'us-east-1');
  expect(await targetStates()).toEqual([['draining', 'healthy', 'initial']]);
});
