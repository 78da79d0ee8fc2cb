import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { Construct } from 'constructs';
import { AccessLogBucket } from '../constructs/access-log-bucket';
import { ContainerService } from '../constructs/container-service';
import { Network } from '../constructs/network';
import { PrivateLoadBalancer } from '../constructs/private-load-balancer';
import { ServiceImage, ServiceImageProps } from '../constructs/service-image';
import { EnvironmentStackProps } from '../environments';

export interface ContainersStackProps extends EnvironmentStackProps {
  readonly network: Network;
  readonly repository: ecr.IRepository;
  /** Stage of the API in front. */
  readonly apiStageName: string;
  readonly imageSource: ServiceImageProps['source'];
}

export class ContainersStack extends Stack {
  readonly loadBalancer: PrivateLoadBalancer;
  /** Where callers find the load balancer: its own address, or the path a local endpoint serves it at. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: ContainersStackProps) {
    super(scope, id, props);
    const { config, network, repository } = props;
    const placement = { vpc: network.vpc, vpcSubnets: network.privateSubnets };
    const logs = { logRetention: config.logRetentionDays, removalPolicy: props.removalPolicy };
    const { https, accessLogDays } = config.loadBalancer;
    const logBucket =
      accessLogDays === undefined
        ? undefined
        : new AccessLogBucket(this, 'AccessLogs', { retentionDays: accessLogDays, removalPolicy: props.removalPolicy });
    this.loadBalancer = new PrivateLoadBalancer(this, 'LoadBalancer', {
      ...placement,
      https: https && {
        certificate: acm.Certificate.fromCertificateArn(this, 'Certificate', https.certificateArn),
        hostName: https.hostName,
      },
      accessLogs: logBucket?.bucket,
    });
    const { loadBalancerName } = this.loadBalancer.loadBalancer;
    this.url = config.endpoint ? `${config.endpoint.url}/_alb/${loadBalancerName}` : this.loadBalancer.url;

    const image = new ServiceImage(this, 'ServiceImage', {
      repository,
      source: props.imageSource,
      ...logs,
    });
    const history = new ContainerService(this, 'History', {
      ...placement,
      image: image.image,
      architecture: image.architecture,
      listener: this.loadBalancer.listener,
      // A private integration may put the stage of the API in front of the path: docs/decisions/0005.
      paths: ['/history/*', `/${props.apiStageName}/history/*`],
      ...config.service,
      environment: { SERVED_BY: config.id, PATH_PREFIX: `/${props.apiStageName}` },
      ...logs,
    });

    const { targetGroupArn } = history.targetGroup;
    const [{ clusterName }, { serviceName }] = [history.cluster, history.service];
    new CfnOutput(this, 'LoadBalancerUrl', { value: this.url, description: 'Internal load balancer, from in the VPC' });
    new CfnOutput(this, 'LoadBalancerName', { value: loadBalancerName, description: 'Name of the load balancer' });
    new CfnOutput(this, 'TargetGroupArn', { value: targetGroupArn, description: 'Where tasks are registered' });
    new CfnOutput(this, 'ImageUri', { value: image.uri, description: 'Image that the container service runs' });
    new CfnOutput(this, 'ClusterName', { value: clusterName, description: 'ECS cluster' });
    new CfnOutput(this, 'ServiceName', { value: serviceName, description: 'ECS service' });
    new CfnOutput(this, 'RedeployCommand', {
      value: `aws ecs update-service --cluster ${clusterName} --service ${serviceName} --force-new-deployment`,
      description: 'Replaces all tasks, one healthy set after the other',
    });
  }
}
