import { EnvironmentConfig } from '../../lib/environment-config';
import { kubernetesRelease } from '../../lib/kubernetes-release';
import { manifestsOf, problemsOf, SCHEMA_VERSION } from '../kubernetes/manifests';
import { DIGEST, fixtureOf, withEgress, withServices } from '../support/fixture';
import { resourcesOf, stacksOf, stageOf, synthesized, templatesOf } from '../support/stage';
import { EXISTING_VPC, NOTICE_TOPIC, PAGE_TOPIC, variants } from '../support/variants';

const stages = { trial: stageOf(fixtureOf('trial')), lasting: stageOf(fixtureOf('lasting')) };
const trial = synthesized(fixtureOf('trial'), stages.trial);
const lasting = synthesized(fixtureOf('lasting'), stages.lasting);
const onInstances = withoutInternet({
  ...fixtureOf('trial', { capacity: 'ec2' }),
  notifications: { page: { topicArn: PAGE_TOPIC }, notice: { topicArn: NOTICE_TOPIC } },
});
const text = (templates: typeof trial) => JSON.stringify(Object.values(templates).map((template) => template.toJSON()));

function only(templates: typeof trial, stack: string): typeof trial {
  return Object.fromEntries(Object.entries(templates).filter(([name]) => name === stack));
}

function firstOf(templates: typeof trial, type: string): Record<string, unknown> {
  const found = resourcesOf(templates).find(([, , { Type }]) => Type === type);
  if (found === undefined) throw new Error(`The templates have no resource of type ${type}.`);
  return found[2].Properties ?? {};
}

function typesOf(templates: typeof trial): Set<string> {
  return new Set(resourcesOf(templates).map(([, , { Type }]) => Type));
}

function withoutInternet(config: EnvironmentConfig): typeof trial {
  return synthesized({ ...config, network: withEgress({ mode: 'endpoints' }) });
}

/** Names of the services that have an endpoint in the VPC, sorted. */
function endpointsOf(templates: typeof trial): (string | undefined)[] {
  return resourcesOf(templates)
    .filter(([, , { Type }]) => Type === 'AWS::EC2::VPCEndpoint')
    .map(
      ([, , { Properties }]) =>
        JSON.stringify(Properties?.['ServiceName']).match(
          /\b(ecr\.\w+|logs|s3|dynamodb|ecs-\w+|ecs|ssmmessages|ssm|ec2messages)\b/,
        )?.[0],
    )
    .sort();
}

function withTrial(change: (config: EnvironmentConfig) => Partial<EnvironmentConfig>): typeof trial {
  const config = fixtureOf('trial');
  return synthesized({ ...config, ...change(config) });
}

describe('between stacks', () => {
  test('references are weak, so a stack can change while other stacks refer to it [P4]', () => {
    expect(text(trial)).toContain('Fn::GetStackOutput');
    expect(text(trial)).not.toContain('Fn::ImportValue');
    expect(text(trial)).not.toContain('"Export"');
  });

  test('the function and its security group are in another stack than the network [N1]', () => {
    expect(Object.keys(trial['Function']?.findResources('AWS::EC2::SecurityGroup') ?? {})).toHaveLength(1);
    expect(trial['Network']?.findResources('AWS::Lambda::Function', { Properties: { VpcConfig: {} } })).toEqual({});
  });

  test('each VPC link is in the stack of its API [V4]', () => {
    trial['RestApi']?.resourceCountIs('AWS::ApiGatewayV2::VpcLink', 1);
    trial['RestApi']?.resourceCountIs('AWS::ApiGateway::RestApi', 1);
    trial['HttpApi']?.resourceCountIs('AWS::ApiGatewayV2::VpcLink', 1);
    trial['HttpApi']?.resourceCountIs('AWS::ApiGatewayV2::Api', 1);
  });

  test('no stack has a Network Load Balancer, because its security group would block PrivateLink [V2]', () => {
    const types = resourcesOf(trial)
      .filter(([, , { Type }]) => Type === 'AWS::ElasticLoadBalancingV2::LoadBalancer')
      .map(([, , { Properties }]) => Properties?.['Type']);
    expect(types).toEqual(['application']);
  });

  test('the network is IPv4 only, so no part needs a rule or an option for IPv6 [N4]', () => {
    expect(text(trial)).not.toMatch(/Ipv6(CidrBlock|AllowedForDualStack|Native)|EgressOnlyInternetGateway|CidrIpv6/);
  });

  test('each stack depends on earlier stacks only, so the order of deployment has no cycle', () => {
    // References become dependencies when templates are synthesized, and the templates may come from another test file.
    templatesOf(stages.trial);
    const stacks = Object.values(stacksOf(stages.trial));
    expect(stacks.flatMap(({ dependencies }) => dependencies).length).toBeGreaterThan(5);
    for (const stack of stacks) {
      for (const dependency of stack.dependencies)
        expect(stacks.indexOf(dependency)).toBeLessThan(stacks.indexOf(stack));
    }
  });
});

