import { readdirSync } from 'node:fs';
import { acknowledgements } from '../../lib/acknowledgements';
import { matches, read } from '../support/documents';
import { fixtureOf, withEgress } from '../support/fixture';
import { connectionsOf, rowsBelow } from '../support/page-tables';
import { reachabilityOf } from '../support/reachability';
import { Resource, resourcesOf, synthesized } from '../support/stage';

const PAGES = ['docs/security.md', 'docs/security.ja.md'];

/** Environments that together have every role of the project. */
const VARIANTS = [
  fixtureOf('trial', { kubernetes: 'true', capacity: 'ec2' }),
  fixtureOf('lasting'),
  { ...fixtureOf('trial'), network: withEgress({ mode: 'nat-instance' }) },
];
const resources = VARIANTS.flatMap((config) => resourcesOf(synthesized(config)));
const propertiesOf = (type: string) =>
  resources.filter(([, , { Type }]) => Type === type).map(([, , { Properties = {} }]) => Properties);

const codesIn = (cell = '') => matches(cell, /`([^`]+)`/g);

/** A path or an id with its hashes as `…`, as the page writes it. */
const withoutHash = (id: string) => id.replace(/[0-9a-f]{32}[^/]*/g, '…');

/** A rule as the page writes it: `IAM4 <policy>`, `IAM5 <action, or service of the resource>`, otherwise its id. */
function shortOf(rule: string): string {
  const id = rule.replace('CloudFormation-Validate::', '');
  const [, name, detail = ''] = /^(\w+)\[(?:Policy|Action|Resource)::(.*)\]$/.exec(id) ?? [];
  if (name === 'IAM4') return `IAM4 ${matches(detail, /\/(\w+)(?:"\]\]|$)/g).join()}`;
  // The only reference that is not an ARN is that to a function.
  if (name === 'IAM5') return `IAM5 ${/^arn:aws:([\w-]+)/.exec(detail)?.[1] ?? detail.replace(/^<.*/, 'lambda')}`;
  return id;
}

/** The acknowledged findings of a page: rules, constructs and the reason. */
function acknowledgedOn(page: string): { rules: string[]; paths: string[]; reason: string }[] {
  const [, section = ''] = /^(## [^\n]*cdk-nag.*?)^## /ms.exec(read(page)) ?? [];
  const entries = section.matchAll(/^- ((?:`[^`]+`(?:, |、)?)+)(?: at |（)((?:`[^`]+`(?:, |、)?)+)(?:: |）：)(.+)$/gm);
  return Array.from(entries, ([, rules, paths, reason = '']) => ({
    rules: codesIn(rules),
    paths: codesIn(paths),
    reason,
  }));
}

test.each(PAGES)('%s names every acknowledged finding, and no other', (page) => {
  const onPage = acknowledgedOn(page).flatMap(({ rules, paths }) =>
    paths.flatMap((path) => rules.map((rule) => `${path} ${rule}`)),
  );
  const inCode = acknowledgements.flatMap(({ path, rules }) =>
    rules.map((rule) => `${withoutHash(path)} ${shortOf(rule)}`),
  );
  expect([...new Set(onPage)].toSorted()).toEqual([...new Set(inCode)].toSorted());
});

test('the reasons for acknowledged findings are those of the code', () => {
  const reasons = new Set(acknowledgements.map(({ reason }) => reason));
  expect(new Set(acknowledgedOn('docs/security.md').map(({ reason }) => reason))).toEqual(reasons);
});

test.each(PAGES)('%s names every role of the templates, and no other', (page) => {
  const onPage = Array.from(
    read(page).matchAll(/^- (\w+) `(\w+(?:…|Role))`(?:: |：)/gm),
    ([, stack, role]) => `${stack} ${role}`,
  );
  const inTemplates = resources
    .filter(([, , { Type }]) => Type === 'AWS::IAM::Role')
    .map(([stack, id]) => `${stack} ${withoutHash(id).replace(/[0-9A-F]{8}$/, '')}`);
  expect(onPage.toSorted()).toEqual([...new Set(inTemplates)].toSorted());
});

/** IAM actions that authorise the calls of the AWS SDK in the files of a folder. */
function actionsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => matches(read(`${folder}/${file}`), /^import (\{[^}]*\} from '@aws-sdk\/client-[^']+)'/gm))
    .flatMap((statement) => {
      const [, client = ''] = statement.split('@aws-sdk/client-');
      // A paginator of the SDK, such as paginateListTasks, sends the command of its name.
      const commands = [...matches(statement, /\b(\w+)Command\b/g), ...matches(statement, /\bpaginate(\w+)/g)];
      return commands.map((command) => actionOf(client, command));
    });
}

/** Prefixes of actions that do not follow from the name of the client. */
const SERVICES: Readonly<Record<string, string>> = {
  'cloudwatch-logs': 'logs',
  'elastic-load-balancing-v2': 'elasticloadbalancing',
  'resource-groups-tagging-api': 'tag',
};

function actionOf(client: string, command: string): string {
  if (client === 'api-gateway' || client === 'apigatewayv2')
    return `apigateway:${command.startsWith('Get') ? 'GET' : command}`;
  const action = command === 'Invoke' ? 'InvokeFunction' : command;
  return `${SERVICES[client] ?? client.replaceAll('-', '')}:${action}`;
}

test.each(PAGES)('%s lists the permissions of preflight and verify that their code needs', (page) => {
  const [preflight = [], verify = []] = (read(page).match(/(^\|.*\n)+/gm) ?? [])
    .filter((table) => table.includes('`apigateway:GET`'))
    .map((table) => matches(table, /\| ((?:`[^`]+`(?:, |、)?)+) \|$/gm).flatMap(codesIn));
  expect(preflight.toSorted()).toEqual([...new Set(actionsIn('ops/preflight'))].toSorted());
  // The tour signs its requests to the APIs without the AWS SDK.
  expect(verify.toSorted()).toEqual([...new Set(actionsIn('lab/tour')), 'execute-api:Invoke'].toSorted());
});

test('the templates encrypt as the page says: one customer managed key, for the secrets of the cluster', () => {
  expect(new Set(resources.flatMap(([stack, , { Type }]) => (Type === 'AWS::KMS::Key' ? [stack] : [])))).toEqual(
    new Set(['Kubernetes']),
  );
  expect(propertiesOf('AWS::KMS::Key').map(({ EnableKeyRotation }) => EnableKeyRotation)).not.toContain(undefined);
  const text = JSON.stringify(resources);
  expect(matches(text, /"(KmsKeyId|KmsKeyArn|KMSMasterKeyID|SSESpecification|SSEAlgorithm":"aws:kms)"/g)).toEqual([]);
  expect(matches(text, /"EncryptionType":"(\w+)"/g)).not.toContain('KMS');
  expect(new Set(matches(text, /"SSEAlgorithm":"([\w:]+)"/g))).toEqual(new Set(['AES256']));
  expect(new Set(matches(text, /"CacheDataEncrypted":(\w+)/g))).toEqual(new Set(['true']));
  expect(new Set(matches(text, /"Ebs":\{"Encrypted":(\w+)/g))).toEqual(new Set(['true']));
});

test('every method and route needs IAM, except messages of a WebSocket connection', () => {
  expect(new Set(propertiesOf('AWS::ApiGateway::Method').map(({ AuthorizationType }) => AuthorizationType))).toEqual(
    new Set(['AWS_IAM']),
  );
  const open = propertiesOf('AWS::ApiGatewayV2::Route').filter(
    ({ AuthorizationType }) => AuthorizationType !== 'AWS_IAM',
  );
  expect([...new Set(open.map(({ RouteKey }) => RouteKey))].toSorted()).toEqual([
    '$default',
    '$disconnect',
    'subscribe',
    'unsubscribe',
  ]);
});

test('load balancers are internal, and no subnet gives instances a public address', () => {
  const schemes = propertiesOf('AWS::ElasticLoadBalancingV2::LoadBalancer').map(({ Scheme }) => Scheme);
  expect(new Set(schemes)).toEqual(new Set(['internal']));
  const subnets = propertiesOf('AWS::EC2::Subnet').map(({ MapPublicIpOnLaunch }) => MapPublicIpOnLaunch);
  expect(new Set(subnets)).toEqual(new Set([false]));
});

const https = { certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/x', hostName: 'quotes.example.com' };

test.each(PAGES)('%s has every connection that a security group permits, and no other', (page) => {
  const permitted = [
    ...VARIANTS.filter(({ id }) => id === 'trial'),
    { ...fixtureOf('trial'), loadBalancer: { https } },
    { ...fixtureOf('trial'), network: withEgress({ mode: 'endpoints' }) },
  ].flatMap((config) => {
    const templates = Object.entries(synthesized(config)).map(([name, template]) => [name, template.toJSON()]);
    const { egress, ingress } = reachabilityOf(Object.fromEntries(templates));
    return [...egress, ...ingress];
  });
  const onPage = rowsBelow(page, /^\| (from|送信元) \|/).flatMap(connectionsOf);
  expect(onPage.toSorted()).toEqual([...new Set(permitted)].toSorted());
});

/** The kind of key in each row of the table of data. The test of the templates below holds the same for their resources. */
const KEYS: readonly RegExp[] = [
  /^(customer managed key|カスタマーマネージドキー)/,
  /^AWS$/,
  /^AWS (owned key|所有のキー)/,
  /^Amazon S3 ?[(（]AES-256[)）]$/,
  /^API Gateway$/,
  /^(default key for EBS of the account|アカウントの EBS の既定のキー)/,
  /^AWS (owned key|所有のキー)$/,
  /^AWS$/,
  /^Amazon S3 ?[(（]AES-256[)）]$/,
  /^AWS (managed key|マネージドキー) `aws\/s3`$/,
];

test.each(PAGES)('%s names the kind of key for all data', (page) => {
  const keys = rowsBelow(page, /^\| (data|データ) \|/).map(([, key = '']) => key);
  expect(keys.map((key, index) => KEYS[index]?.test(key) ?? false)).toEqual(KEYS.map(() => true));
});

test.each(PAGES)('%s says which connections are not encrypted by default', (page) => {
  const open = rowsBelow(page, /^\| (connection|接続) \|/).map(([, how = '']) => /\*\*[^*]*HTTP[^*]*\*\*/.test(how));
  expect(open).toEqual([false, true, true, false]);
  const protocols = (type: string, config: Parameters<typeof synthesized>[0]) =>
    new Set(
      resourcesOf(synthesized(config)).flatMap(([, , { Type, Properties }]) =>
        Type === type ? [Properties?.['Protocol']] : [],
      ),
    );
  const [listener, targets] = ['Listener', 'TargetGroup'].map((name) => `AWS::ElasticLoadBalancingV2::${name}`);
  const withHttps = { ...fixtureOf('trial'), loadBalancer: { https } };
  expect([protocols(listener ?? '', fixtureOf('trial')), protocols(listener ?? '', withHttps)]).toEqual([
    new Set(['HTTP']),
    new Set(['HTTPS']),
  ]);
  expect(protocols(targets ?? '', withHttps)).toEqual(new Set(['HTTP']));
});

/** Whether a role has a policy: one of AWS, an inline one, or one of a resource that names the role. */
function hasPolicy([stack, id, { Properties }]: readonly [string, string, Resource]): boolean {
  const policies = resources.filter(
    ([ofStack, , { Type, Properties: of = {} }]) =>
      ofStack === stack && Type === 'AWS::IAM::Policy' && JSON.stringify(of['Roles']).includes(`"${id}"`),
  );
  return (Properties?.['ManagedPolicyArns'] ?? Properties?.['Policies']) !== undefined || policies.length > 0;
}

test.each(PAGES)('%s says of the roles without a policy that they may do nothing', (page) => {
  const onPage = Array.from(
    read(page).matchAll(/^- (\w+) `(\w+)`(?:: nothing|：権限なし)/gm),
    ([, stack, role]) => `${stack} ${role}`,
  );
  const inTemplates = resources
    .filter((resource) => resource[2].Type === 'AWS::IAM::Role' && !hasPolicy(resource))
    .map(([stack, id]) => `${stack} ${id.replace(/[0-9A-F]{8}$/, '')}`);
  expect(onPage.toSorted()).toEqual([...new Set(inTemplates)].toSorted());
});

test.each(PAGES)('%s names the policy with which CloudFormation works after cdk bootstrap', (page) => {
  const template = read('node_modules/aws-cdk/lib/api/bootstrap/bootstrap-template.yaml');
  const [policy = ''] = matches(template, /^ {2}CloudFormationExecutionRole:$.*?:policy\/(\w+)"/gms);
  const [named] = matches(read(page), /`cdk-hnb659fds-cfn-exec-role-…`.*?\*\*(\w+)\*\*/gs);
  expect(named).toBe(policy);
});

test.each(['docs/deploy.md', 'docs/deploy.ja.md'])('%s lists the permissions of preflight', (page) => {
  const [, section = ''] =
    /^## (?:Permissions for preflight|preflight に必要な権限)\n(.*?)^## /ms.exec(read(page)) ?? [];
  const named = matches(section, /`([a-z0-9-]+:\w+)`/g);
  expect(named.toSorted()).toEqual([...new Set(actionsIn('ops/preflight'))].toSorted());
});

test.each(['docs/deploy.md', 'docs/deploy.ja.md'])('%s lists the permissions of deploy and destroy', (page) => {
  const [, paragraph = ''] = /^\*\*(?:Permissions\.|権限。)\*\*(.*?)\n\n/ms.exec(read(page)) ?? [];
  const needed = new Set(['ops/deploy', 'ops/destroy'].flatMap(actionsIn));
  expect(matches(paragraph, /`([a-z0-9-]+:\w+)`/g).toSorted()).toEqual([...needed].toSorted());
});

test.each(['docs/images.md', 'docs/images.ja.md'])('%s lists the permissions of promote', (page) => {
  const [, section = ''] = /^## (?:Permissions for promote|promote に必要な権限)\n(.*?)^## /ms.exec(read(page)) ?? [];
  const named = new Set(matches(section, /`([a-z0-9-]+:\w+)`/g));
  expect([...named].toSorted()).toEqual([...new Set(actionsIn('ops/promote'))].toSorted());
});

test.each(PAGES)('%s admits only callers with rights in IAM to the APIs', (page) => {
  const callers = rowsBelow(page, /^\| (what is called|呼び出す対象) \|/).map(([called = '', who = '']) => [
    called,
    who,
  ]);
  const whoMay = (api: string) => callers.find(([called]) => called?.startsWith(api))?.[1];
  expect(whoMay('REST API')).toContain('`execute-api:Invoke`');
  expect(whoMay('HTTP API')).toMatch(/^(the same principals|REST API と同じプリンシパル)/);
  expect(whoMay('WebSocket API')).toContain('`execute-api:Invoke`');
});
