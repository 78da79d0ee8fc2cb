// Kumiki 0.1.0, node-port-target.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as customresources from 'aws-cdk-lib/custom-resources';
import { Construct, IConstruct } from 'constructs';

export interface NodePortTargetProps {
  /** VPC of the load balancer and the nodes. */
  readonly vpc: ec2.IVpc;
  /**
   * Internal or public load balancer with its listener, which gets a rule. Both may be in another stack, which then does not
   * depend on this stack.
   */
  readonly loadBalancer: ec2.IConnectable & { readonly listener: elbv2.IApplicationListener };
  /** Path patterns of the rule, such as `['/k8s/history/*']`. @throws unless it has 1 to 5 patterns */
  readonly paths: readonly string[];
  /**
   * Order of the rule among the rules of the listener, lowest first.
   *
   * @throws unless it is a whole number from 1 to 50000 that no other rule of the listener has
   */
  readonly priority: number;

  /** Name of the EKS cluster. */
  readonly clusterName: string;
  /**
   * Construct that creates the managed node group. All nodes of the group get requests, including nodes that are added later.
   * The target is created after the construct and deleted before it.
   */
  readonly nodes: IConstruct & { readonly nodegroupName: string };
  /** Security group of the nodes. */
  readonly nodeSecurityGroup: ec2.ISecurityGroup;
  /**
   * Port of a Service of type NodePort, with `externalTrafficPolicy: Cluster`.
   * @throws unless it is in 30000 to 32767, the range of node ports in Kubernetes
   */
  readonly nodePort: number;
}

/** Port on which kube-proxy reports the health of its node. The node is unhealthy when it is about to be removed. */
const KUBE_PROXY_HEALTH_PORT = 10256;

/**
 * Pods of a NodePort service behind an existing Application Load Balancer, without a controller in the cluster.
 *
 * The Auto Scaling group of a managed node group is attached to a target group. Nodes that are added are registered, and a node
 * that is removed is drained before its instance ends. kube-proxy on any node forwards to a ready pod on any node. The load
 * balancer checks the health of the node with kube-proxy, which answers with an error as soon as Cluster Autoscaler has marked
 * the node for removal. Readiness probes check the health of pods.
 *
 * No object in the cluster owns an AWS resource, so `cdk destroy` never waits for a finalizer of such an object.
 *
 * @example
 * ```ts
 * const vpcSubnets = { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };
 * const loadBalancer = new PrivateLoadBalancer(this, 'LoadBalancer', { vpc, vpcSubnets });
 * const { clusterName, clusterSecurityGroup: nodeSecurityGroup } = cluster;
 * const nodegroup = Object.assign(nodes, { nodegroupName: 'workers' });
 * const names = { clusterName, nodes: nodegroup, nodeSecurityGroup };
 * const rule = { loadBalancer, paths: ['/k8s/*'], priority: 20 };
 * new NodePortTarget(this, 'Pods', { vpc, ...names, ...rule, nodePort: 30_080 });
 * ```
 *
 * @see https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/3836-kube-proxy-improved-ingress-connectivity-reliability
 * @see https://docs.aws.amazon.com/autoscaling/ec2/userguide/attach-load-balancer-asg.html
 */
export class NodePortTarget extends Construct {
  readonly targetGroup: elbv2.ApplicationTargetGroup;

