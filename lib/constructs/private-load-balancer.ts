import { Duration } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, IConstruct } from 'constructs';

export interface PrivateLoadBalancerProps {
  readonly vpc: ec2.IVpc;

  /** Private subnets, in at least two availability zones. */
  readonly vpcSubnets: ec2.SubnetSelection;

  /**
   * Listen with HTTPS, and only so. `hostName` is a name in the certificate that resolves to the load balancer for its
   * callers, as by an alias record in a private hosted zone; the load balancer's own name is in no certificate.
   *
   * @default HTTP on port 80, inside the VPC
   */
  readonly https?: { readonly certificate: acm.ICertificate; readonly hostName: string };

  /**
   * Bucket for access logs, in the region of the load balancer and encrypted with SSE-S3: log delivery accepts no KMS key.
   * The stack has to name its region.
   *
   * @default no access logs
   * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
   */
  readonly accessLogs?: s3.IBucket;

  /** Security group of the load balancer. @default a group of its own that lets nothing in or out until callers and targets are allowed */
  readonly securityGroup?: ec2.ISecurityGroup;

  /** Refuse to delete the load balancer, by `cdk destroy` too, until this is switched off. @default false */
  readonly deletionProtection?: boolean;
}

/** An internal load balancer with one listener, as its callers and its targets need to know it. */
export interface IPrivateLoadBalancer extends IConstruct, ec2.IConnectable {
  readonly loadBalancer: elbv2.IApplicationLoadBalancer & Pick<elbv2.ApplicationLoadBalancer, 'loadBalancerFullName'>;
  /** The only listener. Services add their rules to it. */
  readonly listener: elbv2.IApplicationListener;
  /** Address for callers, without a slash at the end. */
  readonly url: string;
  /**
   * Lets a caller open connections to the listener: ingress here, egress there. `other` may be in this stack or in one
   * that depends on it. Both rules are then created in the caller's stack, so that this stack does not depend on the caller's.
   *
   * @param description of the rules, as in "REST API through the VPC link"
   */
  allowFrom(other: ec2.IConnectable, description: string): void;
}

/**
 * An internal Application Load Balancer that several callers share: a function in the VPC, REST and HTTP APIs through a
 * VPC link. Nobody reaches it until `allowFrom` says so, and it reaches nothing but the targets that services register.
 *
 * A request that no rule of a service matches is answered 404 with a JSON body.
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
      // Twice as long as API Gateway waits for an answer. Targets have to keep idle connections longer than this, or callers
      // get a 502 whenever a target closes a connection that is about to be used (Node's default is 5 s).
      idleTimeout: Duration.seconds(60),
      // One request is smuggled inside another by means of headers that HTTP servers read in different ways.
      dropInvalidHeaderFields: true,
      desyncMitigationMode: elbv2.DesyncMitigationMode.DEFENSIVE,
      deletionProtection: props.deletionProtection ?? false,
    });
    if (props.accessLogs) this.loadBalancer.logAccessLogs(props.accessLogs);

    this.listener = this.loadBalancer.addListener('Listener', {
      port: this.port,
      protocol: https ? elbv2.ApplicationProtocol.HTTPS : elbv2.ApplicationProtocol.HTTP,
      certificates: https && [https.certificate],
      // The policy that the feature flag usePostQuantumTlsPolicy sets, for apps that have no flags.
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
