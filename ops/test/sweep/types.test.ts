import { fixtureOf } from '../../../test/support/fixture';
import { resourcesOf, synthesized } from '../../../test/support/stage';
import { TELLING } from '../../sweep/stacks';

/** Types that no list of the command has, and why none needs one. */
const WITHOUT_LIST: Readonly<Record<string, readonly RegExp[]>> = {
  'goes with the resource that it belongs to': [
    /^AWS::ApiGateway::(Deployment|GatewayResponse|Method|RequestValidator|Resource|Stage|Authorizer|Model)$/,
    /^AWS::ApiGatewayV2::(Authorizer|Deployment|Integration|Route|RouteResponse|Stage)$/,
    /^AWS::ApplicationAutoScaling::(ScalableTarget|ScalingPolicy)$/,
    /^AWS::EC2::(FlowLog|Route|SecurityGroupEgress|SecurityGroupIngress|SubnetRouteTableAssociation|VPCGatewayAttachment)$/,
    /^AWS::ECS::(ClusterCapacityProviderAssociations|CapacityProvider|Service|TaskDefinition)$/,
    /^AWS::EKS::(AccessEntry|Addon|Nodegroup|PodIdentityAssociation)$/,
    /^AWS::ElasticLoadBalancingV2::(Listener|ListenerRule)$/,
    /^AWS::IAM::(InstanceProfile|Policy)$/,
    /^AWS::Lambda::(Alias|EventInvokeConfig|EventSourceMapping|Permission|Version)$/,
    /^AWS::S3::BucketPolicy$/,
    /^AWS::SNS::(Subscription|TopicPolicy)$/,
    /^AWS::SQS::QueuePolicy$/,
    /^AWS::AutoScaling::(LifecycleHook|ScalingPolicy|ScheduledAction|WarmPool)$/,
  ],
  'is found by its tag only': [/^AWS::EC2::EIP$/],
  'costs nothing, and the index of tags names it': [
    /^AWS::CodeBuild::Project$/,
    /^AWS::CodeDeploy::/,
    /^AWS::Events::Rule$/,
    /^AWS::Lambda::LayerVersion$/,
    /^AWS::SNS::Topic$/,
    /^AWS::SQS::Queue$/,
    /^AWS::SSM::Parameter$/,
    /^AWS::Scheduler::Schedule$/,
    /^AWS::XRay::/,
  ],
  'has no name of its own, or is no resource of AWS': [
    /^AWS::ApiGateway::Account$/,
    /^AWS::Budgets::/,
    /^AWS::CDK::Metadata$/,
    /^AWS::CloudFormation::/,
    /^AWS::Logs::(MetricFilter|QueryDefinition)$/,
    /^Custom::/,
  ],
};

test.each([
  ['trial with a cluster, on instances', fixtureOf('trial', { kubernetes: 'true', capacity: 'both' })],
  ['lasting', fixtureOf('lasting')],
])('every type of the templates has a list, or a reason to have none: %s', (_, config) => {
  const types = new Set(resourcesOf(synthesized(config)).map(([, , { Type }]) => Type));
  const known = [...Object.values(WITHOUT_LIST).flat()];
  const unknown = [...types].filter((type) => !TELLING.includes(type) && !known.some((pattern) => pattern.test(type)));
  expect(unknown).toEqual([]);
  expect(types.size).toBeGreaterThan(40);
});
