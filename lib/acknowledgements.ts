import { Validations } from 'aws-cdk-lib';
import { Construct, IConstruct } from 'constructs';

interface Acknowledgement {
  /**
   * Path of a construct below the stage. The acknowledgement also holds for the constructs below it. A `*` stands for any
   * characters of one id, such as the id of any service or of any stack of services.
   */
  readonly path: string;
  /**
   * Rules without the prefix `AwsSolutions-`. `<region>` and `<environment>` stand for the region and the name of the
   * environment. A rule of the validation of templates has the prefix `CloudFormation-Validate::`.
   */
  readonly rules: readonly string[];
  readonly reason: string;
}

// Construct ids from @cdklabs/deploy-time-build.
const BUILD_TRIGGER = 'DeployTimeBuildCustomResourceHandlerdb740fd554364a848a09e6dfcd01f4f3';
const BUILD_PROJECT = 'ContainerImageBuildArm64e83729feb1564e709bec452b15847a30amd64';

// Logical id, without its hash, of the function that applies manifests to the cluster.
const KUBECTL_HANDLER = 'ClusterKubectlProviderHandler';

// Logical id of the WebSocket API.
const SESSIONS_API = 'SessionsApi095F4BA7';

/**
 * Rules of cdk-nag's AwsSolutions pack that constructs break on purpose: the construct, the rules and the reason. A test fails
 * if a finding has no entry, and if no finding needs an entry.
 */