describe('synthesis', () => {
  test.each(Object.entries(stages))('%s needs no lookup and has no dummy zones [P7]', (_, stage) => {
    const app = stage.node.root;
    if (!('synth' in app) || typeof app.synth !== 'function') throw new Error('The root of the stage is not an App.');
    const assembly = app.synth();
    expect(assembly.manifest.missing).toBeUndefined();
    expect(JSON.stringify(assembly.stacks.map(({ template }: { template: object }) => template))).not.toContain(
      'dummy1',
    );
  });

  test('every subnet is in a zone of the environment [P8]', () => {
    const zones = resourcesOf(trial)
      .filter(([, , { Type }]) => Type === 'AWS::EC2::Subnet')
      .map(([, , { Properties }]) => Properties?.['AvailabilityZone']);
    expect(new Set(zones)).toEqual(new Set(fixtureOf('trial').availabilityZones));
  });

  test('each access log goes to an ARN without a wildcard, because a wildcard would drift for ever [P13]', () => {
    const settings = resourcesOf(trial)
      .filter(([, , { Type }]) => /^AWS::ApiGateway(V2)?::Stage$/.test(Type))
      .map(([, , { Properties }]) =>
        JSON.stringify(Properties?.['AccessLogSetting'] ?? Properties?.['AccessLogSettings']),
      );
    expect(settings).toHaveLength(3);
    for (const setting of settings) {
      expect(setting).toMatch(/"DestinationArn":{"Fn::Join".*log-group:/);
      expect(setting).not.toContain(':*');
    }
  });
});

/** Log groups for which a construct chooses the retention or the deletion policy, each with the reason. */
const CHOSEN_BY_CONSTRUCTS: readonly (readonly [RegExp, { readonly days?: number; readonly policy?: string }])[] = [
  // Container Insights turns its events into metrics, and by default keeps the events for a day.
  [/^Containers\d*\/(History|Instances)Performance/, { days: 1, policy: 'Delete' }],
  // The function empties the default security group of the VPC. Nobody reads its log later.
  [/^Network\/CustomVpcRestrictDefaultSG/, { policy: 'Delete' }],
];

describe('retained resources [P6]', () => {
  const retained = (templates: typeof trial) =>
    resourcesOf(templates)
      .filter(([, , { DeletionPolicy }]) => DeletionPolicy?.startsWith('Retain'))
      .map(([, , { Type }]) => Type);

  test('the trial retains only the role for the logs of API Gateway, because the whole account uses that role [A4]', () => {
    expect(retained(trial).sort()).toEqual(['AWS::ApiGateway::Account', 'AWS::IAM::Role']);
  });

  test('the bucket of access logs stays in the trial, too, because CloudFormation deletes only an empty bucket', () => {
    const config = { ...fixtureOf('trial'), loadBalancer: { accessLogDays: 30 } };
    expect(retained(synthesized(config)).filter((type) => type.startsWith('AWS::S3'))).toEqual(['AWS::S3::Bucket']);
  });

  test('the environment lasting retains images, sessions and logs', () => {
    expect(new Set(retained(lasting))).toEqual(
      new Set(['AWS::DynamoDB::Table', 'AWS::ECR::Repository', 'AWS::Logs::LogGroup', 'AWS::S3::Bucket']),
    );
  });

  test('retained resources of lasting are deleted when their creation fails, because the next try needs their names', () => {
    const policies = resourcesOf(lasting).map(([, , { DeletionPolicy }]) => DeletionPolicy);
    expect(policies).toContain('RetainExceptOnCreate');
    expect(policies).not.toContain('Retain');
    const protections = ['DeletionProtectionEnabled', 'DeletionProtection'];
    for (const [, , { Properties }] of [...resourcesOf(trial), ...resourcesOf(lasting)]) {
      for (const name of protections) expect(Properties?.[name]).not.toBe(true);
    }
  });

  test('the log group of Container Insights has another name each time its stack is created', () => {
    const names = resourcesOf(trial)
      .filter(([, , { Type }]) => Type === 'AWS::Logs::LogGroup')
      .map(([, , { Properties }]) => JSON.stringify(Properties?.['LogGroupName'] ?? ''));
    expect(names.filter((name) => name.includes('containerinsights'))).toEqual([
      expect.stringContaining('{"Ref":"AWS::StackId"}'),
    ]);
    expect(names.filter((name) => name !== '""' && !name.includes('{'))).toEqual([]);
  });

  test.each(Object.entries(variants()))(
    '%s: every log group has the retention and the deletion policy of the environment, or those that its construct chooses',
    (_, config) => {
      const environment = [config.logRetentionDays, config.disposable ? 'Delete' : 'RetainExceptOnCreate'];
      const groups = resourcesOf(synthesized(config)).filter(([, , { Type }]) => Type === 'AWS::Logs::LogGroup');
      expect(groups.length).toBeGreaterThan(4);
      for (const [stack, id, { Properties, DeletionPolicy }] of groups) {
        const chosen = CHOSEN_BY_CONSTRUCTS.find(([pattern]) => pattern.test(`${stack}/${id}`))?.[1] ?? {};
        const [days, policy] = environment;
        expect([`${stack}/${id}`, Properties?.['RetentionInDays'], DeletionPolicy]).toEqual([
          `${stack}/${id}`,
          chosen.days ?? days,
          chosen.policy ?? policy,
        ]);
      }
    },
  );

  test('every function writes to a log group of its stack, because Lambda would create another log group', () => {
    const functions = resourcesOf(trial).filter(([, , { Type }]) => Type === 'AWS::Lambda::Function');
    expect(functions.length).toBeGreaterThan(2);
    const groups = JSON.stringify(resourcesOf(trial).filter(([, , { Type }]) => Type === 'AWS::Logs::LogGroup'));
    const without = functions.filter(
      ([, id, { Properties }]) =>
        !JSON.stringify(Properties?.['LoggingConfig'] ?? {}).includes('LogGroup":') &&
        !groups.includes(`"/aws/lambda/",{"Ref":"${id}"}`),
    );
    expect(without.map(([stack, id]) => `${stack}/${id}`)).toEqual([]);
  });
});

describe('options that are off', () => {
  test('the trial has every part that can be switched off', () => {
    const types = typesOf(trial);
    for (const type of [
      'AWS::EC2::NatGateway',
      'AWS::ApplicationAutoScaling::ScalableTarget',
      'Custom::CacheInvalidationGuard',
      'AWS::CodeBuild::Project',
      'AWS::ECS::ClusterCapacityProviderAssociations',
      'AWS::ApiGateway::Account',
    ]) {
      expect(types).toContain(type);
    }
  });

  test('the egress endpoints has no NAT gateway, and only the endpoints that are needed [N2, N3]', () => {
    const templates = withoutInternet(fixtureOf('trial'));
    for (const type of ['AWS::EC2::NatGateway', 'AWS::EC2::EIP', 'AWS::EC2::InternetGateway', 'AWS::EC2::Instance']) {
      expect(typesOf(templates)).not.toContain(type);
    }
    expect(endpointsOf(templates)).toEqual(['dynamodb', 'ecr.api', 'ecr.dkr', 'logs', 's3']);
  });

  test('the egress none is refused, because ECS could not pull the image', () => {
    expect(() => withTrial(() => ({ network: withEgress({ mode: 'none' }) }))).toThrow(
      /network\.create\.egress: with mode "none", the container services of environment trial cannot reach their images/,
    );
  });

  test('a REST API without cache has no cache cluster, CachingEnabled false on every method, and no guard [A2]', () => {
    const templates = withTrial(({ restApi: { cache: _, ...restApi } }) => ({ restApi }));
    const stage = firstOf(templates, 'AWS::ApiGateway::Stage');
    expect(stage['CacheClusterEnabled']).toBe(false);
    expect(stage['CacheClusterSize']).toBeUndefined();
    const settings = JSON.stringify(stage['MethodSettings']);
    expect(settings.match(/"CachingEnabled":false/g)).toHaveLength(settings.match(/"HttpMethod"/g)?.length ?? 0);
    expect(typesOf(templates)).not.toContain('Custom::CacheInvalidationGuard');
    expect(typesOf(only(templates, 'RestApi'))).not.toContain('AWS::Lambda::Function');
  });

  test.each([
    ['trial', trial],
    ['lasting', lasting],
  ])('the cache of %s keeps an answer, which may be an error, for at most a minute', (_, templates) => {
    const ttls = JSON.stringify(firstOf(templates, 'AWS::ApiGateway::Stage')['MethodSettings']).matchAll(
      /"CacheTtlInSeconds":(\d+)/g,
    );
    const seconds = Array.from(ttls, ([, found]) => Number(found));
    expect(seconds.length).toBeGreaterThan(2);
    expect(Math.max(...seconds)).toBeLessThanOrEqual(60);
  });

  test('a function without provisioned concurrency has no scaling and no alarm for it', () => {
    const templates = withTrial(({ function: { provisionedConcurrency: _, ...rest } }) => ({ function: rest }));
    expect(text(only(templates, 'Function'))).not.toMatch(/ProvisionedConcurrency|ApplicationAutoScaling/);
  });

  test('an image given by digest is not built [F1]', () => {
    expect(typesOf(lasting)).not.toContain('AWS::CodeBuild::Project');
    expect(text(lasting)).toContain('@sha256:0123456789abcdef');
  });

  test('a service without Spot has no capacity provider for Spot', () => {
    const templates = withTrial(() => ({ capacity: { fargate: {} } }));
    expect(text(templates)).not.toContain('FARGATE_SPOT');
  });

  test('the capacity fargate has no instances, and the capacity ec2 has no Fargate', () => {
    expect(typesOf(trial)).not.toContain('AWS::AutoScaling::AutoScalingGroup');
    expect(typesOf(trial)).not.toContain('AWS::EC2::LaunchTemplate');
    expect(text(onInstances)).not.toMatch(/FARGATE_SPOT|"LaunchType":"FARGATE"/);
    onInstances['Containers']?.resourceCountIs('AWS::ECS::Service', 1);
  });

  test('an environment in an existing VPC has no VPC, no gateways and no endpoints', () => {
    const templates = withTrial(() => ({ network: { existing: EXISTING_VPC } }));
    expect(templates).not.toHaveProperty('Network');
    expect([...typesOf(templates)].filter((type) => /EC2::(VPC|Subnet|NatGateway|InternetGateway)/.test(type))).toEqual(
      [],
    );
    expect(text(templates)).toContain('vpc-0123456789abcdef0');
  });

  test('without webSocketApi its stack has no resource, and without schedule its ticker has no schedule', () => {
    expect([
      ...typesOf(
        only(
          withTrial(() => ({ webSocketApi: undefined })),
          'WebSocketApi',
        ),
      ),
    ]).toEqual([]);
    expect(typesOf(trial)).not.toContain('AWS::Scheduler::Schedule');
    expect(typesOf(lasting)).toContain('AWS::Scheduler::Schedule');
  });

  test.each<[string, number, string]>([
    ['maxSymbols', 100, 'from 1 to 99, got 100'],
    ['maxSymbols', 0, 'from 1 to 99, got 0'],
    ['messagesPerSecond', 0.5, 'of at least 1, got 0.5'],
  ])('a WebSocket API refuses %s of %p', (name, value, rule) => {
    const change = ({ webSocketApi }: EnvironmentConfig) => ({
      webSocketApi: webSocketApi && { ...webSocketApi, [name]: value },
    });
    expect(() => withTrial(change)).toThrow(`webSocketApi.${name}: must be a whole number ${rule}.`);
  });

  test('no alarm has an action without a topic, and every alarm of a metric sends to the topic for notices', () => {
    const actions = (templates: typeof trial) =>
      resourcesOf(templates).flatMap(([, , { Type, Properties }]) =>
        Type === 'AWS::CloudWatch::Alarm' ? [[Properties?.['AlarmActions'], Properties?.['OKActions']]] : [],
      );
    expect(actions(trial).length).toBeGreaterThan(0);
    expect(actions(trial)).toEqual(actions(trial).map(() => [undefined, undefined]));
    expect(actions(onInstances).length).toBeGreaterThan(0);
    expect(actions(onInstances)).toEqual(actions(onInstances).map(() => [[NOTICE_TOPIC], [NOTICE_TOPIC]]));
  });

  test.each(['page', 'notice'] as const)('a topic of another region is refused for %s', (kind) => {
    const receivers = { topicArn: 'arn:aws:sns:eu-west-1:123456789012:alarms' };
    const notifications = { page: { topicArn: PAGE_TOPIC }, [kind]: receivers };
    expect(() => withTrial(() => ({ notifications }))).toThrow(
      `notifications.${kind}.topicArn: must be the ARN of a standard SNS topic of us-east-1, got "${receivers.topicArn}".`,
    );
  });

  test('without httpApi its stack has no resource, and there is no second VPC link', () => {
    const templates = withTrial(() => ({ httpApi: undefined }));
    expect([...typesOf(only(templates, 'HttpApi'))]).toEqual([]);
    expect(resourcesOf(templates).filter(([, , { Type }]) => Type === 'AWS::ApiGatewayV2::VpcLink')).toHaveLength(1);
  });

  test('lasting leaves the role for the logs of API Gateway to the owner of the account [A4]', () => {
    expect(typesOf(lasting)).not.toContain('AWS::ApiGateway::Account');
  });
});

test('every stage of API Gateway V2 has limits and an access log, and every HTTP route requires authorisation [A6]', () => {
  for (const templates of [trial, lasting]) {
    const stages = resourcesOf(templates).filter(([, , { Type }]) => Type === 'AWS::ApiGatewayV2::Stage');
    expect(stages.length).toBeGreaterThan(0);
    for (const [, , { Properties }] of stages) {
      expect(Properties?.['AccessLogSettings']).toHaveProperty('DestinationArn');
      expect(Properties?.['DefaultRouteSettings']).toHaveProperty('ThrottlingRateLimit');
    }
    templates['HttpApi']?.allResourcesProperties('AWS::ApiGatewayV2::Route', { AuthorizationType: 'AWS_IAM' });
  }
});

test('the REST API gives histories a timeout of 25 s, because its cache may keep a refusal', () => {
  for (const templates of [trial, lasting]) {
    const methods = Object.values(templates['RestApi']?.findResources('AWS::ApiGateway::Method') ?? {});
    const proxied = methods.map((each) => each['Properties'].Integration).filter(({ Type }) => Type === 'HTTP_PROXY');
    expect(proxied.length).toBeGreaterThan(0);
    for (const { RequestParameters } of proxied) {
      expect(RequestParameters['integration.request.header.x-timeout-ms']).toBe("'25000'");
    }
  }
});

test('the error for lasting without an image says how to give the digest [F1]', () => {
  expect(() => stageOf(withServices(fixtureOf('lasting'), { image: { from: 'digest' } }))).toThrow(
    /digest: must be "sha256:" and 64 hexadecimal digits, got none.*-c imageDigest=sha256:/,
  );
});

test('no image is deployed by a mutable tag [F1]', () => {
  expect(text(trial)).not.toContain(':latest');
  expect(text(lasting)).not.toContain(':latest');
});

test('the image build is in the stack that runs the image, because the CLI skips unchanged stacks', () => {
  expect(trial['Registry']?.findResources('Custom::CDKContainerImageBuild')).toEqual({});
  expect(Object.keys(trial['Containers']?.findResources('Custom::CDKContainerImageBuild') ?? {})).toHaveLength(1);
});

test('image and task have the same architecture [F4]', () => {
  const { RuntimePlatform: platform } = firstOf(trial, 'AWS::ECS::TaskDefinition');
  expect(platform).toMatchObject({ CpuArchitecture: 'ARM64' });
  expect(JSON.stringify(firstOf(trial, 'Custom::CDKContainerImageBuild'))).toContain('linux/arm64');
});

describe('on instances', () => {
  test('without internet, instances have endpoints for their agents in addition to those for tasks [F3, N3]', () => {
    expect(endpointsOf(onInstances)).toEqual(
      ['dynamodb', 'ecr.api', 'ecr.dkr', 'logs', 's3', 'ecs', 'ecs-agent', 'ecs-telemetry', 'ssm', 'ssmmessages']
        .concat('ec2messages')
        .sort(),
    );
  });

  test('tasks and deployments have the same settings as on Fargate [F1, F2, F5, F6, F7]', () => {
    expect(text(onInstances)).not.toContain(':latest');
    const definitionOf = (templates: typeof trial) => firstOf(templates, 'AWS::ECS::TaskDefinition');
    expect(definitionOf(onInstances)).toEqual(definitionOf(trial));
    // Each target group has alarms of its own, so only their names differ.
    const deploymentOf = (templates: typeof trial) =>
      JSON.stringify(firstOf(templates, 'AWS::ECS::Service')['DeploymentConfiguration']).replaceAll(
        /(Fargate|Ec2)Alarms(\w+)[0-9A-F]{8}/g,
        '$2',
      );
    expect(deploymentOf(onInstances)).toContain('UnhealthyTargets');
    expect(deploymentOf(onInstances)).toEqual(deploymentOf(trial));
    expect(firstOf(onInstances, 'AWS::ECS::Service')['DesiredCount']).toBeUndefined();
  });

  test('image, task and machine image have the same architecture [F4]', () => {
    const { Parameters: parameters } = onInstances['Containers']?.toJSON() ?? {};
    expect(JSON.stringify(parameters)).toContain('/amazon-linux-2023/arm64/recommended/image_id');
  });

  test('a private subnet that is too small for tasks and instances is refused with a list of the planned addresses', () => {
    const config = fixtureOf('trial', { capacity: 'both' });
    const { fargate, ec2 } = config.capacity;
    if (!fargate || !ec2) throw new Error('The environment must have both kinds of capacity.');
    const capacity = { fargate, ec2: { ...ec2, maxInstances: 4_000 } };
    expect(() => stageOf({ ...withServices(config, { maxTasks: 250 }), capacity })).toThrow(/container tasks.*1000/);
  });
});

describe('with a cluster', () => {
  const cluster = lasting['Kubernetes'];
  if (cluster === undefined) throw new Error('The environment lasting has no cluster.');

  test('Kubernetes knows every object that is applied to the cluster, and none is a load balancer [E3, E5]', () => {
    const objects = manifestsOf(cluster);
    expect(objects.length).toBeGreaterThan(5);
    expect(problemsOf(objects)).toEqual([]);
    expect(JSON.stringify(objects)).not.toContain('"LoadBalancer"');
  });

  test('pods run the image of the tasks on nodes of the same architecture [F4, E1]', () => {
    const { ContainerDefinitions: containers } = firstOf(lasting, 'AWS::ECS::TaskDefinition');
    expect(JSON.stringify(containers)).toContain(`@${DIGEST}`);
    expect(JSON.stringify(firstOf(lasting, 'Custom::AWSCDK-EKS-KubernetesResource'))).toContain(`@${DIGEST}`);
    expect(firstOf(lasting, 'AWS::EKS::Nodegroup')['AmiType']).toBe('AL2023_ARM_64_STANDARD');
  });

  test('cluster, nodes, kubectl, Cluster Autoscaler and schema have the same minor version [E7, E8]', () => {
    const { version, clusterAutoscalerTag } = kubernetesRelease();
    expect(firstOf(lasting, 'AWS::EKS::Cluster')['Version']).toBe(version);
    expect(firstOf(lasting, 'AWS::EKS::Nodegroup')['Version']).toBe(version);
    const layers = resourcesOf(lasting).filter(([, , { Type }]) => Type === 'AWS::Lambda::LayerVersion');
    expect(JSON.stringify(layers)).toContain(`kubectl ${version}.`);
    expect(clusterAutoscalerTag).toMatch(new RegExp(`^v${version.replace('.', '\\.')}\\.`));
    expect(SCHEMA_VERSION).toBe(version);
    expect(() => kubernetesRelease('1.37')).toThrow(
      'kubernetes.version: "1.37" has no kubectl layer on file. Give one of 1.36',
    );
  });

  test('the observability add-on has the version for which its configuration, its role and the sizing are written', () => {
    const { observabilityVersion } = kubernetesRelease();
    const versions = resourcesOf(lasting)
      .filter(([, , { Properties }]) => Properties?.['AddonName'] === 'amazon-cloudwatch-observability')
      .map(([, , { Properties }]) => Properties?.['AddonVersion']);
    expect(versions).toEqual([observabilityVersion]);
  });

  test('a pod that does not fit on a node beside the agents of the observability add-on is refused', () => {
    const { kubernetes, ...config } = fixtureOf('trial', { kubernetes: 'true' });
    if (kubernetes === undefined) throw new Error('The environment has no cluster.');
    const service = { ...kubernetes.service, minPods: 1, maxPods: 2, cpuMillis: 1_700 };
    const stage = (observability: boolean) =>
      stageOf({ ...config, kubernetes: { ...kubernetes, service, observability } });
    expect(() => stage(false)).not.toThrow();
    expect(() => stage(true)).toThrow(/cpuMillis/);
  });

  test('the APIs send their request id to the container service, in place of one that a caller sends', () => {
    const ids = resourcesOf(lasting)
      .filter(([, , { Type }]) => ['AWS::ApiGatewayV2::Integration', 'AWS::ApiGateway::Method'].includes(Type))
      .map(([, , { Properties }]) => JSON.stringify(Properties))
      .filter((properties) => properties.includes('VPC_LINK'))
      .map((properties) =>
        /"(?:overwrite:|integration\.request\.)header\.x-request-id":"\$?context\.requestId"/.test(properties),
      );
    expect(ids.length).toBeGreaterThan(2);
    expect(new Set(ids)).toEqual(new Set([true]));
  });

  test('the APIs overwrite the timeout that a caller sends to the container service', () => {
    const hasTimeout = (type: string, key: string) =>
      resourcesOf(lasting)
        .filter(([, , { Type }]) => Type === type)
        .map(([, , { Properties }]) => JSON.stringify(Properties))
        .filter((properties) => properties.includes('VPC_LINK'))
        .map((properties) => properties.includes(key));
    expect(hasTimeout('AWS::ApiGatewayV2::Integration', '"overwrite:header.x-timeout-ms":"2000"')).toEqual([
      true,
      true,
    ]);
    expect(hasTimeout('AWS::ApiGateway::Method', `"integration.request.header.x-timeout-ms":"'25000'"`)).toEqual([
      true,
      true,
    ]);
  });

  test('every node group sets all three sizes or none, because EKS demands that of a new group [E7]', () => {
    const environments = [
      lasting,
      onInstances,
      synthesized(fixtureOf('trial', { kubernetes: 'true' })),
      ...['ec2', 'both'].map((capacity) => synthesized(fixtureOf('trial', { kubernetes: 'true', capacity }))),
    ];
    const groups = environments.flatMap(resourcesOf).filter(([, , { Type }]) => Type === 'AWS::EKS::Nodegroup');
    expect(groups).toHaveLength(4);
    for (const [, id, { Properties }] of groups) {
      const { MinSize, DesiredSize, MaxSize, ...others } = Object(Properties?.['ScalingConfig'] ?? {});
      expect({ id, others, sizes: [MinSize, DesiredSize, MaxSize].map((size) => typeof size) }).toEqual({
        id,
        others: {},
        sizes: Array(3).fill(typeof MinSize),
      });
      if (MinSize !== undefined) expect([MinSize <= DesiredSize, DesiredSize <= MaxSize]).toEqual([true, true]);
    }
  });

  test('during an upgrade nodes can be one version behind the control plane, and deletion protection can be on', () => {
    const { kubernetes, ...config } = fixtureOf('lasting');
    if (kubernetes === undefined) throw new Error('The environment has no cluster.');
    const nodes = { ...kubernetes.nodes, version: '1.35' };
    const upgrading = synthesized({ ...config, kubernetes: { ...kubernetes, nodes, deletionProtection: true } });
    expect(firstOf(upgrading, 'AWS::EKS::Cluster')).toMatchObject({ Version: '1.36', DeletionProtection: true });
    expect(firstOf(upgrading, 'AWS::EKS::Nodegroup')).toEqual({
      ...firstOf(lasting, 'AWS::EKS::Nodegroup'),
      Version: '1.35',
    });
    expect(text(only(upgrading, 'Kubernetes'))).toContain('v1.36.1');
    expect(() => stageOf({ ...config, kubernetes: { ...kubernetes, nodes: { ...nodes, version: '1.37' } } })).toThrow(
      'version: nodes must be of the cluster\'s minor version (1.36) or up to three older, got "1.37".',
    );
  });

  test('an environment without a cluster has no resource and no route for it', () => {
    expect([...typesOf(only(trial, 'Kubernetes'))]).toEqual([]);
    expect(text(trial)).not.toMatch(/k8s|AWS::EKS/);
  });

  test('both APIs have a route to the pods through their VPC links', () => {
    expect(JSON.stringify(lasting['RestApi']?.findResources('AWS::ApiGateway::Method'))).toContain(
      '/k8s/history/{symbol}',
    );
    lasting['HttpApi']?.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: 'GET /k8s/history/{symbol}' });
    expect(JSON.stringify(firstOf(only(lasting, 'Kubernetes'), 'AWS::ElasticLoadBalancingV2::ListenerRule'))).toContain(
      '["/v1/k8s/history/*","/k8s/history/*"]',
    );
  });

  test('a cluster without an egress to its registries is refused [N3]', () => {
    expect(() => withoutInternet(fixtureOf('trial', { kubernetes: 'true' }))).toThrow(
      /network\.create\.egress: with mode "endpoints", the cluster of environment trial cannot reach registry\.k8s\.io/,
    );
  });

  test('a private subnet that is too small for nodes and pods is refused', () => {
    const config = fixtureOf('trial', { kubernetes: 'true' });
    const kubernetes = config.kubernetes && {
      ...config.kubernetes,
      nodes: { ...config.kubernetes.nodes, maxNodes: 100 },
    };
    expect(() => stageOf({ ...config, kubernetes })).toThrow(/nodes and pods.*26200/);
  });

  test.each<[string, object, object, RegExp]>([
    ['no instance type', { instanceTypes: [] }, {}, /instanceTypes: must name at least one type, got none/],
    [
      'more pods than its nodes hold',
      {},
      { maxPods: 100 },
      /maxPods: 100 pods .* need 15 nodes, but .*maxNodes is 4\. Raise maxNodes/,
    ],
    ['a version without a kubectl layer', { version: '1.37' }, {}, /"1\.37" has no kubectl layer on file/],
    ['nodes of another architecture than the image', { instanceTypes: ['t3.medium'] }, {}, /, which is x86_64/],
    ['maxPods below minPods', {}, { maxPods: 1 }, /maxPods: must be a whole number from 2/],
  ])('a cluster with %s is refused', (_, nodes, service, message) => {
    const config = fixtureOf('trial', { kubernetes: 'true' });
    const { version, ...rest } = { version: undefined, ...nodes };
    const kubernetes = config.kubernetes && {
      ...config.kubernetes,
      version,
      nodes: { ...config.kubernetes.nodes, ...rest },
      service: { ...config.kubernetes.service, ...service },
    };
    expect(() => stageOf({ ...config, kubernetes })).toThrow(message);
  });

  test('a pod that fits on no node of the group is refused', () => {
    const config = fixtureOf('trial', { kubernetes: 'true' });
    const kubernetes = config.kubernetes && {
      ...config.kubernetes,
      service: { ...config.kubernetes.service, memoryMiB: 4_096 },
    };
    expect(() => stageOf({ ...config, kubernetes })).toThrow(/a pod must fit on a node/);
  });
});

test('every stack has fewer than 500 resources, the quota, and a description for each output', () => {
  for (const template of [...Object.values(trial), ...Object.values(lasting)]) {
    const { Resources, Outputs = {} } = template.toJSON();
    expect(Object.keys(Resources ?? {}).length).toBeLessThan(500);
    const withoutDescription = Object.entries<{ Description?: string }>(Outputs).filter(
      ([name, { Description }]) => Description === undefined && !name.startsWith('PublishOutput'),
    );
    expect(withoutDescription).toEqual([]);
  }
});
