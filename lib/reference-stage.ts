import { Aspects, FileSystem, PropertyInjectors, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, IConstruct } from 'constructs';
import { HISTORY_SERVICE, KUBERNETES_PREFIX } from '../domain/routes';
import { acknowledge } from './acknowledgements';
import { AlarmActions } from './alarm-actions';
import { ContainerService } from './constructs/container-service';
import { Ec2Capacity } from './constructs/ec2-capacity';
import { Network } from './constructs/network';
import { checkEnvironment } from './environment-checks';
import { alarmsOf, EnvironmentConfig, EnvironmentStackProps, ServiceConfig } from './environment-config';
import { inProperty } from './in-property';
import { checkInstances } from './instance-sizing';
import { addressesPerNode, checkRoom } from './kubernetes-sizing';
import { LOAD_BALANCER } from './limits';
import { LogGroupDefaults } from './log-group-defaults';
import { ILogging, mergedLogGroups } from './log-queries';
import { newReceivers, topicArnOf } from './notifications';
import { hasPart, OPTIONAL_PARTS } from './optional-parts';
import { RunbookLinks } from './runbook-links';
import { checkServices, routesOfEnvironment, routesOnEcs, serviceGroups } from './services';
import { ContainersStack } from './stacks/containers-stack';
import { DashboardContent, DashboardStack, IOnDashboard } from './stacks/dashboard-stack';
import { EncryptionStack } from './stacks/encryption-stack';
import { FunctionStack } from './stacks/function-stack';
import { HttpApiStack } from './stacks/http-api-stack';
import { KubernetesStack } from './stacks/kubernetes-stack';
import { NetworkStack } from './stacks/network-stack';
import { NotificationsStack } from './stacks/notifications-stack';
import { isAffecting, OperationsStack } from './stacks/operations-stack';
import { RegistryStack } from './stacks/registry-stack';
import { RestApiStack } from './stacks/rest-api-stack';
import { SleepStack } from './stacks/sleep-stack';
import { SwitchedOffStack } from './stacks/switched-off-stack';
import { WebSocketApiStack } from './stacks/websocket-api-stack';

export interface ReferenceStageProps {
  readonly config: EnvironmentConfig;
  /** Bundled code of the quotes function. */
  readonly quotesCode: lambda.Code;
  /** Bundled code of the function behind the WebSocket API. */
  readonly sessionsCode: lambda.Code;
  /** Bundled code of the function that sends ticks to the sessions. */
  readonly tickerCode: lambda.Code;
  /**
   * Returns the folder with the Dockerfile of an image that is built from source.
   *
   * @param directory `image.directory` of the service; without it, the folder is the bundled history service
   */
  readonly containerDirectory: (directory?: string) => string;
}

/** Version of the APIs, in their URLs. */
const API_STAGE_NAME = 'v1';

/** Prefixes of the paths that the load balancer receives: a private integration may prepend the stage of the API. */
const PATH_PREFIXES = ['', `/${API_STAGE_NAME}`];

/**
 * The stacks of one environment. The stage creates them and passes the resources of each stack to the stacks that use them.
 *
 * The stage is a plain construct and not a `cdk.Stage`, because `cdk deploy --all` finds no stack inside a Stage
 * (docs/decisions/0002-stacks-in-a-construct.md).
 */
