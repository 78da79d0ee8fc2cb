import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as codebuild from 'aws-cdk-lib/aws-codebuild';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { Route } from '../../domain/routes';
import { AccessLogBucket } from '../constructs/access-log-bucket';
import { BuildAlarms } from '../constructs/build-alarms';
import { CapacityAlarms } from '../constructs/capacity-alarms';
import { ContainerCluster } from '../constructs/container-cluster';
import {
  ContainerService,
  ContainerServiceProps,
  ServiceCapacity,
  TargetGroups,
  TargetOnCapacity,
} from '../constructs/container-service';
import { Ec2Capacity } from '../constructs/ec2-capacity';
import { DashboardService, EnvironmentDashboardProps } from '../constructs/environment-dashboard';
import { KeptWeights } from '../constructs/kept-weights';
import { LoadBalancerAlarms } from '../constructs/load-balancer-alarms';
import { INetwork } from '../constructs/network';
import { PrivateLoadBalancer } from '../constructs/private-load-balancer';
import { ServiceAlarms } from '../constructs/service-alarms';
import { ServiceEventAlarms } from '../constructs/service-event-alarms';
import { IServiceImage, ServiceImage, ServiceImageProps } from '../constructs/service-image';
import type { SleepingService } from '../constructs/sleep';
import { TargetGroupAlarms } from '../constructs/target-group-alarms';
import { alarmsOf, CapacityConfig, EnvironmentStackProps, observesFully, ServiceConfig } from '../environment-config';
import { inProperty } from '../in-property';
import { LogGroups } from '../log-queries';
import { idPrefix, pascalCase, rulePaths } from '../services';

export interface ContainersStackProps extends EnvironmentStackProps {
  readonly network: INetwork;
  /** Services behind the load balancer of the stack, with the names of their image repositories (docs/decisions/0003). */
  readonly services: readonly { readonly config: ServiceConfig; readonly repositoryName: string }[];
  /** Routes of container services. A service answers the routes that name the service. */
  readonly routes: readonly Route[];
  readonly imageSource: (service: ServiceConfig) => ServiceImageProps['source'];
  /** Stage of the APIs in front of the load balancer. */
  readonly apiStageName: string;
}

/** A load balancer and the services behind it, which share a cluster. */
export class ContainersStack extends Stack {
  readonly loadBalancer: PrivateLoadBalancer;
  /** Images that the tasks run, by the names of their services. */
  readonly images: ReadonlyMap<string, IServiceImage>;
  /** Alarms that mean that users are affected: at most two, however many services there are. */
  readonly affecting: readonly cloudwatch.IAlarm[];
  /** Services on each kind of capacity, for the stack that lets them sleep. */
  readonly sleeping: SleepingService[] = [];
  private readonly noHealthyTarget: cloudwatch.Alarm[] = [];
  /** Log groups that saved queries read. */
  readonly logGroups: LogGroups;
  /** Parts of the stack on the dashboard. */
  readonly onDashboard: EnvironmentDashboardProps;
  private readonly dashboardServices: DashboardService[] = [];
  private readonly serviceLogGroups: logs.ILogGroup[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ContainersStackProps,
  ) {
    super(scope, id, props);
    const { config, services } = props;
    const { https, accessLogDays } = config.loadBalancer;
    const logBucket =
      accessLogDays === undefined
        ? undefined
        : new AccessLogBucket(this, 'AccessLogs', {
            retention: Duration.days(accessLogDays),
            // CloudFormation deletes only an empty bucket, and the load balancer writes until its end.
            removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
          });
    this.loadBalancer = new PrivateLoadBalancer(this, 'LoadBalancer', {
      ...this.placement(),
      https: https && {
        certificate: acm.Certificate.fromCertificateArn(this, 'Certificate', https.certificateArn),
        hostName: https.hostName,
      },
      accessLogs: logBucket?.bucket,
    });
    const capacity = this.capacity(config.capacity);
    let previousImage: ServiceImage | undefined;
    this.images = new Map(
      services.map((service) => {
        const image = this.image(service.config, service.repositoryName);
        // One build after the other, because the quota of CodeBuild on concurrent builds can be 1 in a new account, and the
        // handler of a build that CodeBuild refuses does not try again.
        if (previousImage) image.node.addDependency(previousImage);
        previousImage = image;
        this.service(service.config, image, capacity);
        return [service.config.name, image];
      }),
    );
    const events = alarmsOf(config) && this.watchInfrastructure(capacity);
    this.logGroups = { services: this.serviceLogGroups, ecsEvents: events ? [events.logGroup] : [] };

    this.affecting = alarmsOf(config) ? this.alarms() : [];
    const { ec2: instances } = capacity.capacity;
    this.onDashboard = {
      loadBalancers: [this.loadBalancer.loadBalancer],
      services: this.dashboardServices,
      instances:
        instances && observesFully(config) ? [{ cluster: instances.cluster, max: instances.maxInstances }] : [],
    };

    const { loadBalancerName } = this.loadBalancer.loadBalancer;
    this.output('LoadBalancerUrl', this.loadBalancer.url, 'Internal load balancer, from in the VPC');
    this.output('LoadBalancerName', loadBalancerName, 'Name of the load balancer');
  }

