// Kumiki 0.1.0, container-cluster.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Aws, Fn, Names, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, Dependable } from 'constructs';

export interface ContainerClusterProps {
  /** VPC of the tasks. */
  readonly vpc: ec2.IVpc;

  /**
   * Associate the capacity providers FARGATE and FARGATE_SPOT, so that services can run part of their tasks on Fargate Spot.
   * If false, services run on Fargate on demand, or on instances whose provider another construct associates.
   *
   * @default false
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
   */
  readonly fargateSpot?: boolean;

  /**
   * Metrics of cluster, services and tasks, billed by metric. DISABLED costs nothing. Autoscaling works in either case, because
   * it uses the metrics of ECS itself (CPU, memory).
   *
   * @default ecs.ContainerInsights.ENHANCED
   */
  readonly containerInsights?: ecs.ContainerInsights;
}

/**
 * An ECS cluster that services share, with the log group of its Container Insights.
 *
 * The list of a cluster's capacity providers is one resource, and CloudFormation changes it before it deletes the services
 * that use a provider. ECS then refuses the change ("the specified capacity provider is in use"). Therefore give a provider
 * that may be removed, such as that of instances, a cluster of its own, which is removed with the provider.
 *
 * A construct that depends on `cluster` is created after the association of its capacity providers and deleted before it.
 *
 * @example
 * ```ts
 * const { cluster } = new ContainerCluster(this, 'Cluster', { vpc, fargateSpot: true });
 * const taskDefinition = new ecs.FargateTaskDefinition(this, 'Task');
 * taskDefinition.addContainer('Worker', { image: ecs.ContainerImage.fromEcrRepository(repository, '1.4.2') });
 * const worker = new ecs.FargateService(this, 'Worker', { cluster, taskDefinition, minHealthyPercent: 100 });
 * worker.node.addDependency(cluster);
 * ```
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-capacity-providers.html
 */
export class ContainerCluster extends Construct {
  readonly cluster: ecs.Cluster;
  /**
   * With `fargateSpot`, the association of FARGATE and FARGATE_SPOT. The association needs the service-linked role of ECS. In
   * an account that is new to ECS, ECS creates this role with the first cluster, which takes a while. Let the association
   * depend on a resource that takes minutes to create, such as a load balancer.
   */
  readonly capacityProviders?: ecs.CfnClusterCapacityProviderAssociations;

  constructor(scope: Construct, id: string, props: ContainerClusterProps) {
    super(scope, id);
    const { vpc, containerInsights = ecs.ContainerInsights.ENHANCED } = props;

    // The name is known before the cluster exists and differs each time the stack is created. Container Insights may write
    // after the log group was deleted, which creates the log group again. With a fixed name, the next deployment would fail,
    // because a log group of this name would exist.
    const creation = Fn.select(0, Fn.split('-', Fn.select(2, Fn.split('/', Aws.STACK_ID))));
    const clusterName = Fn.join('-', [Names.uniqueResourceName(this, { maxLength: 240, separator: '-' }), creation]);
    this.cluster = new ecs.Cluster(this, 'Cluster', { vpc, clusterName, containerInsightsV2: containerInsights });
    if (containerInsights !== ecs.ContainerInsights.DISABLED) {
      // Container Insights would create this log group itself, with the same retention of a day, and leave it behind. A day is
      // enough because the events become metrics. The log group is deleted with the stack, because each creation of the stack
      // has another name and would leave another log group. Its name has to be known, because CloudFormation creates the log
      // group before the cluster and deletes it after the cluster.
      const performance = new logs.LogGroup(this, 'Performance', {
        logGroupName: `/aws/ecs/containerinsights/${clusterName}/performance`,
        retention: logs.RetentionDays.ONE_DAY,
        removalPolicy: RemovalPolicy.DESTROY,
      });
      this.cluster.node.addDependency(performance);
    }

    if (props.fargateSpot) {
      // enableFargateCapacityProviders of the cluster gives services no dependency on the association. A service that is
      // created before it finds no provider, and an association that is deleted before the service is refused ("the specified
      // capacity provider is in use").
      this.capacityProviders = new ecs.CfnClusterCapacityProviderAssociations(this, 'CapacityProviders', {
        cluster: this.cluster.clusterName,
        capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
        defaultCapacityProviderStrategy: [],
      });
      Dependable.implement(this.cluster, { dependencyRoots: [this.cluster, this.capacityProviders] });
    }
  }
}
