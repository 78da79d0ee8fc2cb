import { CfnParameter, CfnResource, IAspect, Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { IConstruct } from 'constructs';

export interface StandIn {
  /** CloudFormation type that the local endpoint refuses. */
  readonly type: string;
  /** The behaviour that a local deployment lacks without the type, or why nothing needs it. */
  readonly reason: string;
  /** For a type that is refused only with certain properties: a test for these properties, and an example. */
  readonly only?: {
    readonly if: (resource: CfnResource) => boolean;
    readonly example: Readonly<Record<string, unknown>>;
  };
}

const NO_PACKETS = 'functions and containers are processes of this machine: nothing is routed, filtered or logged';
const NO_SCALING = 'the endpoint scales nothing';
const NO_TASKS = 'the endpoint records tasks and does not start them';
const NO_RELEASE = 'an alias of the endpoint moves to the new version at once';
const NO_LINK = 'integrations use the local address of the load balancer';
const NO_KUBERNETES = 'the endpoint records clusters, but has no Kubernetes API';

/** Types that ministack 1.5.33 refuses. `npm start` asks the endpoint and reports entries that are no longer needed. */
export const standIns: readonly StandIn[] = [
  { type: 'AWS::EC2::EIP', reason: NO_PACKETS },
  { type: 'AWS::EC2::NatGateway', reason: NO_PACKETS },
  { type: 'AWS::EC2::FlowLog', reason: NO_PACKETS },
  { type: 'AWS::EC2::SecurityGroupIngress', reason: NO_PACKETS },
  { type: 'AWS::EC2::SecurityGroupEgress', reason: NO_PACKETS },
  { type: 'AWS::ApplicationAutoScaling::ScalableTarget', reason: NO_SCALING },
  { type: 'AWS::ApplicationAutoScaling::ScalingPolicy', reason: NO_SCALING },
  { type: 'AWS::ECS::CapacityProvider', reason: NO_TASKS },
  { type: 'AWS::ECS::ClusterCapacityProviderAssociations', reason: NO_TASKS },
  { type: 'AWS::CodeDeploy::Application', reason: NO_RELEASE },
  { type: 'AWS::CodeDeploy::DeploymentGroup', reason: NO_RELEASE },
  { type: 'AWS::ApiGateway::VpcLink', reason: NO_LINK },
  { type: 'AWS::ApiGatewayV2::VpcLink', reason: NO_LINK },
  { type: 'AWS::ApiGatewayV2::Deployment', reason: 'stages serve the latest routes without it' },
  { type: 'AWS::ApiGatewayV2::RouteResponse', reason: 'answers return to the caller without it' },
  { type: 'AWS::EKS::Addon', reason: NO_KUBERNETES },
  { type: 'AWS::EKS::AccessEntry', reason: NO_KUBERNETES },
  { type: 'AWS::EKS::PodIdentityAssociation', reason: NO_KUBERNETES },
  { type: 'Custom::AWSCDK-EKS-KubernetesResource', reason: NO_KUBERNETES },
  { type: 'Custom::AWSCDK-EKS-HelmChart', reason: NO_KUBERNETES },
  { type: 'AWS::Logs::QueryDefinition', reason: 'the endpoint answers no queries of Logs Insights' },
  { type: 'Custom::AWSCDK-EKS-KubernetesObjectValue', reason: NO_KUBERNETES },
  { type: 'Custom::LeftOverLogGroup', reason: 'control planes of the endpoint write no logs' },
  { type: 'Custom::NodeGroupAutoScalingGroup', reason: 'node groups of the endpoint have no Auto Scaling group' },
  { type: 'Custom::NodeGroupTarget', reason: 'node groups of the endpoint have no Auto Scaling group' },
  {
    type: 'AWS::CloudWatch::CompositeAlarm',
    reason: 'the endpoint publishes no metrics, so no alarm would change its state',
  },
  {
    type: 'AWS::CloudWatch::Alarm',
    reason: 'metric math is refused; other alarms are recorded, but the endpoint publishes no metrics',
    only: {
      if: (alarm) => alarm instanceof CfnAlarm && Stack.of(alarm).resolve(alarm.metrics) !== undefined,
      example: {
        ComparisonOperator: 'GreaterThanThreshold',
        EvaluationPeriods: 1,
        Threshold: 1,
        Metrics: [{ Id: 'percent', Expression: '100 * 0.5' }],
      },
    },
  },
];

const IMAGE_PARAMETER = 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>';

/** Metadata key of a replaced resource. Its value is the original type. */
export const STAND_IN_KEY = 'kumiki:stand-in-for';

/**
 * Replaces the types that the local endpoint refuses by a wait condition handle, a resource without properties that every
 * CloudFormation accepts. The `Ref` of the handle resolves; dependencies and conditions stay. The handle has no attributes,
 * and lab/test/local/stand-ins.test.ts checks that no template reads one.
 *
 * Add the aspect with `AspectPriority.READONLY`, so that it runs after the aspects that create or change resources.
 */
export class StandIns implements IAspect {
  visit(node: IConstruct): void {
    // The endpoint has no public parameters of machine images, and starts no instances.
    if (node instanceof CfnParameter && node.type === IMAGE_PARAMETER) {
      node.type = 'String';
      node.default = 'ami-00000000000000000';
    }
    if (!CfnResource.isCfnResource(node)) return;
    const { cfnResourceType } = node;
    const entry = standIns.find(({ type, only }) => type === cfnResourceType && (only?.if(node) ?? true));
    if (entry === undefined) return;
    node.addMetadata(STAND_IN_KEY, entry.type);
    node.addOverride('Type', 'AWS::CloudFormation::WaitConditionHandle');
    node.addDeletionOverride('Properties');
  }
}
