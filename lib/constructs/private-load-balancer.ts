// Kumiki 0.1.0, private-load-balancer.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, IConstruct } from 'constructs';

export interface PrivateLoadBalancerProps {
  readonly vpc: ec2.IVpc;

  /** Private subnets in at least two availability zones. */
  readonly vpcSubnets: ec2.SubnetSelection;

  /**
   * Listen with HTTPS only. `hostName` is a name in the certificate that resolves to the load balancer for its callers, such as
   * an alias record in a private hosted zone, because no certificate has the load balancer's own name.
   *
   * @default HTTP on port 80, inside the VPC
   */
  readonly https?: { readonly certificate: acm.ICertificate; readonly hostName: string };

  /**
   * Bucket for access logs, in the region of the load balancer and encrypted with SSE-S3, because log delivery accepts no KMS
   * key. The stack has to have an explicit region.
   *
   * @default no access logs
   * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
   */
  readonly accessLogs?: s3.IBucket;

  /**
   * Security group of the load balancer.
   *
   * @default a new group without rules; `allowFrom` and services add the rules for callers and targets
   */
  readonly securityGroup?: ec2.ISecurityGroup;

  /** Refuse to delete the load balancer, also by `cdk destroy`, until this is switched off. @default false */
  readonly deletionProtection?: boolean;
}

/** An internal load balancer with one listener: the properties that callers and targets need. */
export interface IPrivateLoadBalancer extends IConstruct, ec2.IConnectable {
  readonly loadBalancer: elbv2.IApplicationLoadBalancer & Pick<elbv2.ApplicationLoadBalancer, 'loadBalancerFullName'>;
  /** The only listener. Services add their rules to it. */
  readonly listener: elbv2.IApplicationListener;
  /** Address for callers, without a slash at the end. */
  readonly url: string;
  /**
   * Lets a caller open connections to the listener, by an ingress rule of the load balancer and an egress rule of the caller.
   * The caller may be in this stack, or in a stack that depends on this one. Both rules are created in the caller's stack, so
   * that this stack does not depend on the caller's.
   *
   * @param description of the rules, as in "REST API through the VPC link"
   */
  allowFrom(other: ec2.IConnectable, description: string): void;
}

/**
 * An internal Application Load Balancer that several callers share: a function in the VPC, REST and HTTP APIs through a
 * VPC link. Only callers that `allowFrom` has named reach the load balancer, and the load balancer reaches only the targets
 * that services register.
 *
 * The load balancer answers a request that matches no rule with 404 and a JSON body.
 *
 * @example
 * ```ts
 * const balancer = new PrivateLoadBalancer(this, 'LoadBalancer', {
 *   vpc,
 *   vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
 * });
 * balancer.allowFrom(new PrivateVpcLink(this, 'Link', { vpc }), 'REST API reads the service');
 * new CfnOutput(this, 'Url', { value: balancer.url });
 * ```
 */
export class PrivateLoadBalancer extends Construct implements IPrivateLoadBalancer {
  readonly loadBalancer: elbv2.ApplicationLoadBalancer;
  readonly listener: elbv2.ApplicationListener;
  /** 443 with `https`, otherwise 80. */
  readonly port: number;
  readonly url: string;
  readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: PrivateLoadBalancerProps) {
    super(scope, id);
    const { vpc, vpcSubnets, https } = props;
    this.port = https ? 443 : 80;

    const securityGroup =
      props.securityGroup ??
      new ec2.SecurityGroup(this, 'SecurityGroup', {
        vpc,
        description: 'Internal load balancer',
        allowAllOutbound: false,
      });
    this.connections = new ec2.Connections({
      securityGroups: [securityGroup],
      defaultPort: ec2.Port.tcp(this.port),
    });

    this.loadBalancer = new elbv2.ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc,
      vpcSubnets,
      securityGroup,
      internetFacing: false,
      // Twice the time that API Gateway waits for an answer. Targets have to keep idle connections open for longer. Otherwise
      // callers get a 502 when a target closes a connection that the load balancer is about to use (Node's default is 5 s).
      idleTimeout: Duration.seconds(60),
      // Request smuggling hides a request inside another one, with headers that HTTP servers interpret in different ways.
      dropInvalidHeaderFields: true,
      desyncMitigationMode: elbv2.DesyncMitigationMode.DEFENSIVE,
      deletionProtection: props.deletionProtection ?? false,
    });
    if (props.accessLogs) this.loadBalancer.logAccessLogs(props.accessLogs);

    this.listener = this.loadBalancer.addListener('Listener', {
      port: this.port,
      protocol: https ? elbv2.ApplicationProtocol.HTTPS : elbv2.ApplicationProtocol.HTTP,
      certificates: https && [https.certificate],
      // The feature flag usePostQuantumTlsPolicy would set the same policy. Apps without the flag need it here.
      sslPolicy: https && elbv2.SslPolicy.TLS13_12_PQ,
      open: false,
      defaultAction: elbv2.ListenerAction.fixedResponse(404, {
        contentType: 'application/json',
        messageBody: '{"message":"no such route"}',
      }),
    });
    this.url = https ? `https://${https.hostName}` : `http://${this.loadBalancer.loadBalancerDnsName}`;
  }

  allowFrom(other: ec2.IConnectable, description: string): void {
    other.connections.allowTo(this, ec2.Port.tcp(this.port), description);
  }
}