export const acknowledgements: readonly Acknowledgement[] = [
  {
    path: 'Network/Network',
    rules: ['EC28'],
    reason:
      'NAT instance: detailed monitoring is billed, and low cost is the purpose of this egress; basic metrics stay.',
  },
  {
    path: 'Network/Network',
    rules: ['EC29'],
    reason: 'NAT instance: holds no state, and termination protection would make cdk destroy fail.',
  },
  {
    path: 'Containers*/Default',
    rules: ['ECS4'],
    reason:
      'Basic observability: Container Insights is billed by metric and this environment leaves it out; the free metrics of ECS on CPU and memory stay.',
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
    reason: 'The project writes the streams of its own log group and its own report groups.',
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
    reason: 'ecr:GetAuthorizationToken supports no resources; pulling and pushing is limited to one repository.',
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
      'Internal load balancer of an environment without loadBalancer.accessLogDays: API Gateway logs every request from ' +
      'outside, and the function and the service log their requests.',
  },
  {
    path: 'Containers*/AccessLogs',
    rules: ['S1'],
    reason:
      'The bucket holds access logs; a log of the access to them would need another bucket, which has the same finding.',
  },
  {
    path: 'Containers*/*/TaskDefinition',
    rules: ['ECS2'],
    reason: 'The variables are port, time limits and the name of the environment, which are not secret.',
  },
  {
    path: 'Containers*/*/TaskDefinition',
    rules: ['IAM5[Resource::*]'],
    reason:
      'ecr:GetAuthorizationToken supports no resources; pulling is limited to one repository. ' +
      'With tracing, xray:PutTraceSegments and xray:PutTelemetryRecords know no resources.',
  },
  {
    path: 'Containers*/Instances/InstanceRole',
    rules: [managedPolicy('AmazonSSMManagedInstanceCore')],
    reason: 'Session Manager replaces key pairs and open ports; AWS documents no narrower policy for it.',
  },
  {
    path: 'Containers*/Instances/InstanceRole',
    rules: ['IAM5[Resource::*]'],
    reason:
      'ecs:DiscoverPollEndpoint supports no resources; the other rights are for container instances, whose ids are not ' +
      'known at deploy time, and a condition limits them to one cluster.',
  },
  {
    path: 'Containers*/Instances/Group',
    rules: ['AS3'],
    reason: 'Instances start and end with tasks, many times a day: so many notifications would be ignored.',
  },
  {
    path: 'Containers*/Instances/Group',
    rules: ['EC26'],
    reason:
      'The rule cannot read a group whose launch template is in a mixed instances policy. The volume of the template is ' +
      'encrypted, and a test checks this.',
  },
  {
    path: 'Containers*/Instances/ForceDelete',
    rules: [
      'IAM5[Resource::arn:aws:autoscaling:<region>:<AWS::AccountId>:autoScalingGroup:*:autoScalingGroupName/<InstancesGroupASG9A25D793>]',
    ],
    reason:
      'The right is for one group by its name; the wildcard stands for the id that EC2 Auto Scaling gives the group.',
  },
  {
    path: 'Containers*/AWS679f53fac002430cb0da5b7982bd2287',
    rules: [managedPolicy('service-role/AWSLambdaBasicExecutionRole')],
    reason: 'Lets the function of AwsCustomResource write its own logs; its other right is to delete one group.',
  },
  {
    path: 'Function/Quotes',
    rules: [
      managedPolicy('service-role/AWSLambdaBasicExecutionRole'),
      managedPolicy('service-role/AWSLambdaVPCAccessExecutionRole'),
    ],
    reason:
      'Lets the function write its own logs, and lets Lambda create and delete its network interfaces. Interfaces that are ' +
      'not deleted block the deletion of the VPC; Lambda documents no narrower policy that deletes them reliably.',
  },
  {
    path: 'Function/Quotes',
    rules: ['IAM5[Resource::*]'],
    reason: 'xray:PutTraceSegments and xray:PutTelemetryRecords know no resources.',
  },
  {
    path: 'Kubernetes/Cluster/Cluster',
    rules: [managedPolicy('AmazonEKSClusterPolicy')],
    reason: 'EKS documents this policy for the role of the control plane, and no narrower policy.',
  },
  {
    path: 'Kubernetes/Cluster/Cluster',
    rules: ['CloudFormation-Validate::W9009'],
    reason: 'The CDK always writes EncryptionConfig.Resources, for which "secrets" is the only value.',
  },
  {
    path: 'Kubernetes/Cluster/Cluster/KubectlProvider',
    rules: [
      managedPolicy('service-role/AWSLambdaBasicExecutionRole'),
      managedPolicy('service-role/AWSLambdaVPCAccessExecutionRole'),
    ],
    reason: 'Lets the functions that apply manifests during deployments have their own logs and network interfaces.',
  },
  {
    path: 'Kubernetes/Cluster/Cluster/KubectlProvider/Handler',
    rules: [
      managedPolicy('AmazonEC2ContainerRegistryReadOnly'),
      `IAM4[Policy::{"Fn::If":["${KUBECTL_HANDLER}HasEcrPublic6FE395CA",{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":iam::aws:policy/AmazonElasticContainerRegistryPublicReadOnly"]]},{"Ref":"AWS::NoValue"}]}]`,
    ],
    reason: 'The CDK gives the function these policies for charts in a registry; they are read only.',
  },
  {
    path: 'Kubernetes/Cluster/Cluster/KubectlProvider/Handler',
    rules: ['L1'],
    reason: 'The runtime (a supported Python) is chosen and tested by the CDK; it runs during deployments only.',
  },
  {
    path: 'Kubernetes/Cluster/Cluster/KubectlProvider/Provider',
    rules: [`IAM5[Resource::<${KUBECTL_HANDLER}93C0312D.Arn>:*]`],
    reason: 'The right is for the versions of one function, which applies manifests.',
  },
  {
    path: 'Kubernetes/Cluster/Sweep',
    rules: ['IAM5[Resource::arn:aws:logs:<region>:<AWS::AccountId>:log-group:/aws/eks/kumiki-<environment>/cluster:*]'],
    reason: 'The right is for one log group by its name; policies of CloudWatch Logs need the wildcard after the name.',
  },
  {
    path: 'Kubernetes/Nodes/Role',
    rules: [
      managedPolicy('AmazonEKSWorkerNodePolicy'),
      managedPolicy('AmazonEC2ContainerRegistryPullOnly'),
      managedPolicy('AmazonSSMManagedInstanceCore'),
    ],
    reason: 'EKS documents these policies as the minimum for nodes; Session Manager replaces key pairs and open ports.',
  },
  {
    path: 'Kubernetes/AddOns/CniRole',
    rules: [managedPolicy('AmazonEKS_CNI_Policy')],
    reason:
      'AWS documents this policy for the VPC CNI. Only its service account has the role; nodes and other pods do not.',
  },
  {
    path: 'Kubernetes/AddOns/ObservabilityRole',
    rules: ['IAM5[Resource::*]'],
    reason:
      'ec2:DescribeTags, ec2:DescribeVolumes and cloudwatch:PutMetricData support no resources; metrics are limited to the namespace ' +
      'ContainerInsights, and logs to the four log groups.',
  },
  {
    path: 'Function/Release/Group/ServiceRole',
    rules: [managedPolicy('service-role/AWSCodeDeployRoleForLambdaLimited')],
    reason:
      'AWS documents this policy for CodeDeploy with Lambda: reading alarms, and reading and updating aliases. The permissions ' +
      'belong to the service and change with it.',
  },
  {
    path: 'Kubernetes/Autoscaler/Role',
    rules: ['IAM5[Resource::*]'],
    reason:
      'The reading actions support no resources; the actions that change a group are conditioned on the tag with which EKS ' +
      'marks the groups of this cluster.',
  },
  {
    path: 'Kubernetes/Exposure',
    rules: [
      'IAM5[Resource::arn:aws:eks:<region>:<AWS::AccountId>:nodegroup/kumiki-<environment>/*]',
      'IAM5[Resource::arn:aws:autoscaling:<region>:<AWS::AccountId>:autoScalingGroup:*:autoScalingGroupName/eks-*]',
    ],
    reason:
      'The rights are for node groups of one cluster and for their Auto Scaling groups, whose names EKS chooses; a condition ' +
      'requires the tag with the name of the cluster.',
  },
  {
    path: 'Kubernetes/AWS679f53fac002430cb0da5b7982bd2287',
    rules: [managedPolicy('service-role/AWSLambdaBasicExecutionRole')],
    reason: 'Lets the function of AwsCustomResource write its own logs; its other right is to attach one group.',
  },
  {
    path: 'RestApi/ApiAccount',
    rules: [managedPolicy('service-role/AmazonAPIGatewayPushToCloudWatchLogs')],
    reason: 'API Gateway documents this policy for the role through which it writes the logs of the account.',
  },
  {
    path: 'RestApi/AWS679f53fac002430cb0da5b7982bd2287',
    rules: [managedPolicy('service-role/AWSLambdaBasicExecutionRole')],
    reason: 'Lets the function of AwsCustomResource write its own logs; its other right is the PATCH of one stage.',
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
      'The stage admits only callers with IAM rights, and throttles them. restApi.webAclArn associates the web ACL of an ' +
      'organisation.',
  },
  {
    path: 'Sleep/Sleep/StateMachine',
    rules: ['IAM5[Resource::*]'],
    reason:
      'elasticloadbalancing:DescribeTargetHealth, the delivery of logs and X-Ray know no resources, CloudWatch returns composite ' +
      'alarms only to a permission for all alarms, and Application Auto Scaling tries PutMetricAlarm, DescribeAlarms and ' +
      'DeleteAlarms without a name before it suspends a target. The definition of the state machine writes and deletes no alarm.',
  },
  {
    path: 'Sleep/Sleep/StateMachine',
    rules: ['SF2'],
    reason:
      'Basic observability: X-Ray is billed by trace and this environment leaves it out; the history and the log of each run stay.',
  },
  {
    path: 'Sleep/Sleep/StateMachine',
    rules: [
      'IAM5[Resource::arn:aws:cloudwatch:<region>:<AWS::AccountId>:alarm:Kumiki-<environment>-*]',
      'IAM5[Resource::arn:aws:eks:<region>:<AWS::AccountId>:nodegroup/kumiki-<environment>/*]',
    ],
    reason:
      'The alarms of this environment, and the node groups of its cluster, whose ids are not known at deploy time.',
  },
  {
    path: 'Sleep/Sleep/StateMachine',
    rules: ['IAM5[Resource::arn:aws:application-autoscaling:<region>:<AWS::AccountId>:scalable-target/*]'],
    reason:
      'The ids of scalable targets are not known at deploy time; suspending one changes no bound and no capacity.',
  },
  {
    path: 'WebSocketApi/State',
    rules: ['DDB3'],
    reason:
      'Disposable environments only: sessions last for two hours, and clients that reconnect create them again. ' +
      'In other environments the table has point-in-time recovery.',
  },
  {
    path: 'WebSocketApi/Sessions/Api',
    rules: ['APIG4'],
    reason:
      'Callers are authorised by IAM (SigV4) at $connect, the only route of a WebSocket API that supports an authorizer; ' +
      'the other routes serve connections that were authorised.',
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
    reason:
      'Connection ids are not known at deploy time: the right is to send (POST) to connections of this stage only.',
  },
];

/** Applies the acknowledgements to the constructs of a stage. Entries for parts that are switched off match no construct. */
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

/** Full id of a rule of an acknowledgement in an environment. */
export function ruleId(rule: string, environment: string, region: string): string {
  const id = rule.replaceAll('<region>', region).replaceAll('<environment>', environment);
  return id.startsWith('CloudFormation-Validate::') ? id : `AwsSolutions::AwsSolutions-${id}`;
}

function managedPolicy(name: string): string {
  return `IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${name}]`;
}
