import { CfnParameter, CfnResource, IAspect, Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { IConstruct } from 'constructs';

export interface StandIn {
  /** CloudFormation type that the local endpoint refuses. */
  readonly type: string;
  /** What is therefore not to be seen locally, and why nothing else misses it. */
  readonly reason: string;
  /** For a type that is refused only with certain properties: whether a resource has them, and an example. */
  readonly only?: {
    readonly if: (resource: CfnResource) => boolean;
    readonly example: Readonly<Record<string, unknown>>;
  };
}

const NO_PACKETS = 'functions and containers are processes of this machine: nothing is routed, filtered or logged';
const NO_SCALING = 'nothing scales there';
const NO_TASKS = 'tasks are kept as records and started nowhere';
const NO_LINK = 'integrations reach the load balancer at its local address';
const NO_KUBERNETES = 'clusters are kept as records, there is no Kubernetes API';

/** Seen to be refused by ministack 1.5.33. `npm start` asks the endpoint again and tells when an entry is not needed any more. */
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
  { type: 'AWS::ApiGateway::VpcLink', reason: NO_LINK },
  { type: 'AWS::ApiGatewayV2::VpcLink', reason: NO_LINK },
  { type: 'AWS::ApiGatewayV2::Deployment', reason: 'stages serve the latest routes without one' },
  { type: 'AWS::ApiGatewayV2::RouteResponse', reason: 'answers return to the caller without one' },
  { type: 'AWS::EKS::Addon', reason: NO_KUBERNETES },
  { type: 'AWS::EKS::AccessEntry', reason: NO_KUBERNETES },
  { type: 'AWS::EKS::PodIdentityAssociation', reason: NO_KUBERNETES },
  { type: 'Custom::AWSCDK-EKS-KubernetesResource', reason: NO_KUBERNETES },
  { type: 'Custom::AWSCDK-EKS-HelmChart', reason: NO_KUBERNETES },
  { type: 'Custom::LeftOverLogGroup', reason: 'control planes write no logs there' },
  { type: 'Custom::NodeGroupAutoScalingGroup', reason: 'node groups have no Auto Scaling group there' },
  { type: 'Custom::NodeGroupTarget', reason: 'node groups have no Auto Scaling group there' },
  {
    type: 'AWS::CloudWatch::Alarm',
    reason: 'metric math is refused; other alarms are kept, but nothing publishes metrics there',
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

/** Metadata key of a replaced resource; its value is the type that it stands in for. */
export const STAND_IN_KEY = 'kumiki:stand-in-for';

/**
 * Replaces what the local endpoint refuses by a wait condition handle: a resource without properties that every
 * CloudFormation accepts. Its `Ref` resolves, dependencies and conditions stay; its attributes do not exist, and
 * lab/test/local/stand-ins.test.ts looks that nobody reads one.
 *
 * Add it with `AspectPriority.READONLY`, so that it comes after the aspects that create or change resources.
 */
export class StandIns implements IAspect {
  visit(node: IConstruct): void {
    // A machine image by its public parameter: there are none, and no instances either.
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
