import { checkEnvironment } from '../lib/environment-checks';
import { EnvironmentConfig, ServiceConfig } from '../lib/environment-config';
import { SERVICES_PER_LOAD_BALANCER } from '../lib/limits';
import {
  apiStackResources,
  checkServices,
  idPrefix,
  pascalCase,
  routesOfEnvironment,
  routesOnEcs,
  rulePaths,
  serviceGroups,
} from '../lib/services';
import { fixtureOf, service, withEgress, withFurther, withServices } from './support/fixture';
import { stacksOf, stageOf, templatesOf } from './support/stage';

const trial = fixtureOf('trial');
const PREFIXES = ['', '/v1'];
const check = (config: EnvironmentConfig) => () => checkServices(config, PREFIXES);
const checkFurther = (...further: ServiceConfig[]) => check(withFurther(trial, further));
/** What the schema checks, before the rules between services. */
const checkValues =
  (...further: ServiceConfig[]) =>
  () =>
    checkEnvironment(withFurther(trial, further));
const checkFurtherError = (...further: ServiceConfig[]) => {
  try {
    checkFurther(...further)();
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
  return undefined;
};

describe('groups', () => {
  const namesOf = (services: readonly ServiceConfig[]) =>
    serviceGroups(services).map((group) => [group.suffix, ...group.services.map(({ name }) => name)]);

  test('are formed by the thousands of the priorities, independent of the order of the services', () => {
    const services = [service('c', 2_050), service('b', 999), service('d', 1_000), service('a', 1)];
    expect(namesOf(services)).toEqual([
      ['', 'a', 'b'],
      ['2', 'd'],
      ['3', 'c'],
    ]);
  });

  test('stay as they are when a service is added or removed', () => {
    const before = namesOf([service('a', 1), service('c', 3), service('d', 1_000)]);
    expect(namesOf([service('b', 2), service('a', 1), service('c', 3), service('d', 1_000)])).toEqual([
      ['', 'a', 'b', 'c'],
      ...before.slice(1),
    ]);
    expect(namesOf([service('c', 3), service('d', 1_000)])).toEqual([['', 'c'], ...before.slice(1)]);
  });
});

test('the ids of the history service have no prefix, and those of every other service begin with its name', () => {
  expect(['history', 'reports', 'daily-reports'].map(idPrefix)).toEqual(['', 'Reports', 'DailyReports']);
});

test('the routes of an environment are those of domain/routes.ts and those of its services', () => {
  const routes = routesOfEnvironment(withFurther(trial, [service('reports', 110)]));
  expect(routes.slice(0, -1)).toEqual(routesOfEnvironment(trial));
  expect(routes.at(-1)).toEqual({
    path: '/reports/{id}',
    query: ['page'],
    cache: 'history',
    by: 'service',
    service: 'reports',
  });
});

test('the rule of the history service leaves the paths of pods to their own rule', () => {
  const withCluster = fixtureOf('lasting');
  expect(routesOfEnvironment(withCluster).map(({ path }) => path)).toContain('/k8s/history/{symbol}');
  expect(rulePaths('history', routesOnEcs(withCluster), PREFIXES)).toEqual(['/history/*', '/v1/history/*']);
});

test('a rule has each path after each prefix once, and no path that another pattern covers', () => {
  const route = (path: `/${string}`) => ({ path, query: [], by: 'service', service: 'reports' }) as const;
  const paths = (...routePaths: `/${string}`[]) => rulePaths('reports', routePaths.map(route), PREFIXES);
  expect(paths('/reports/{id}', '/reports/{id}/lines/{line}')).toEqual(['/reports/*', '/v1/reports/*']);
  expect(paths('/reports', '/reports/{id}')).toEqual(['/reports', '/reports/*', '/v1/reports', '/v1/reports/*']);
  expect(rulePaths('history', [route('/reports/{id}')], PREFIXES)).toEqual([]);
});

describe('fails', () => {
  test.each(['Reports', 're_ports', '-reports', 'reports-', '', 'r'.repeat(31)])('for the name "%s"', (name) => {
    expect(checkValues(service(name, 110, { routes: [{ path: '/a', query: [] }] }))).toThrow(
      'services[1].name: must be lower-case words of letters and digits with hyphens between, of at most 30 characters, ' +
        `got "${name}". Give a name such as reports`,
    );
  });

  test.each([
    ['foo1', 'foo-1', 'Foo1'],
    ['reports', 'reports-images', 'ReportsImages'],
    ['reports-fargate-alarms', 'reports', 'ReportsFargateAlarms'],
  ])(
    'for the names %s and %s, which lead to the same id, even behind different load balancers',
    (first, second, id) => {
      expect(checkFurther(service(first, 110), service(second, 1_110))).toThrow(
        `services: "${second}" must lead to other ids than ${first}, got ${id} for both. Give one of them another name`,
      );
    },
  );

  test('for each name that leads to an id of the stacks, whichever parts are switched on', () => {
    const config = {
      ...fixtureOf('lasting', { capacity: 'both' }),
      loadBalancer: {
        accessLogDays: 90,
        https: { certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/1', hostName: 'a.example.com' },
      },
    };
    const release = { kind: 'blueGreen' } as const;
    const oneKind = fixtureOf('lasting');
    const inSteps = { ...oneKind, services: oneKind.services.map((each) => ({ ...each, release })) };
    const ids = [config, inSteps].flatMap((given) => {
      const stage = stageOf(given);
      // Synthesis adds some parts.
      templatesOf(stage);
      const stacks = stacksOf(stage);
      return ['Containers', 'Registry'].flatMap((name) =>
        Array.from(stacks[name]?.node.children ?? [], ({ node }) => node.id),
      );
    });
    const names = [...new Set([...ids, 'Exports'])]
      .map((id) => [id, id.replaceAll(/(?<!^)[A-Z]/g, '-$&').toLowerCase()] as const)
      .filter(([id, name]) => pascalCase(name) === id && name !== 'history' && name.length <= 30);
    expect(names.map(([, name]) => name)).toEqual(
      expect.arrayContaining([
        'images',
        'service-image',
        'fargate-alarms',
        'load-balancer-url',
        'certificate',
        'weights',
        'alternate-target-group-arn',
        'kept-weights-reader',
        'default',
      ]),
    );
    for (const [id, name] of names) {
      expect([id, checkFurtherError(service(name, 110))]).toEqual([
        id,
        `services: "${name}" leads to the id ${id}, which a part of the stacks has. Give the service another name`,
      ]);
    }
  });

  test('for a name or a priority that two services have, and names both services', () => {
    expect(checkFurther(service('reports', 110), service('reports', 111))).toThrow(
      'services: "reports" is the name of two services. Give each service a name of its own',
    );
    expect(checkFurther(service('reports', 100))).toThrow(
      /^services\.reports\.priority: 100 is the priority of history, too\. Give each service a priority of its own$/,
    );
  });

  test('for an image from source without a folder, which would be that of the history service', () => {
    expect(checkFurther({ ...service('reports', 110), image: { from: 'source' } })).toThrow(
      /^services\.reports\.image\.directory: must be a folder with a Dockerfile, got none, .* Give .* services\/reports$/,
    );
  });

  test.each([0, 1.5, 50_001])('for the priority %p', (priority) => {
    expect(checkValues(service('reports', priority))).toThrow(
      `services.reports.priority: must be a whole number from 1 to 50000, got ${priority}. Give a priority that no other`,
    );
  });

  test('for the priority of the rule for pods, even without a cluster, so that a cluster can be switched on', () => {
    expect(checkFurther(service('reports', 200))).toThrow(
      'services.reports.priority: 200 is the priority of the rule for pods of the Kubernetes cluster. Give another priority',
    );
  });

  test('without a history service behind the first load balancer, because the quotes function calls that service', () => {
    const message =
      'services: must have a service named history with a priority below 1000, because the quotes function reads histories';
    expect(check({ ...trial, services: [service('reports', 110)] })).toThrow(message);
    expect(check(withServices(trial, { priority: 1_100 }))).toThrow(message);
  });

  test('for a service with a size that Fargate does not offer', () => {
    expect(checkFurther(service('reports', 110, { cpu: 300 }))).toThrow(
      'services.reports.cpu: Fargate has no tasks of 300',
    );
  });

  test.each([0, -1, Number.NaN])('for a service whose responses must begin within %p seconds', (latencySeconds) => {
    expect(checkValues(service('reports', 110, { latencySeconds }))).toThrow(
      `services.reports.latencySeconds: must be more than 0 and at most 29, got ${latencySeconds}. Give the time that callers wait at most`,
    );
  });

  test.each([0, 1.5, Number.NaN])('for a service with %p tasks at least', (minTasks) => {
    expect(checkValues(service('reports', 110, { minTasks }))).toThrow(
      `services.reports.minTasks: must be a whole number of at least 1, got ${minTasks}. Give 2 or more`,
    );
  });

  test('for a service with fewer tasks at most than at least', () => {
    expect(checkFurther(service('reports', 110, { minTasks: 3, maxTasks: 2 }))).toThrow(
      'services.reports.maxTasks: must be a whole number of at least minTasks (3), got 2. Raise maxTasks or lower minTasks',
    );
  });

  test('for spans that nothing records, whose agent has no version or no way out, or that leave too little memory', () => {
    const agentImage = 'public.ecr.aws/cloudwatch-agent/cloudwatch-agent:1.300066.0b1367';
    for (const image of ['public.ecr.aws/cloudwatch-agent/cloudwatch-agent', 'agent:latest']) {
      expect(checkFurther(service('reports', 110, { tracing: { agentImage: image } }))).toThrow(
        `services.reports.tracing.agentImage: must end with a version or a digest, got "${image}"`,
      );
    }
    const traced = withServices(trial, { tracing: { agentImage } });
    expect(check(traced)).not.toThrow();
    expect(check({ ...traced, network: withEgress({ mode: 'endpoints' }) })).toThrow(
      /^services\.history\.tracing: with network\.create\.egress "endpoints", tasks cannot reach the image of the agent/,
    );
    expect(check({ ...traced, observability: 'basic' })).toThrow(
      'services.history.tracing: must be left out with observability "basic", which records no traces, got an agent. Remove',
    );
    expect(check(withServices(trial, { tracing: { agentImage }, memoryMiB: 256 }))).toThrow(
      'services.history.memoryMiB: must be at least 512 with tracing, of which the agent may take 128, got 256',
    );
  });

  test('for an image by a digest that is missing or malformed, with the option for that of the history service', () => {
    expect(checkFurther(service('reports', 110, { image: { from: 'digest', digest: 'sha256:abc' } }))).toThrow(
      /^services\.reports\.image\.digest: must be "sha256:" and 64 hexadecimal digits, got "sha256:abc"\. Give the digest of the image to run; this lists/,
    );
    expect(check(withServices(trial, { image: { from: 'digest' } }))).toThrow(
      /^services\.history\.image\.digest: .* got none\. Give the digest of the image to run, as in -c imageDigest=sha256:…; this lists/,
    );
  });

  test('for a path that two services answer, even with different parameter names', () => {
    const routes = (path: `/${string}`) => ({ routes: [{ path, query: [] }] });
    expect(checkFurther(service('reports', 110, routes('/quotes/{id}')))).toThrow(
      'services: reports and the quotes function both answer /quotes/{id}. Give each route a path of its own',
    );
    expect(checkFurther(service('a', 110, routes('/a/{x}')), service('b', 111, routes('/a/{y}')))).toThrow(
      'services: b and a both answer /a/{y}.',
    );
  });

  test.each(['/files/{file-id}', '/files/{id}.json', '/files/*'] as const)('for the path %s', (path) => {
    expect(checkFurther(service('files', 110, { routes: [{ path, query: [] }] }))).toThrow(
      'services: each segment of a path must be text without {, }, * and ?, or a parameter in braces with a name of letters, ' +
        `digits and _, got ${path} of files. Give a path such as /files/{file_id}`,
    );
  });

  test('for different parameters below the same path, which API Gateway refuses', () => {
    const at = (name: string, priority: number, path: `/${string}`) =>
      service(name, priority, { routes: [{ path, query: [] }] });
    expect(checkFurther(at('lines', 110, '/reports/{name}/lines'), at('reports', 120, '/reports/{id}'))).toThrow(
      /^services: \/reports\/\{id\} of reports and \/reports\/\{name\}\/lines of lines have different parameters below \/reports, but API Gateway allows one, got \{id\} and \{name\}\. Give both the parameter \{name\}, or one of them another path$/,
    );
    expect(checkFurther(at('chart', 90, '/history/{id}/chart'))).toThrow(
      'services: /history/{id}/chart of chart and /history/{symbol} of history have different parameters below /history,',
    );
    expect(checkFurther(at('all', 900, '/{name}'))).toThrow(
      'services: /{name} of all and /{proxy+} of the answer to unknown routes have different parameters below /, but API ' +
        'Gateway allows one, got {name} and {proxy+}. Give a path that begins with a fixed segment',
    );
    expect(checkFurther(at('chart', 90, '/history/{symbol}/chart'))).not.toThrow();
  });

  test('for a service without a route, and for routes that exceed a rule of the load balancer', () => {
    expect(checkFurther(service('reports', 110, { routes: [] }))).toThrow(
      'services.reports.routes: the rule of the load balancer must have 1 to 5 paths with at most 5 wildcards, got none.',
    );
    const routes = (['/a/{x}', '/b/{x}', '/c/{x}'] as const).map((path) => ({ path, query: [] }));
    expect(checkFurther(service('reports', 110, { routes }))).toThrow(
      'got /a/*, /b/*, /c/*, /v1/a/*, /v1/b/*, /v1/c/*. Give routes with a common beginning',
    );
  });

  test.each([
    ['/reports/{id}', 110, '/reports/*/lines of lines (priority 120)', '/reports/* of wide (priority 110)'],
    ['/v1/{a}/{b}', 10, '/v1/history/* of history (priority 100)', '/v1/*/* of wide (priority 10)'],
    ['/{proxy+}', 10, '/history/* of history (priority 100)', '/* of wide (priority 10)'],
  ] as const)('for the path %s of priority %i, which hides a path of a later rule', (path, priority, hidden, by) => {
    const lines = service('lines', 120, { routes: [{ path: '/reports/{id}/lines', query: [] }] });
    const pattern = hidden.slice(0, hidden.indexOf(' '));
    expect(checkFurther(service('wide', priority, { routes: [{ path, query: [] }] }), lines)).toThrow(
      `services: ${hidden} is never reached, because ${by} matches the same paths first: a * matches slashes, too. Give ` +
        `${pattern} the lower priority of the two, or another path`,
    );
  });

  test('for a path below one of the history service, unless its priority is lower', () => {
    const chart = (priority: number) =>
      checkFurther(service('chart', priority, { routes: [{ path: '/history/{symbol}/chart', query: [] }] }));
    expect(chart(110)).toThrow(
      '/history/*/chart of chart (priority 110) is never reached, because /history/* of history',
    );
    expect(chart(90)).not.toThrow();
    // Priorities of different load balancers are independent.
    expect(chart(1_100)).not.toThrow();
  });

  test('for a hidden path even if a wider path of the same service covers it in the rule', () => {
    const routes = [
      { path: '/reports/{id}', query: [] },
      { path: '/reports/{id}/lines/{line}', query: [] },
    ] as const;
    const parts = service('parts', 110, { routes: [{ path: '/reports/{id}/{part}', query: [] }] });
    expect(checkFurther(parts, service('reports', 120, { routes }))).toThrow(
      '/reports/*/lines/* of reports (priority 120) is never reached, because /reports/*/* of parts (priority 110)',
    );
  });

  test('for paths that are equal behind a prefix, for which no order is right', () => {
    const old = (priority: number) =>
      checkFurther(service('old', priority, { routes: [{ path: '/v1/history/{symbol}', query: [] }] }));
    const end = 'matches the same paths first: a * matches slashes, too. Give one of the two another path';
    for (const priority of [90, 110]) expect(old(priority)).toThrow(end);
  });

  test('for a path that hides the paths of pods, and for one that these hide, only with a cluster', () => {
    const withCluster = fixtureOf('lasting');
    const routes = [{ path: '/k8s/{a}/{b}', query: [] }] as const;
    const below = [{ path: '/k8s/history/{symbol}/chart', query: [] }] as const;
    expect(check(withFurther(withCluster, [service('wide', 110, { routes })]))).toThrow(
      '/k8s/history/* of the pods of the Kubernetes cluster (priority 200) is never reached, because /k8s/*/* of wide',
    );
    expect(check(withFurther(withCluster, [service('chart', 210, { routes: below })]))).toThrow(
      'is never reached, because /k8s/history/* of the pods of the Kubernetes cluster (priority 200) matches',
    );
    expect(checkFurther(service('wide', 110, { routes }))).not.toThrow();
    expect(check(withFurther(withCluster, [service('wide', 210, { routes })]))).not.toThrow();
  });

  test('for more services than a stack can hold, and says which priority leads to the next load balancer', () => {
    const further = Array.from({ length: SERVICES_PER_LOAD_BALANCER }, (_, index) =>
      service(`s-${index}`, 300 + index),
    );
    expect(checkFurther(...further)).toThrow(
      `services: ${SERVICES_PER_LOAD_BALANCER + 1} have a priority from 0 to 999, but a stack holds ` +
        `${SERVICES_PER_LOAD_BALANCER} services with their load balancer (lib/limits.ts). Give the newest service a priority of ` +
        'at least 1000, which puts it behind the next load balancer',
    );
    expect(checkFurther(...further.slice(1))).not.toThrow();
  });

  test('for priorities of more thousands than a region has load balancers', () => {
    const further = Array.from({ length: 50 }, (_, index) => service(`s-${index}`, 1_000 * (index + 1)));
    expect(checkFurther(...further)).toThrow(
      'services: the priorities lead to 51 load balancers, but a region has 50 (lib/limits.ts). Give more services priorities ' +
        'of the same thousand, or ask AWS for a higher quota and change the limit',
    );
  });

  test('for more tasks than a load balancer has targets, while a deployment doubles them', () => {
    const network = { create: { cidr: '10.0.0.0/16', egress: { mode: 'nat', gateways: 1 } } } as const;
    const config = (maxTasks: number) => withFurther({ ...trial, network }, [service('reports', 110, { maxTasks })]);
    expect(() => stageOf(config(497))).toThrow(
      'services: history, reports may have 1002 targets during a deployment, but a load balancer holds 1000 (lib/limits.ts). ' +
        'Lower maxTasks, give a service a priority of another thousand, or ask AWS for a higher quota and change the limit',
    );
    expect(() => stageOf(config(496))).not.toThrow();
  });

  test('for more routes than the stacks of the APIs can hold, before the CDK counts the resources', () => {
    const routesOf = (name: string) =>
      [
        { path: `/${name}`, query: [] },
        { path: `/${name}/{id}`, query: [] },
      ] as const;
    const further = (count: number) =>
      withFurther(trial, count)
        .services.slice(1)
        .map((each) => ({ ...each, routes: routesOf(each.name) }));
    expect(checkFurther(...further(119))).toThrow(
      /^services: the routes take 5\d\d resources of the stack RestApi, but the limit is 500 \(lib\/limits\.ts\)\. Give fewer routes: AWS does not raise this limit$/,
    );
    expect(checkFurther(...further(105))).not.toThrow();
  });

  test('for paths with more segments than the REST API has resources', () => {
    const path = `/reports${'/x'.repeat(300)}` as const;
    expect(checkFurther(service('reports', 110, { routes: [{ path, query: [] }] }))).toThrow(
      /^services: the routes take 3\d\d resources of the REST API, but the limit is 300 \(lib\/limits\.ts\)\. Give fewer routes, or ask/,
    );
  });
});

test('the estimates of the stacks of the APIs are the numbers of resources in templates with every option', () => {
  const base = fixtureOf('trial', { kubernetes: 'true' });
  const certificateArn = 'arn:aws:acm:us-east-1:111122223333:certificate/1';
  if (base.httpApi === undefined) throw new Error('The environment must have an HTTP API.');
  const config: EnvironmentConfig = {
    ...withFurther(base, 25),
    alarms: { silentAfterMinutes: 15 },
    restApi: { ...base.restApi, webAclArn: 'arn:aws:wafv2:us-east-1:111122223333:regional/webacl/kumiki/1' },
    httpApi: {
      ...base.httpApi,
      jwt: { issuer: 'https://issuer.example.com', audience: ['quotes'] },
      domain: { name: 'quotes.example.com', certificateArn },
    },
  };
  const templates = templatesOf(stageOf(config));
  const count = (stack: string) => Object.keys(templates[stack]?.toJSON().Resources ?? {}).length;
  expect(apiStackResources(routesOfEnvironment(config), 2)).toEqual({ rest: count('RestApi'), http: count('HttpApi') });
});
