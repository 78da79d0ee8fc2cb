import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { Construct } from 'constructs';
import { HISTORY_SERVICE, pathPatterns, routesOfService } from '../../domain/routes';
import { AccessLogBucket } from '../constructs/access-log-bucket';
import { ContainerCluster } from '../constructs/container-cluster';
import { ContainerService } from '../constructs/container-service';
import { Ec2Capacity } from '../constructs/ec2-capacity';
import { INetwork } from '../constructs/network';
import { PrivateLoadBalancer } from '../constructs/private-load-balancer';
import { ServiceImage, ServiceImageProps } from '../constructs/service-image';
import { TargetGroupAlarms } from '../constructs/target-group-alarms';
import { EnvironmentStackProps } from '../environment-config';

export interface ContainersStackProps extends EnvironmentStackProps {
  readonly network: INetwork;
  /** Name of the image repository: what else it is known by is made of this, here (docs/decisions/0003). */
  readonly repositoryName: string;
  /** Stage of the API in front. */
  readonly apiStageName: string;
  readonly imageSource: ServiceImageProps['source'];
}

export class ContainersStack extends Stack {
  readonly loadBalancer: PrivateLoadBalancer;
  /** What the tasks run. */
  readonly image: ServiceImage;

  constructor(scope: Construct, id: string, props: ContainersStackProps) {
    super(scope, id, props);
    const { config, network } = props;
    const placement = { vpc: network.vpc, vpcSubnets: network.privateSubnets };
    const { https, accessLogDays } = config.loadBalancer;
    const logBucket =
      accessLogDays === undefined
        ? undefined
        : new AccessLogBucket(this, 'AccessLogs', {
            retention: Duration.days(accessLogDays),
            removalPolicy: props.removalPolicy,
          });
    this.loadBalancer = new PrivateLoadBalancer(this, 'LoadBalancer', {
      ...placement,
      https: https && {
        certificate: acm.Certificate.fromCertificateArn(this, 'Certificate', https.certificateArn),
        hostName: https.hostName,
      },
      accessLogs: logBucket?.bucket,
    });
    const { loadBalancerName } = this.loadBalancer.loadBalancer;

    const repository = ecr.Repository.fromRepositoryName(this, 'Images', props.repositoryName);
    this.image = new ServiceImage(this, 'ServiceImage', { repository, source: props.imageSource });
    const { fargate, ec2 } = config.service.capacity;
    const { architecture } = this.image;
    // Each kind of capacity has a cluster of its own: ec2-capacity.ts says why. The ids are those of the parts that the
    // clusters once belonged to, below 'Default', which is no part of a logical id: another one would replace a cluster.
    const clusters = new Construct(this, 'Default');
    const { cluster, capacityProviders } = new ContainerCluster(clusters, fargate ? 'History' : 'Instances', {
      vpc: network.vpc,
      fargateSpot: fargate?.spot !== undefined,
    });
    // In an account that is new to ECS, the load balancer takes longer than the role that the providers need.
    capacityProviders?.node.addDependency(this.loadBalancer.listener);
    const instances =
      ec2 &&
      new Ec2Capacity(this, 'Instances', {
        ...placement,
        ...ec2,
        cluster: fargate ? new ContainerCluster(clusters, 'Instances', { vpc: network.vpc }).cluster : cluster,
        architecture,
        instanceTypes: ec2.instanceTypes.map((type) => new InstanceType(type)),
      });
    const history = new ContainerService(this, 'History', {
      ...placement,
      ...config.service,
      cluster: instances && !fargate ? instances.cluster : cluster,
      architecture,
      capacity: { fargate, ec2: instances && { ...ec2, capacity: instances, cluster: instances.cluster } },
      image: this.image.image,
      listener: this.loadBalancer.listener,
      // A private integration may put the stage of the API in front of the path: docs/decisions/0005.
      paths: pathPatterns(routesOfService(HISTORY_SERVICE), ['', `/${props.apiStageName}`]),
      priority: 100,
      environment: { SERVED_BY: config.id, PATH_PREFIX: `/${props.apiStageName}` },
    });
    for (const { capacity, service, targetGroup } of history.services) {
      new TargetGroupAlarms(this, `${capacity}Alarms`, {
        targetGroup,
        loadBalancer: this.loadBalancer.loadBalancer,
        firstLook: 'the events of the ECS service, the reasons of its stopped tasks, and their log group.',
      }).node.addDependency(service);
    }

    const targetGroups = history.services.map(({ targetGroup }) => targetGroup.targetGroupArn).join(',');
    for (const [name, value, description] of [
      ['LoadBalancerUrl', this.loadBalancer.url, 'Internal load balancer, from in the VPC'],
      ['LoadBalancerName', loadBalancerName, 'Name of the load balancer'],
      ['TargetGroupArn', targetGroups, 'Where tasks are registered; two with both kinds of capacity'],
      ['AutoScalingGroupName', instances?.autoScalingGroup.autoScalingGroupName, 'Instances that tasks run on'],
      ['ImageUri', this.image.uri, 'Image that the container service runs'],
      ['RedeployCommand', history.redeployCommand, 'Replaces all tasks, one healthy set after the other'],
    ] as const) {
      if (value !== undefined) new CfnOutput(this, name, { value, description });
    }
  }
}
