import { readdirSync } from 'node:fs';
import { acknowledgements } from '../../lib/acknowledgements';
import { matches, read } from '../support/documents';
import { fixtureOf, withEgress } from '../support/fixture';
import { resourcesOf, synthesized } from '../support/stage';

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
      return matches(statement, /\b(\w+)Command\b/g).map((command) => actionOf(client, command));
    });
}

function actionOf(client: string, command: string): string {
  if (client === 'api-gateway') return `apigateway:${command.startsWith('Get') ? 'GET' : command}`;
  const action = command === 'Invoke' ? 'InvokeFunction' : command;
  const name = client.replaceAll('-', '').replace('elasticloadbalancingv2', 'elasticloadbalancing');
  return `${name}:${action}`;
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
