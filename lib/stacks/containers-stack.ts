import { CfnOutput, Duration, RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { ContainerService } from '../constructs/container-service';
import { Network } from '../constructs/network';
import { PrivateLoadBalancer } from '../constructs/private-load-balancer';
import { ServiceImage } from '../constructs/service-image';
import { EnvironmentConfig } from '../environments';

export interface ContainersStackProps extends StackProps {
  readonly config: EnvironmentConfig;
  readonly network: Network;
  readonly image: ServiceImage;
}

export class ContainersStack extends Stack {
  readonly loadBalancer: PrivateLoadBalancer;
  /** Where callers find the load balancer: its own address, or the path a local endpoint serves it at. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: ContainersStackProps) {
    super(scope, id, props);
    const { config, network, image } = props;
    const { https, accessLogDays } = config.loadBalancer;
    this.loadBalancer = new PrivateLoadBalancer(this, 'LoadBalancer', {
      vpc: network.vpc,
      vpcSubnets: network.privateSubnets,
      https: https && {
        certificate: acm.Certificate.fromCertificateArn(this, 'Certificate', https.certificateArn),
        hostName: https.hostName,
      },
      accessLogs: accessLogDays === undefined ? undefined : this.accessLogs(accessLogDays),
      deletionProtection: config.terminationProtection,
    });
    const { loadBalancerName, loadBalancerArn } = this.loadBalancer.loadBalancer;
    this.url = config.endpoint ? `${config.endpoint.url}/_alb/${loadBalancerName}` : this.loadBalancer.url;

    const history = new ContainerService(this, 'History', {
      vpc: network.vpc,
      vpcSubnets: network.privateSubnets,
      image: image.image,
      architecture: image.architecture,
      listener: this.loadBalancer.listener,
      paths: ['/history/*'],
      ...config.service,
      environment: { SERVED_BY: config.id },
      logRetention: config.logRetentionDays,
      removalPolicy: config.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });

    new CfnOutput(this, 'LoadBalancerUrl', { value: this.url, description: 'Internal load balancer, from in the VPC' });
    new CfnOutput(this, 'LoadBalancerName', { value: loadBalancerName, description: 'Name of the load balancer' });
    new CfnOutput(this, 'LoadBalancerArn', { value: loadBalancerArn, description: 'ARN of the load balancer' });
    new CfnOutput(this, 'TargetGroupArn', {
      value: history.targetGroup.targetGroupArn,
      description: 'Target group of the container service',
    });
    new CfnOutput(this, 'ClusterName', { value: history.cluster.clusterName, description: 'ECS cluster' });
    new CfnOutput(this, 'ServiceName', { value: history.service.serviceName, description: 'ECS service' });
    new CfnOutput(this, 'RedeployCommand', {
      value: `aws ecs update-service --cluster ${history.cluster.clusterName} --service ${history.service.serviceName} --force-new-deployment`,
      description: 'Replaces all tasks, one healthy set after the other',
    });
  }

  private accessLogs(days: number): s3.Bucket {
    return new s3.Bucket(this, 'AccessLogs', {
      encryption: s3.BucketEncryption.S3_MANAGED, // the only kind that load balancers write to
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [{ expiration: Duration.days(days) }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}
