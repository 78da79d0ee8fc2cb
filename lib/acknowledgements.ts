import { Validations } from 'aws-cdk-lib';
import { Construct, IConstruct } from 'constructs';

interface Acknowledgement {
  /** Path below the stage, with everything below it. A `*` stands for any characters of one id: of any service, of any stack of services. */
  readonly path: string;
  /**
   * Without the prefix `AwsSolutions-`; `<region>` and `<environment>` stand for those of the stage. A rule of the validation
   * of templates has its prefix `CloudFormation-Validate::`.
   */
  readonly rules: readonly string[];
  readonly reason: string;
}

// Ids that @cdklabs/deploy-time-build gives its parts.
const BUILD_TRIGGER = 'DeployTimeBuildCustomResourceHandlerdb740fd554364a848a09e6dfcd01f4f3';
const BUILD_PROJECT = 'ContainerImageBuildArm64e83729feb1564e709bec452b15847a30amd64';

// Logical id of the function that applies manifests to the cluster, without its hash.
const KUBECTL_HANDLER = 'ClusterKubectlProviderHandler';

// Logical id of the WebSocket API.
const SESSIONS_API = 'SessionsApi095F4BA7';

/**
 * Every rule of cdk-nag's AwsSolutions pack that something here breaks on purpose: where, which, and why that is all
 * right. A test fails for a finding that is not here, and for an entry that nothing needs.
 */