export class ReferenceStage extends Construct {
  constructor(scope: Construct, id: string, props: ReferenceStageProps) {
    super(scope, id);
    const { config } = props;
    checkEnvironment(config);
    // If the creation of a stack fails, its resources are deleted. With plain RETAIN they would stay, and their names would
    // make the next attempt fail.
    const removalPolicy = config.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    let encryption: EncryptionStack | undefined;
    const common = (name: string, description: string): EnvironmentStackProps => ({
      config,
      removalPolicy,
      encryptionKey: encryption?.key,
      stackName: `Kumiki-${config.id}-${name}`,
      description: `Kumiki ${config.id}: ${description}`,
      // A region without an account: with both, the CDK would look up the availability zones of the account.
      env: { region: config.region },
      terminationProtection: config.terminationProtection,
      tags: { 'kumiki:environment': config.id },
    });

    if (hasPart('Encryption', config)) {
      const props = common('Encryption', 'key of logs, tables, images and secrets');
      encryption = new EncryptionStack(this, 'Encryption', props);
    }
    PropertyInjectors.of(this).add(new LogGroupDefaults(config.logRetentionDays, removalPolicy, encryption?.key));
    checkServices(config, PATH_PREFIXES);
    checkTasks(config);
    checkTargets(config);
    checkSilence(config);
    if (config.kubernetes) checkRoom(config.kubernetes);
    const receivers = newReceivers(config);
    const notifications =
      receivers.length === 0
        ? undefined
        : new NotificationsStack(this, 'Notifications', {
            ...common('Notifications', 'topics that carry messages of alarms to people'),
            receivers,
          });
    // CloudWatch refuses to delete an alarm that a composite alarm refers to. Where the alarms are switched off, the composite
    // alarm is therefore deleted before them.
    const operationsFirst = alarmsOf(config) ? undefined : this.operations(common, []);
    // A stack that no longer puts the others to sleep loses its schedules first, while what it refers to still exists.
    const sleepFirst = config.sleep
      ? undefined
      : new SwitchedOffStack(this, 'Sleep', {
          ...common('Sleep', 'sleep is off'),
          property: 'sleep',
          reads: [],
          after: this.stacks(),
        });
    const registries = serviceGroups(config.services).map(({ suffix, services }) => ({
      suffix,
      registry: new RegistryStack(this, `Registry${suffix}`, {
        ...common(`Registry${suffix}`, 'repositories for the images of the container services'),
        services,
      }),
    }));
    const { create, existing } = config.network;
    const planned = { availabilityZones: config.availabilityZones, plannedAddresses: plannedAddresses(config) };
    const network = create
      ? new NetworkStack(this, 'Network', {
          ...common('Network', 'VPC with private subnets and its way out'),
          create,
          endpointServices: endpointServices(config),
          plannedAddresses: planned.plannedAddresses,
        }).network
      : // In the scope of a stack with resources, because cdk deploy deletes a stack without resources.
        inProperty('network.existing', () =>
          Network.fromExisting(registries[0]?.registry ?? this, 'Network', { ...existing, ...planned }),
        );
    const routes = routesOfEnvironment(config);
    const imageSource = ({ name, image }: ServiceConfig) =>
      image.from === 'source'
        ? { directory: inProperty(`services.${name}`, () => props.containerDirectory(image.directory)) }
        : { digest: image.digest };
    const containers = registries.map(
      ({ suffix, registry }) =>
        new ContainersStack(this, `Containers${suffix}`, {
          ...common(`Containers${suffix}`, 'internal load balancer and container services on ECS'),
          network,
          services: registry.services.map((service) => ({
            config: service.config,
            repositoryName: service.repository.repositoryName,
          })),
          routes: routesOnEcs(config),
          imageSource,
          apiStageName: API_STAGE_NAME,
        }),
    );
    const history = partsOf(HISTORY_SERVICE, containers);
    const { kubernetes } = config;
    let onKubernetes: KubernetesStack | undefined;
    if (kubernetes) {
      const { source } = history.image;
      onKubernetes = new KubernetesStack(this, 'Kubernetes', {
        ...common('Kubernetes', 'EKS cluster with Cluster Autoscaler, and the history service on it'),
        kubernetes,
        network,
        loadBalancer: history.loadBalancer,
        image: history.image,
        // A revision that is known during synthesis, unlike the tag of the image, because the CLI skips a stack whose template
        // did not change.
        imageRevision: 'directory' in source ? FileSystem.fingerprint(source.directory) : (source.digest ?? 'none'),
        pathPrefixes: [`/${API_STAGE_NAME}${KUBERNETES_PREFIX}`, KUBERNETES_PREFIX],
      });
    }
    const quotes = new FunctionStack(this, 'Function', {
      ...common('Function', 'quotes function in the private subnets, its aliases and alarms'),
      network,
      code: props.quotesCode,
      loadBalancer: history.loadBalancer,
    });
    const apiProps = {
      network,
      stageName: API_STAGE_NAME,
      live: quotes.live,
      routes,
      loadBalancerOf: (service: string) => partsOf(service, containers).loadBalancer,
    };
    const restApi = new RestApiStack(this, 'RestApi', {
      ...common('RestApi', 'cached REST API in front of the function and the container services'),
      ...apiProps,
    });
    if (config.httpApi) {
      new HttpApiStack(this, 'HttpApi', {
        ...common('HttpApi', 'HTTP API in front of the function and the container services'),
        ...apiProps,
        httpApi: config.httpApi,
      });
    }

    if (config.webSocketApi) {
      const webSocketApi = new WebSocketApiStack(this, 'WebSocketApi', {
        ...common('WebSocketApi', 'WebSocket API with sessions in DynamoDB, and the ticker that sends to them'),
        webSocketApi: config.webSocketApi,
        sessionsCode: props.sessionsCode,
        tickerCode: props.tickerCode,
        stageName: API_STAGE_NAME,
      });
      // The stack of the REST API may own the role through which API Gateway writes all logs of the account.
      webSocketApi.addStackDependency(restApi);
    }

    const affecting = this.stacks()
      .filter(isAffecting)
      .flatMap((stack) => stack.affecting);
    const operations = operationsFirst ?? this.operations(common, affecting, restApi.serverErrors);
    const { sleep } = config;
    let sleepFailed: cloudwatch.Alarm | undefined;
    if (sleep) {
      const { provisionedConcurrency } = config.function;
      // What these alarms watch is asleep, or stands in front of what is asleep.
      const earlier = this.stacks();
      const asleep = [...containers, ...(onKubernetes ? [onKubernetes] : []), ...this.apis(), operations];
      const sleepStack = new SleepStack(this, 'Sleep', {
        ...common('Sleep', 'takes tasks, nodes and provisioned concurrency to zero and back'),
        sleep,
        listeners: containers.map(({ loadBalancer }) => loadBalancer.listener),
        services: containers.flatMap(({ sleeping }) => sleeping),
        nodeGroup: onKubernetes?.sleeping,
        provisionedConcurrency: provisionedConcurrency && { alias: quotes.live, min: provisionedConcurrency.min },
        alarms: asleep.flatMap((stack) =>
          stack.node.findAll().filter((child) => child instanceof cloudwatch.AlarmBase),
        ),
      });
      sleepFailed = sleepStack.failed;
      // Destroyed first, so that no run begins while the other stacks are deleted.
      for (const stack of earlier) sleepStack.addStackDependency(stack);
    }
    const shown = [...(operations.usersAffected ? [operations.usersAffected] : []), ...affecting];
    const dashboard: DashboardContent = {
      config,
      parts: this.stacks()
        .filter(isOnDashboard)
        .map(({ onDashboard }) => onDashboard),
      logGroups: mergedLogGroups(this.stacks().filter(isLogging)),
      affecting: shown,
      alarms: this.node
        .findAll()
        .filter((each) => each instanceof cloudwatch.AlarmBase)
        .filter((alarm) => !shown.includes(alarm)),
    };
    if (hasPart('Dashboard', config)) {
      new DashboardStack(this, 'Dashboard', {
        ...common('Dashboard', 'dashboard of the environment, and saved queries on its logs'),
        ...dashboard,
      });
    }
    // The topics exist before the alarms that send to them. The stack of the key is earlier than both.
    for (const first of [notifications, operationsFirst, sleepFirst].filter((stack) => stack !== undefined)) {
      const stacks = this.stacks();
      for (const later of stacks.slice(stacks.indexOf(first) + 1)) later.addStackDependency(first);
    }

    const deployed = this.stacks();
    const { listener, loadBalancer } = history.loadBalancer;
    const readByKubernetes = [listener.listenerArn, loadBalancer.loadBalancerFullName, history.image.uri];
    const readByDashboard = hasPart('Dashboard', config)
      ? []
      : DashboardStack.readsOf(new Construct(quotes, 'Dashboard'), dashboard);
    const read: Partial<Record<string, string[]>> = { kubernetes: readByKubernetes, dashboard: readByDashboard };
    for (const [name, property] of OPTIONAL_PARTS) {
      if (hasPart(name, config) || this.node.tryFindChild(name)) continue;
      const reads = read[property] ?? [];
      // The stack Encryption waits also for the other parts that are off, because their deployed stacks may use the key.
      const after = name === 'Encryption' ? this.stacks() : deployed;
      new SwitchedOffStack(this, name, { ...common(name, `${property} is off`), property, reads, after });
    }

    // Stack tags do not reach the instances that an Auto Scaling group launches, the largest part of a bill by tags.
    const launched = { includeResourceTypes: ['AWS::EC2::LaunchTemplate'] };
    Tags.of(this).add('kumiki:environment', config.id, launched);
    if (config.permissionsBoundary !== undefined) {
      const boundary = iam.ManagedPolicy.fromManagedPolicyName(
        registries[0]?.registry ?? this,
        'Boundary',
        config.permissionsBoundary,
      );
      iam.PermissionsBoundary.of(this).apply(boundary);
    }
    const page = topicArnOf(config, 'page');
    const notice = topicArnOf(config, 'notice');
    // The alarm on notices that are not delivered has no action: the notice that this alarm is over would not be delivered
    // either, and would set off the alarm again, without end. As a page, it would do the same where pages are not delivered
    // either, because that alarm sends notices. Besides, a page is for users only.
    const others = new Map<IConstruct, string | undefined>();
    if (operations.usersAffected) others.set(operations.usersAffected, page);
    const noticeUndelivered = notifications?.undelivered.get('notice');
    if (noticeUndelivered) others.set(noticeUndelivered, undefined);
    if (sleepFailed) {
      // A page, because the actions of the page are off after such a run. The alarm is OK again minutes later, whether the run
      // was repeated or not, so nobody is notified of OK.
      others.set(sleepFailed, undefined);
      if (page !== undefined) sleepFailed.addAlarmAction({ bind: () => ({ alarmActionArn: page }) });
    }
    Aspects.of(this).add(new AlarmActions({ topicArn: notice, others }));
    Aspects.of(this).add(new RunbookLinks(config.runbookUrl));
    acknowledge(this, config.region);
  }

