import { resourcesOf, synthesized } from '../../../test/support/stage';
import { variants } from '../../../test/support/variants';
import { TELLING } from '../../sweep/stacks';

/** Types that no list of the command has, and why none needs one. */
const WITHOUT_LIST: Readonly<Record<string, readonly RegExp[]>> = {
  'goes with the resource that it belongs to': [
    /^AWS::ApiGateway::(Deployment|GatewayResponse|Method|RequestValidator|Resource|Stage|Authorizer|Model)$/,
    /^AWS::ApiGatewayV2::(ApiMapping|Authorizer|Deployment|Integration|Route|RouteResponse|Stage)$/,
    /^AWS::ApplicationAutoScaling::(ScalableTarget|ScalingPolicy)$/,
    /^AWS::EC2::(FlowLog|Route|SecurityGroupEgress|SecurityGroupIngress|SubnetRouteTableAssociation|VPCGatewayAttachment)$/,
    /^AWS::ECS::(ClusterCapacityProviderAssociations|CapacityProvider|Service|TaskDefinition)$/,
    /^AWS::EKS::(AccessEntry|Addon|Nodegroup|PodIdentityAssociation)$/,
    /^AWS::ElasticLoadBalancingV2::(Listener|ListenerRule)$/,
    /^AWS::IAM::(InstanceProfile|Policy)$/,
    /^AWS::Lambda::(Alias|EventInvokeConfig|EventSourceMapping|Permission|Version)$/,
    /^AWS::S3::BucketPolicy$/,
    /^AWS::SNS::(Subscription|TopicPolicy)$/,
    /^AWS::WAFv2::WebACLAssociation$/,
  ],
  'is found by its tag only': [/^AWS::EC2::EIP$/],
  // The index has all resource types but users and roles of IAM:
  // https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
  'costs nothing, and the index of tags names it': [
    /^AWS::ApiGatewayV2::DomainName$/,
    /^AWS::CodeBuild::Project$/,
    /^AWS::CodeDeploy::/,
    /^AWS::Events::Rule$/,
    /^AWS::Lambda::LayerVersion$/,
    /^AWS::SNS::Topic$/,
    /^AWS::SSM::Parameter$/,
    /^AWS::Scheduler::Schedule$/,
    /^AWS::StepFunctions::StateMachine$/,
  ],
  'belongs to no region, so the index of a region does not have it': [/^AWS::Chatbot::SlackChannelConfiguration$/],
  'has no name of its own, or is no resource of AWS': [
    /^AWS::ApiGateway::Account$/,
    /^AWS::Budgets::/,
    /^AWS::Logs::(MetricFilter|QueryDefinition)$/,
    /^Custom::/,
  ],
};

const patterns = Object.values(WITHOUT_LIST).flat();
const types = new Set(
  Object.values(variants()).flatMap((config) => resourcesOf(synthesized(config)).map(([, , { Type }]) => Type)),
);

test('every type of the templates has a list, or a reason to have none', () => {
  const unknown = [...types].filter(
    (type) => !TELLING.includes(type) && !patterns.some((pattern) => pattern.test(type)),
  );
  expect(unknown).toEqual([]);
  expect(types.size).toBeGreaterThan(70);
});

test('every reason is one for a type of the templates', () => {
  expect(patterns.filter((pattern) => ![...types].some((type) => pattern.test(type)))).toEqual([]);
});