export const acknowledgements: readonly Acknowledgement[] = [
  {
    path: 'Network/Network',
    rules: ['EC28'],
    reason:
      'NAT instance: detailed monitoring is billed, and this egress is for those who count cents; basic metrics stay.',
  },
  {
    path: 'Network/Network',
    rules: ['EC29'],
    reason: 'NAT instance: holds no state, and termination protection would make cdk destroy fail.',
  },
  {
    path: `Containers*/${BUILD_TRIGGER}`,
    rules: [managedPolicy('service-role/AWSLambdaBasicExecutionRole')],
    reason: 'Role of deploy-time-build: the managed policy lets it write its own logs and nothing else.',
  },
  {
    path: `Containers*/${BUILD_TRIGGER}`,
    rules: ['L1'],
    reason:
      'The runtime (Node.js 22, supported) is chosen and tested by deploy-time-build; it runs during deployments only.',
  },
  {
    path: `Containers*/${BUILD_PROJECT}`,
    rules: [managedPolicy('AmazonElasticContainerRegistryPublicReadOnly')],
    reason: 'Lets the build pull the base image from the public gallery, read only.',
  },
  {
    path: `Containers*/${BUILD_PROJECT}`,
    rules: [
      `IAM5[Resource::arn:aws:logs:<region>:<AWS::AccountId>:log-group:/aws/codebuild/<${BUILD_PROJECT}C13E3549>:*]`,
      `IAM5[Resource::arn:aws:codebuild:<region>:<AWS::AccountId>:report-group/<${BUILD_PROJECT}C13E3549>-*]`,
    ],
    reason: 'The streams of its own log group and its own report groups.',
  },
  {
    path: `Containers*/${BUILD_PROJECT}`,
    rules: [
      'IAM5[Action::s3:GetBucket*]',
      'IAM5[Action::s3:GetObject*]',
      'IAM5[Action::s3:List*]',
      'IAM5[Resource::arn:aws:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<region>/*]',
    ],
    reason: 'Reads its source from the assets bucket of the CDK bootstrap, which holds nothing but deployed sources.',
  },
  {
    path: `Containers*/${BUILD_PROJECT}`,
    rules: ['IAM5[Resource::*]'],
    reason: 'ecr:GetAuthorizationToken knows no resources; pulling and pushing is limited to the one repository.',
  },
  {
    path: `Containers*/${BUILD_PROJECT}`,
    rules: ['CB4'],
    reason: 'The project has no artifacts to encrypt: its only output is the image, encrypted by the repository.',
  },
  {
    path: 'Containers*/LoadBalancer',
    rules: ['ELB2'],
    reason:
      'Internal load balancer of an environment without loadBalancer.accessLogDays: API Gateway logs each request from ' +
      'outside, the function and the service log each of theirs.',
  },
  {
    path: 'Containers*/AccessLogs',
    rules: ['S1'],
    reason: 'The bucket holds access logs; logging the access to them would need another bucket, and so on.',
  },
  {
    path: 'Containers*/*/TaskDefinition',
    rules: ['ECS2'],
    reason: 'Port, time limits and the name of the environment: nothing secret, and part of what is deployed.',
  },
  {
    path: 'Containers*/*/TaskDefinition',
    rules: ['IAM5[Resource::*]'],
    reason: 'ecr:GetAuthorizationToken knows no resources; pulling is limited to the one repository.',
  },
  {
    path: 'Containers*/Instances/InstanceRole',
    rules: [managedPolicy('AmazonSSMManagedInstanceCore')],
    reason: 'Session Manager in place of key pairs and open ports; AWS documents no narrower form of its policy.',
  },
  {
    path: 'Containers*/Instances/InstanceRole',
    rules: ['IAM5[Resource::*]'],
    reason:
      'ecs:DiscoverPollEndpoint knows no resources; the other rights are for container instances, whose ids are not ' +
      'known before, and conditioned on the one cluster.',
  },
  {
    path: 'Containers*/Instances/Group',
    rules: ['AS3'],
    reason: 'Instances come and go with tasks, many times a day: a notification of each would teach to ignore them.',
  },
  {
    path: 'Containers*/Instances/Group',
    rules: ['EC26'],
    reason:
      'The rule fails to read a group whose launch template is in a mixed instances policy. The volume in it is encrypted, ' +
      'and a test says so.',
  },
  {
    path: 'Containers*/Instances/ForceDelete',
    rules: [
      'IAM5[Resource::arn:aws:autoscaling:<region>:<AWS::AccountId>:autoScalingGroup:*:autoScalingGroupName/<InstancesGroupASG9A25D793>]',
    ],
    reason: 'The one group by its name; the wildcard stands for the id that EC2 Auto Scaling gives it.',
  },
  {
    path: 'Containers*/AWS679f53fac002430cb0da5b7982bd2287',
    rules: [managedPolicy('service-role/AWSLambdaBasicExecutionRole')],
    reason: 'Function of AwsCustomResource: lets it write its own logs; its other right is to delete one group.',
  },
  {
    path: 'Function/Quotes',
    rules: [
      managedPolicy('service-role/AWSLambdaBasicExecutionRole'),
      managedPolicy('service-role/AWSLambdaVPCAccessExecutionRole'),
    ],
    reason:
      'Write its own logs, create and delete its network interfaces. Without the latter they outlive the function and ' +
      'hold up the deletion of the VPC; Lambda documents no narrower form that deletes them reliably.',
  },
  {
    path: 'Function/Quotes',
    rules: ['IAM5[Resource::*]'],
    reason: 'xray:PutTraceSegments and xray:PutTelemetryRecords know no resources.',
  },
  {
    path: 'Kubernetes/Cluster/Cluster',
    rules: [managedPolicy('AmazonEKSClusterPolicy')],
    reason: 'Role of the control plane: the policy that EKS documents for it; there is no narrower form.',
  },
  {
    path: 'Kubernetes/Cluster/Cluster',
    rules: ['CloudFormation-Validate::W9009'],
    reason:
      'The CDK always writes what is encrypted (EncryptionConfig.Resources), of which "secrets" is the only value.',
  },
  {
    path: 'Kubernetes/Cluster/Cluster/KubectlProvider',
    rules: [
      managedPolicy('service-role/AWSLambdaBasicExecutionRole'),
      managedPolicy('service-role/AWSLambdaVPCAccessExecutionRole'),
    ],
    reason: 'Functions that apply manifests during deployments: their own logs and network interfaces.',
  },
  {
    path: 'Kubernetes/Cluster/Cluster/KubectlProvider/Handler',
    rules: [
      managedPolicy('AmazonEC2ContainerRegistryReadOnly'),
      `IAM4[Policy::{"Fn::If":["${KUBECTL_HANDLER}HasEcrPublic6FE395CA",{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":iam::aws:policy/AmazonElasticContainerRegistryPublicReadOnly"]]},{"Ref":"AWS::NoValue"}]}]`,
    ],
    reason: 'Given by the CDK for charts that are in a registry; read only.',
  },
  {
    path: 'Kubernetes/Cluster/Cluster/KubectlProvider/Handler',
    rules: ['L1'],
    reason: 'The runtime (a supported Python) is chosen and tested by the CDK; it runs during deployments only.',
  },
  {
    path: 'Kubernetes/Cluster/Cluster/KubectlProvider/Provider',
    rules: [`IAM5[Resource::<${KUBECTL_HANDLER}93C0312D.Arn>:*]`],
    reason: 'The versions of the one function that applies manifests.',
  },
  {
    path: 'Kubernetes/Cluster/Sweep',
    rules: ['IAM5[Resource::arn:aws:logs:<region>:<AWS::AccountId>:log-group:/aws/eks/kumiki-<environment>/cluster:*]'],
    reason: 'One log group by its name; the wildcard is how CloudWatch Logs has log groups written in policies.',
  },
  {
    path: 'Kubernetes/Nodes/Role',
    rules: [
      managedPolicy('AmazonEKSWorkerNodePolicy'),
      managedPolicy('AmazonEC2ContainerRegistryPullOnly'),
      managedPolicy('AmazonSSMManagedInstanceCore'),
    ],
    reason: 'The minimum that EKS documents for nodes, and Session Manager in place of key pairs and open ports.',
  },
  {
    path: 'Kubernetes/AddOns/CniRole',
    rules: [managedPolicy('AmazonEKS_CNI_Policy')],
    reason:
      'The policy that AWS documents for the VPC CNI, for its service account only: nodes and other pods are without.',
  },
  {
    path: 'Kubernetes/AddOns/ObservabilityRole',
    rules: ['IAM5[Resource::*]'],
    reason: 'ec2:DescribeTags and ec2:DescribeVolumes know no resources; writing is limited to the four log groups.',
  },
  {
    path: 'Kubernetes/Autoscaler/Role',
    rules: ['IAM5[Resource::*]'],
    reason:
      'What reads knows no resources; what changes a group is conditioned on the tag by which EKS says that the group ' +
      'belongs to this cluster.',
  },
  {
    path: 'Kubernetes/Exposure',
    rules: [
      'IAM5[Resource::arn:aws:eks:<region>:<AWS::AccountId>:nodegroup/kumiki-<environment>/*]',
      'IAM5[Resource::arn:aws:autoscaling:<region>:<AWS::AccountId>:autoScalingGroup:*:autoScalingGroupName/eks-*]',
    ],
    reason:
      'Node groups of the one cluster, and their groups: names that EKS makes, conditioned on the tag with its name.',
  },
  {
    path: 'Kubernetes/AWS679f53fac002430cb0da5b7982bd2287',
    rules: [managedPolicy('service-role/AWSLambdaBasicExecutionRole')],
    reason: 'Function of AwsCustomResource: lets it write its own logs; its other right is to attach one group.',
  },
  {
    path: 'RestApi/ApiAccount',
    rules: [managedPolicy('service-role/AmazonAPIGatewayPushToCloudWatchLogs')],
    reason: 'The policy that API Gateway documents for the role through which it writes logs for the whole account.',
  },
  {
    path: 'RestApi/AWS679f53fac002430cb0da5b7982bd2287',
    rules: [managedPolicy('service-role/AWSLambdaBasicExecutionRole')],
    reason: 'Function of AwsCustomResource: lets it write its own logs; its other right is the PATCH of one stage.',
  },
  {
    path: 'RestApi/Quotes',
    rules: ['COG4'],
    reason: 'Callers are authorised by IAM (SigV4) on every method; a user pool is for people who sign in.',
  },
  {
    path: 'RestApi/Quotes',
    rules: ['APIG3'],
    reason:
      'Only callers with IAM rights get past the stage, and it throttles them. restApi.webAclArn associates a web ACL ' +
      'where an organisation has one.',
  },
  {
    path: 'WebSocketApi/State',
    rules: ['DDB3'],
    reason:
      'Disposable environments only: sessions live for two hours, and clients that reconnect write them anew. ' +
      'Elsewhere the table has point-in-time recovery.',
  },
  {
    path: 'WebSocketApi/Sessions/Api',
    rules: ['APIG4'],
    reason:
      'Callers are authorised by IAM (SigV4) at $connect, the only route of a WebSocket API that takes an authorizer; ' +
      'the others serve connections that have passed it.',
  },
  {
    path: 'WebSocketApi/Sessions/Handler',
    rules: [managedPolicy('service-role/AWSLambdaBasicExecutionRole')],
    reason: 'Lets the function write its own logs and nothing else.',
  },
  {
    path: 'WebSocketApi/Sessions/Handler',
    rules: ['IAM5[Resource::*]'],
    reason: 'xray:PutTraceSegments and xray:PutTelemetryRecords know no resources.',
  },
  {
    path: 'WebSocketApi/Ticker/Function',
    rules: [managedPolicy('service-role/AWSLambdaBasicExecutionRole')],
    reason: 'Lets the function write its own logs and nothing else.',
  },
  {
    path: 'WebSocketApi/Ticker/Function',
    rules: ['IAM5[Resource::*]'],
    reason: 'xray:PutTraceSegments and xray:PutTelemetryRecords know no resources.',
  },
  {
    path: 'WebSocketApi/Ticker/Function',
    rules: [`IAM5[Resource::arn:aws:execute-api:<region>:<AWS::AccountId>:<${SESSIONS_API}>/v1/POST/@connections/*]`],
    reason: 'Connections are not known before they are there: the right is to send (POST) to those of this stage only.',
  },
];

/** Acknowledges what of the above is there in a stage: parts that are switched off break no rule. */
export function acknowledge(stage: Construct, region: string): void {
  for (const { path, rules, reason } of acknowledgements) {
    for (const construct of constructsAt(path, stage)) {
      Validations.of(construct).acknowledge(
        ...rules.map((rule) => ({ id: ruleId(rule, stage.node.id, region), reason })),
      );
    }
  }
}

function constructsAt(path: string, stage: Construct): readonly IConstruct[] {
  return path.split('/').reduce<readonly IConstruct[]>(
    (parents, pattern) => {
      if (!pattern.includes('*')) return parents.flatMap((parent) => parent.node.tryFindChild(pattern) ?? []);
      const id = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
      return parents.flatMap((parent) => parent.node.children.filter((child) => id.test(child.node.id)));
    },
    [stage],
  );
}

/** Full id of a rule of the above in an environment. */
export function ruleId(rule: string, environment: string, region: string): string {
  const id = rule.replaceAll('<region>', region).replaceAll('<environment>', environment);
  return id.startsWith('CloudFormation-Validate::') ? id : `AwsSolutions::AwsSolutions-${id}`;
}

function managedPolicy(name: string): string {
  return `IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${name}]`;
}