  private apis(): Stack[] {
    return this.stacks().filter((stack) => stack instanceof RestApiStack || stack instanceof HttpApiStack);
  }

  private stacks(): Stack[] {
    return this.node.children.filter(Stack.isStack);
  }

  /** The stack Operations, which has no resources where it would have nothing to do. */
  private operations(
    common: (name: string, description: string) => EnvironmentStackProps,
    affecting: readonly cloudwatch.IAlarm[],
    tested?: cloudwatch.Alarm,
  ): Stack & Pick<OperationsStack, 'usersAffected'> {
    const props = common('Operations', 'alarm that users are affected, and the budget');
    if (affecting.length > 0 || props.config.budget)
      return new OperationsStack(this, 'Operations', { ...props, affecting, tested });
    return new SwitchedOffStack(this, 'Operations', { ...props, property: 'alarms', reads: [], after: this.stacks() });
  }
}

function isLogging(stack: Stack): stack is Stack & ILogging {
  return 'logGroups' in stack;
}

function isOnDashboard(stack: Stack): stack is Stack & IOnDashboard {
  return 'onDashboard' in stack;
}

/** Returns the image of a service and the load balancer in front of the service. */
function partsOf(name: string, stacks: readonly ContainersStack[]) {
  for (const { images, loadBalancer } of stacks) {
    const image = images.get(name);
    if (image) return { image, loadBalancer };
  }
  throw new Error(
    `services: a route names the service ${name}, but no service has this name. Add the service in lib/environments.ts.`,
  );
}

