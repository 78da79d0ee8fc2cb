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
   * Without, services run on Fargate on demand, or on the instances of a provider that another construct associates.
   *
   * @default false
   * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
   */
  readonly fargateSpot?: boolean;

  /**
   * Metrics of cluster, services and tasks, billed by metric. DISABLED costs nothing and leaves the metrics of ECS itself
   * (CPU, memory), which autoscaling uses.
   *
   * @default ecs.ContainerInsights.ENHANCED
   */
  readonly containerInsights?: ecs.ContainerInsights;
}

/**
 * An ECS cluster that services share, with the log group of its Container Insights.
 *
 * The list of a cluster's capacity providers is one resource, and CloudFormation changes it before it deletes the services
 * that use a provider. ECS then refuses the change ("the specified capacity provider is in use"). So give providers that may
 * go, as those of instances, a cluster of their own that goes with them.
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
   * With `fargateSpot`, the association of FARGATE and FARGATE_SPOT. In an account that is new to ECS the first cluster
   * makes ECS create its service-linked role, which takes a while, and the association needs this role. Let the association
   * depend on something that takes minutes, as a load balancer does.
   */
  readonly capacityProviders?: ecs.CfnClusterCapacityProviderAssociations;

  constructor(scope: Construct, id: string, props: ContainerClusterProps) {
    super(scope, id);
    const { vpc, containerInsights = ecs.ContainerInsights.ENHANCED } = props;

    // The name is known before the cluster exists and differs each time the stack is created. Container Insights may write
    // after the log group was deleted, which creates the log group anew: a fixed name would then be refused to the next
    // deployment.
    const creation = Fn.select(0, Fn.split('-', Fn.select(2, Fn.split('/', Aws.STACK_ID))));
    const clusterName = Fn.join('-', [Names.uniqueResourceName(this, { maxLength: 240, separator: '-' }), creation]);
    this.cluster = new ecs.Cluster(this, 'Cluster', { vpc, clusterName, containerInsightsV2: containerInsights });
    if (containerInsights !== ecs.ContainerInsights.DISABLED) {
      // Container Insights would create this log group itself, with the same retention of a day, and leave it behind. A day is
      // enough because its events become metrics, and a log group that stays would be another one each time the stack is
      // created. The log group is created before the cluster and deleted after it, for which the name has to be known.
      const performance = new logs.LogGroup(this, 'Performance', {
        logGroupName: `/aws/ecs/containerinsights/${clusterName}/performance`,
        retention: logs.RetentionDays.ONE_DAY,
        removalPolicy: RemovalPolicy.DESTROY,
      });
      this.cluster.node.addDependency(performance);
    }

    if (props.fargateSpot) {
      // The cluster's own method for this gives services no dependency: created too late, a service finds no provider, and
      // deleted too early, "the specified capacity provider is in use".
      this.capacityProviders = new ecs.CfnClusterCapacityProviderAssociations(this, 'CapacityProviders', {
        cluster: this.cluster.clusterName,
        capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
        defaultCapacityProviderStrategy: [],
      });
      Dependable.implement(this.cluster, { dependencyRoots: [this.cluster, this.capacityProviders] });
    }
  }
}