  constructor(scope: Construct, id: string, props: NodePortTargetProps) {
    super(scope, id);
    const { nodePort, clusterName, nodeSecurityGroup, paths, priority } = props;
    const stack = Stack.of(this);
    checkWhole('nodePort', nodePort, 30_000, 32_767, "Give the Service's nodePort");
    checkWhole('priority', priority, 1, 50_000, 'Give a priority that no other rule of the listener has');
    if (paths.length === 0 || paths.length > 5) {
      throw new Error(
        `paths: must be 1 to 5 path patterns, got ${paths.length}. Give the paths that the service answers, such as /k8s/history/*`,
      );
    }

    this.targetGroup = new elbv2.ApplicationTargetGroup(this, 'TargetGroup', {
      vpc: props.vpc,
      targetType: elbv2.TargetType.INSTANCE,
      protocol: elbv2.ApplicationProtocol.HTTP,
      port: nodePort,
      // The time that API Gateway waits for an answer.
      deregistrationDelay: Duration.seconds(30),
      healthCheck: {
        port: `${KUBE_PROXY_HEALTH_PORT}`,
        path: '/healthz',
        healthyHttpCodes: '200',
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 2,
      },
    });
    claimPriority(props.loadBalancer.listener, priority, this);
    new elbv2.ApplicationListenerRule(this, 'Rule', {
      listener: props.loadBalancer.listener,
      priority,
      conditions: [elbv2.ListenerCondition.pathPatterns([...paths])],
      action: elbv2.ListenerAction.forward([this.targetGroup]),
    });
    // allowFrom instead of allowTo, so that the rules of both security groups are in this stack.
    nodeSecurityGroup.connections.allowFrom(props.loadBalancer, ec2.Port.tcp(nodePort), 'Requests to pods');
    const health = ec2.Port.tcp(KUBE_PROXY_HEALTH_PORT);
    nodeSecurityGroup.connections.allowFrom(props.loadBalancer, health, 'Health of nodes, from kube-proxy');

    // A custom resource, because the managed node group has no attribute in CloudFormation with its Auto Scaling group.
    const common = {
      installLatestAwsSdk: false,
      logGroup: new logs.LogGroup(this, 'LogGroup'),
    };
    const groupPath = 'nodegroup.resources.autoScalingGroups.0.name';
    const describe: customresources.AwsSdkCall = {
      service: 'EKS',
      action: 'describeNodegroup',
      parameters: { clusterName, nodegroupName: props.nodes.nodegroupName },
      physicalResourceId: customresources.PhysicalResourceId.fromResponse(groupPath),
      outputPaths: [groupPath],
    };
    const group = new customresources.AwsCustomResource(this, 'Group', {
      ...common,
      resourceType: 'Custom::NodeGroupAutoScalingGroup',
      onCreate: describe,
      onUpdate: describe,
      policy: customresources.AwsCustomResourcePolicy.fromStatements([
        new iam.PolicyStatement({
          actions: ['eks:DescribeNodegroup'],
          resources: [stack.formatArn({ service: 'eks', resource: 'nodegroup', resourceName: `${clusterName}/*` })],
        }),
      ]),
    });
    group.node.addDependency(props.nodes);
    // Logs arrive some time after the last call. Without this denial, they would create the log group again after its deletion.
    const statement = { effect: iam.Effect.DENY, actions: ['logs:CreateLogGroup'], resources: ['*'] };
    group.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));

    const parameters = {
      AutoScalingGroupName: group.getResponseField(groupPath),
      TrafficSources: [{ Identifier: this.targetGroup.targetGroupArn, Type: 'elbv2' }],
    };
    const attach: customresources.AwsSdkCall = {
      service: 'AutoScaling',
      action: 'attachTrafficSources',
      parameters,
      // A new id for another group or target group, so that the new attachment is created before the old one is deleted.
      physicalResourceId: customresources.PhysicalResourceId.of(
        `${group.getResponseField(groupPath)}/${this.targetGroup.targetGroupName}`,
      ),
    };
    const attachment = new customresources.AwsCustomResource(this, 'Attachment', {
      ...common,
      resourceType: 'Custom::NodeGroupTarget',
      onCreate: attach,
      onUpdate: attach,
      onDelete: {
        service: 'AutoScaling',
        action: 'detachTrafficSources',
        parameters,
        // A group that was deleted by hand needs no detachment. The call then fails with AccessDenied, because the right
        // depends on a tag of the group.
        ignoreErrorCodesMatching: 'ValidationError|AccessDenied',
      },
      policy: customresources.AwsCustomResourcePolicy.fromStatements([
        new iam.PolicyStatement({
          actions: ['autoscaling:AttachTrafficSources', 'autoscaling:DetachTrafficSources'],
          resources: [
            stack.formatArn({
              service: 'autoscaling',
              resource: 'autoScalingGroup',
              resourceName: '*:autoScalingGroupName/eks-*',
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          ],
          conditions: { StringEquals: { 'aws:ResourceTag/eks:cluster-name': clusterName } },
        }),
      ]),
    });
    attachment.node.addDependency(props.nodes);
  }
}

function checkWhole(property: string, value: number, min: number, max: number, advice: string): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new Error(`${property}: must be a whole number from ${min} to ${max}, got ${value}. ${advice}`);
}

/**
 * Marks a priority of a listener as taken, by a construct below the listener, because CloudFormation would refuse a second rule
 * of the same priority during the deployment. The listener itself does not know its rules, because they are in the stacks of
 * their targets.
 *
 * @throws if another construct has claimed the priority
 */
function claimPriority(listener: elbv2.IApplicationListener, priority: number, claimant: Construct): void {
  const id = `Priority${priority}`;
  const owner = listener.node.tryFindChild(id)?.node.tryGetContext('owner');
  if (owner !== undefined) {
    throw new Error(
      `priority: ${priority} of ${claimant.node.path} is the priority of ${owner}, too, on the same listener. Give each rule ` +
        'of a listener a priority of its own',
    );
  }
  new Construct(listener, id).node.setContext('owner', claimant.node.path);
}