/** Checks that the instances behind each load balancer hold the tasks of its services during deployments. */
function checkTasks({ services, capacity, availabilityZones }: EnvironmentConfig): void {
  const { ec2 } = capacity;
  if (ec2 === undefined) return;
  const instances = { ...ec2, reservedMiB: Ec2Capacity.RESERVED_MIB };
  for (const group of serviceGroups(services)) {
    const demand = group.services.map(({ cpu, memoryMiB, maxTasks }) => ({
      cpu,
      memoryMiB,
      tasks: ContainerService.tasksDuringDeployment(maxTasks),
    }));
    checkInstances(demand, instances, availabilityZones.length, 'capacity.ec2');
  }
}

/** Checks that each load balancer holds the tasks of its services and the nodes of the cluster as targets, during updates, too. */
function checkTargets({ services, capacity, kubernetes }: EnvironmentConfig): void {
  const kinds = capacity.fargate && capacity.ec2 ? 2 : 1;
  for (const group of serviceGroups(services)) {
    const tasks = group.services.map(({ maxTasks }) => kinds * ContainerService.tasksDuringDeployment(maxTasks));
    const nodes = kubernetes && group.suffix === '' ? 2 * kubernetes.nodes.maxNodes : 0;
    const targets = tasks.reduce((sum, count) => sum + count, nodes);
    if (targets <= LOAD_BALANCER.targets) continue;
    throw new Error(
      `services: ${group.services.map(({ name }) => name).join(', ')} may have ${targets} targets during a deployment, but a ` +
        `load balancer holds ${LOAD_BALANCER.targets} (lib/limits.ts). Lower maxTasks, give a service a priority of another ` +
        'thousand, or ask AWS for a higher quota and change the limit',
    );
  }
}