  private placement() {
    return { vpc: this.props.network.vpc, vpcSubnets: this.props.network.privateSubnets };
  }

  private image(service: ServiceConfig, repositoryName: string): ServiceImage {
    const prefix = idPrefix(service.name);
    const repository = ecr.Repository.fromRepositoryName(this, `${prefix}Images`, repositoryName);
    const source = this.props.imageSource(service);
    const image = new ServiceImage(this, `${prefix}ServiceImage`, { repository, source, architecture: ARCHITECTURE });
    this.output(`${prefix}ImageUri`, image.uri, `Image that the service ${service.name} runs`);
    return image;
  }

  /**
   * Creates the instances, and a cluster for each kind of capacity (the docstring of Ec2Capacity has the reason). Each cluster
   * keeps the id from the time when it belonged to one service, below 'Default', which is not part of a logical id, because
   * another id would replace the cluster.
   */
  private capacity({ fargate, ec2: instances }: CapacityConfig) {
    const clusters = new Construct(this, 'Default');
    const { vpc } = this.placement();
    const containerInsights = observesFully(this.props.config) ? undefined : ecs.ContainerInsights.DISABLED;
    const { cluster, capacityProviders } = new ContainerCluster(clusters, fargate ? 'History' : 'Instances', {
      vpc,
      containerInsights,
      fargateSpot: fargate?.spot !== undefined,
    });
    // In an account that is new to ECS, the load balancer takes longer to create than the role that the providers need.
    capacityProviders?.node.addDependency(this.loadBalancer.listener);
    if (instances === undefined) return { cluster, capacity: { fargate } };
    const capacity = inProperty(
      'capacity.ec2',
      () =>
        new Ec2Capacity(this, 'Instances', {
          ...this.placement(),
          ...instances,
          cluster: fargate ? new ContainerCluster(clusters, 'Instances', { vpc, containerInsights }).cluster : cluster,
          architecture: ARCHITECTURE,
          instanceTypes: instances.instanceTypes.map((type) => new ec2.InstanceType(type)),
        }),
    );
    const { autoScalingGroupName } = capacity.autoScalingGroup;
    this.output('AutoScalingGroupName', autoScalingGroupName, 'Instances that tasks run on');
    return {
      cluster: fargate ? cluster : capacity.cluster,
      capacity: { fargate, ec2: { ...instances, capacity, cluster: capacity.cluster } },
    };
  }

