import { Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, IConstruct } from 'constructs';

/**
 * The names that an `@example` uses without declaring them. Each construct is created when the example reads its name.
 *
 * In an example, `this` is a stack. Imports are left out: a module of aws-cdk-lib has its usual name (`ec2` is
 * `aws-cdk-lib/aws-ec2`), and the names of aws-cdk-lib itself, such as `Duration`, stand alone.
 */
export class ExamplePreamble {
  private createdVpc?: ec2.IVpc;

  constructor(private readonly stack: Stack) {}

  /** Public and private subnets in two zones. */
  get vpc(): ec2.IVpc {
    this.createdVpc ??= new ec2.Vpc(this.stack, 'PreambleVpc', { maxAzs: 2 });
    return this.createdVpc;
  }

  /** The bundled code of a function. */
  get code(): lambda.Code {
    return lambda.Code.fromInline('exports.handler = async () => {};');
  }

  /** The alias of a function that callers invoke. */
  get live(): lambda.IAlias {
    const runtime = lambda.Runtime.NODEJS_24_X;
    const quotes = new lambda.Function(this.stack, 'PreambleFunction', {
      code: this.code,
      handler: 'index.handler',
      runtime,
    });
    return quotes.addAlias('live');
  }

  /** An internal load balancer. */
  get loadBalancer(): elbv2.IApplicationLoadBalancer {
    return new elbv2.ApplicationLoadBalancer(this.stack, 'PreambleLoadBalancer', { vpc: this.vpc });
  }

  /** The listener of an internal load balancer. */
  get listener(): elbv2.IApplicationListener {
    const name = 'app/internal/50dc6c495c0c9188';
    return elbv2.ApplicationListener.fromApplicationListenerAttributes(this.stack, 'PreambleListener', {
      listenerArn: `arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/${name}/f2f7dc8efc522ab2`,
      securityGroup: ec2.SecurityGroup.fromSecurityGroupId(this.stack, 'PreambleListenerGroup', 'sg-12345678'),
    });
  }

  /** A VPC link V2 to the VPC of the load balancer. */
  get vpcLink(): apigatewayv2.IVpcLink {
    return new apigatewayv2.VpcLink(this.stack, 'PreambleLink', { vpc: this.vpc });
  }

  /** The stage of a REST API. */
  get stage(): apigateway.Stage {
    const api = new apigateway.RestApi(this.stack, 'PreambleApi', { cloudWatchRole: false });
    api.root.addMethod('GET');
    return api.deploymentStage;
  }

  /** An ECS cluster. */
  get ecsCluster(): ecs.ICluster {
    return new ecs.Cluster(this.stack, 'PreambleEcsCluster', { vpc: this.vpc });
  }

  /** A repository with images. */
  get repository(): ecr.IRepository {
    return new ecr.Repository(this.stack, 'PreambleRepository');
  }

  /** An EKS cluster with the name `shop`. */
  get cluster(): eks.ICluster {
    return eks.Cluster.fromClusterAttributes(this.stack, 'PreambleCluster', {
      clusterName: 'shop',
      vpc: this.vpc,
      clusterSecurityGroupId: 'sg-12345678',
      kubectlProvider: eks.KubectlProvider.fromKubectlProviderAttributes(this.stack, 'PreambleKubectl', {
        serviceToken: 'arn:aws:lambda:us-east-1:111122223333:function:kubectl',
      }),
    });
  }

  /** The nodes of that cluster. */
  get nodes(): IConstruct {
    return new Construct(this.stack, 'PreambleNodes');
  }

  /** kubectl and helm in the minor version of that cluster, as from `@aws-cdk/lambda-layer-kubectl-v36`. */
  get kubectlLayer(): lambda.ILayerVersion {
    const arn = 'arn:aws:lambda:us-east-1:111122223333:layer:kubectl:1';
    return lambda.LayerVersion.fromLayerVersionArn(this.stack, 'PreambleLayer', arn);
  }
}