/** Refuses an alarm on silence in an environment that sleeps: it would be in ALARM every morning until the first request. */
function checkSilence({ sleep, alarms }: EnvironmentConfig): void {
  if (sleep === undefined || !alarms || alarms.silentAfterMinutes === undefined) return;
  throw new Error(
    `alarms.silentAfterMinutes: must be left out with sleep, because requests stop at night, got ${alarms.silentAfterMinutes}. ` +
      'Remove silentAfterMinutes, or sleep.',
  );
}

/** AWS services that the enabled parts call from the private subnets. S3 and DynamoDB have free gateway endpoints. */
function endpointServices(config: EnvironmentConfig): ec2.InterfaceVpcEndpointAwsService[] {
  const mode = config.network.create?.egress.mode;
  if (mode === 'none') {
    throw new Error(
      `network.create.egress: with mode "none", the container services of environment ${config.id} cannot reach their images. ` +
        'Use "nat", "nat-instance" or "endpoints" in lib/environments.ts.',
    );
  }
  if (config.kubernetes && mode === 'endpoints') {
    throw new Error(
      `network.create.egress: with mode "endpoints", the cluster of environment ${config.id} cannot reach registry.k8s.io, which ` +
        'has the image of Cluster Autoscaler, or kubernetes.github.io, github.com and *.githubusercontent.com, which have its ' +
        'chart. Use "nat" or "nat-instance", or -c kubernetes=false.',
    );
  }
  const { ECS, ECS_AGENT, ECS_TELEMETRY, SSM, SSM_MESSAGES, EC2_MESSAGES } = ec2.InterfaceVpcEndpointAwsService;
  // Tasks pull their images and write their logs. The function calls only the load balancer: its logs and traces leave
  // through the Lambda service, not through the VPC. Instances also run the agents of ECS and of Systems Manager, which
  // Fargate runs outside the VPC.
  return [
    ec2.InterfaceVpcEndpointAwsService.ECR,
    ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
    ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    ...(config.capacity.ec2 ? [ECS, ECS_AGENT, ECS_TELEMETRY, SSM, SSM_MESSAGES, EC2_MESSAGES] : []),
  ];
}

/** Maximum number of addresses that each part takes in one private subnet. */
function plannedAddresses(config: EnvironmentConfig): Record<string, number> {
  const zones = config.availabilityZones.length;
  const { fargate, ec2: instances } = config.capacity;
  const kinds = fargate && instances ? 2 : 1;
  const loadBalancers = serviceGroups(config.services).length;
  const tasks = config.services
    .map(({ maxTasks }) => kinds * ContainerService.tasksDuringDeployment(maxTasks))
    .reduce((sum, count) => sum + count, 0);
  const nodes = config.kubernetes?.nodes;
  return {
    // A deployment runs old and new tasks side by side, and a zone may be lost. On instances, too, each task has its own
    // interface and address. An instance refresh starts new instances beside the old ones.
    'container tasks': Math.ceil(tasks / Math.max(1, zones - 1)),
    ...(instances && {
      'container instances': Math.ceil((2 * loadBalancers * instances.maxInstances) / Math.max(1, zones - 1)),
    }),
    // Nodes with their pods, while a zone is lost and an update has started new nodes beside the old ones.
    ...(nodes && {
      'nodes and pods': Math.ceil(
        (2 * nodes.maxNodes * Math.max(...nodes.instanceTypes.map(addressesPerNode))) / Math.max(1, zones - 1),
      ),
      // EKS takes up to 4 interfaces and requires 6 free addresses in each subnet. The function that applies manifests has 2.
      'control plane': 8,
    }),
    // An Application Load Balancer requires 8 free addresses in each subnet, and may grow to 100 over all subnets.
    'load balancer': loadBalancers * Math.ceil(100 / zones),
    // All execution environments of a function share Hyperplane interfaces: one for each pair of subnet and security group,
    // and another for every 65,000 connections.
    'function interfaces': 2,
    // The REST API and the HTTP API have a VPC link each.
    'VPC link interfaces': config.httpApi ? 4 : 2,
    'interface endpoints': endpointServices(config).length,
  };
}