  private service(
    { name, image: _, routes: __, latencySeconds = 2, tracing, release, ...size }: ServiceConfig,
    { image }: ServiceImage,
    target: { readonly cluster: ecs.ICluster; readonly capacity: ServiceCapacity },
  ): void {
    const { apiStageName, routes, config } = this.props;
    const prefix = idPrefix(name);
    const targetAlarms = new Map<string, TargetGroupAlarms>();
    const rollbackAlarms = ({ capacity, ...groups }: TargetOnCapacity) => {
      const alarms = new TargetGroupAlarms(this, `${prefix}${capacity}Alarms`, {
        ...groups,
        loadBalancer: this.loadBalancer.loadBalancer,
        firstLook: 'the events of the ECS service, the reasons of its stopped tasks, and their log group.',
        latency: { seconds: latencySeconds },
      });
      targetAlarms.set(capacity, alarms);
      return alarms.forRollback;
    };
    const weights = (targetGroups: TargetGroups, rule: string) => {
      const { listener } = this.loadBalancer;
      const { first, second } = new KeptWeights(this, `${prefix}Weights`, { listener, targetGroups, rule });
      return [first, second] as const;
    };
    const props: ContainerServiceProps = {
      ...this.placement(),
      ...size,
      ...target,
      architecture: ARCHITECTURE,
      image,
      listener: this.loadBalancer.listener,
      // A private integration may prepend the stage of the API to the path: docs/decisions/0005.
      paths: rulePaths(name, routes, ['', `/${apiStageName}`]),
      environment: {
        SERVED_BY: config.id,
        PATH_PREFIX: `/${apiStageName}`,
        ...(tracing && { OTEL_SERVICE_NAME: name }),
      },
      traces: tracing && { agent: ecs.ContainerImage.fromRegistry(tracing.agentImage) },
      rollbackAlarms: alarmsOf(config) && rollbackAlarms,
      release: release && { ...release, weights },
    };
    const service = inProperty(`services.${name}`, () => new ContainerService(this, pascalCase(name), props));
    this.serviceLogGroups.push(service.logGroup);
    for (const { capacity, service: ecsService, targetGroup } of service.services) {
      const label = `${name}-${capacity.toLowerCase()}`;
      this.sleeping.push({ name: label, service: ecsService, targetGroup, minTasks: size.minTasks });
      const alarms = targetAlarms.get(capacity);
      if (alarms === undefined) continue;
      // Only this alarm: the service depends on the others.
      alarms.noHealthyTarget.node.addDependency(ecsService);
      this.noHealthyTarget.push(alarms.noHealthyTarget);
      new ServiceAlarms(this, `${prefix}${capacity}ServiceAlarms`, {
        service: ecsService,
        maxTasks: size.maxTasks,
        containerInsights: observesFully(config),
      });
    }
    for (const { capacity, ...part } of service.services) {
      this.dashboardServices.push({
        ...size,
        ...part,
        insights: observesFully(this.props.config),
        label: service.services.length > 1 ? `${name} ${capacity === 'Ec2' ? 'EC2' : capacity}` : name,
        loadBalancer: this.loadBalancer.loadBalancer,
      });
    }
    const targetGroups = service.services.map(({ targetGroup }) => targetGroup.targetGroupArn).join(',');
    this.output(`${prefix}TargetGroupArn`, targetGroups, 'Where tasks are registered; two with both kinds of capacity');
    const alternate = service.services.flatMap(({ alternateTargetGroup: group }) => group?.targetGroupArn ?? []);
    if (release) {
      this.output(
        `${prefix}AlternateTargetGroupArn`,
        alternate.join(','),
        'Where tasks are after every second release',
      );
    }
    this.output(
      `${prefix}RedeployCommand`,
      service.redeployCommand,
      'Replaces all tasks, one healthy set after the other',
    );
    this.output(
      `${prefix}StopDeploymentCommand`,
      service.stopDeploymentCommand,
      'Ends a deployment and goes back to the last completed one',
    );
  }

  private alarms(): readonly cloudwatch.IAlarm[] {
    const { noHealthyTarget } = this;
    const { loadBalancer } = this.loadBalancer;
    const alarms = new LoadBalancerAlarms(this, 'LoadBalancerAlarms', { loadBalancer, noHealthyTarget });
    return [...(alarms.noHealthyTargets ? [alarms.noHealthyTargets] : []), alarms.serverErrors];
  }

  /** Alarms that no single service owns. */
  private watchInfrastructure({ cluster, capacity }: ReturnType<typeof this.capacity>): ServiceEventAlarms {
    const clusters = [...new Set([cluster, capacity.ec2?.cluster ?? cluster])];
    const events = new ServiceEventAlarms(this, 'EventAlarms', { clusters });
    if (capacity.ec2) {
      const { capacityProviderName } = capacity.ec2.capacity;
      new CapacityAlarms(this, 'InstanceAlarms', { ...capacity.ec2, capacityProviderName });
    }
    // The images share one project of the stack, which their construct does not expose.
    const project = this.node.children.find((child) => child instanceof codebuild.Project);
    if (project) new BuildAlarms(this, 'BuildAlarms', { project });
    return events;
  }

  private output(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description });
  }
}

/** All images are built for Graviton, which is cheaper than x86 for the same work. */
const ARCHITECTURE = ecs.CpuArchitecture.ARM64;
