import { existsSync, readdirSync } from 'node:fs';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { stack } from '../../examples/first-stack';
import { router } from '../../lambda/quotes/router';
import { handlers } from '../../lambda/quotes/routes';
import { matches, READMES, read } from '../support/documents';

/** The code blocks of a file in a language. */
const blocks = (file: string, language: string) =>
  Array.from(read(file).matchAll(/^```(\w*)\n(.*?)^```$/gms))
    .filter(([, ofBlock]) => ofBlock === language)
    .map(([, , text = '']) => text);

test.each(READMES)('%s shows at most 20 lines of the first stack, unchanged', (file) => {
  const [excerpt = '', ...others] = blocks(file, 'ts');
  expect(others).toEqual([]);
  expect(excerpt.split('\n').length).toBeGreaterThan(10);
  expect(excerpt.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
  expect(read('examples/first-stack.ts')).toContain(`\n${excerpt}`);
});

test('the first stack has a signed, cached route to a function in private subnets with provisioned concurrency', () => {
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::ApiGateway::Stage', {
    CacheClusterEnabled: true,
    MethodSettings: Match.arrayWith([Match.objectLike({ CachingEnabled: true, CacheTtlInSeconds: 5 })]),
  });
  template.hasResourceProperties('AWS::ApiGateway::Method', {
    HttpMethod: 'GET',
    AuthorizationType: 'AWS_IAM',
    Integration: { CacheKeyParameters: Match.arrayWith(['method.request.querystring.at']) },
  });
  template.hasResourceProperties('AWS::Lambda::Function', { VpcConfig: { SubnetIds: Match.anyValue() } });
  template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 1, MaxCapacity: 4 });
  template.resourceCountIs('AWS::EC2::Subnet', 4);
  template.resourceCountIs('AWS::EC2::NatGateway', 0);
  template.resourceCountIs('AWS::ApiGateway::Account', 1);
  template.hasOutput('Url', {});
});

test.each(READMES)('%s shows the answer of the function to the request above it', async (file) => {
  const [example = ''] = blocks(file, 'console');
  const [, path = '', at = ''] = /\$\{URL\}(quotes\/KUMI)\?at=(\d+)"/.exec(example) ?? [];
  const dispatch = router(handlers(() => Promise.reject(new Error('not called'))));
  const reply = await dispatch({ method: 'GET', path: `/${path}`, parameters: {}, query: { at } });
  expect(reply.status).toBe(200);
  expect(example.trimEnd().split('\n').at(-1)).toBe(JSON.stringify(reply.body));
});

/** The folders of Kumiki, as it is shipped. */
const FOLDERS = ['bin', 'container', 'docs', 'domain', 'examples', 'lab', 'lambda', 'lib', 'ops', 'test'];

/** Names that people search for. Lists have the Japanese term second. */
const NAMES: readonly (string | readonly [string, string])[] = [
  ...['Lambda', 'API Gateway', 'ECS', 'Fargate', 'EC2', 'ECR', 'EKS', 'DynamoDB', 'ALB', 'X-Ray', 'cdk-nag', 'SigV4'],
  ...['Metrics Server', 'Horizontal Pod Autoscaler', 'Cluster Autoscaler'],
  ['VPC link', 'VPC リンク'],
  ['provisioned concurrency', 'プロビジョニング済み同時実行（Provisioned Concurrency）'],
  ['cold start', 'コールドスタート'],
];

test.each(READMES)('%s names the services and terms that people search for', (file) => {
  const language = file.includes('.ja.') ? 1 : 0;
  const names = NAMES.map((name) => (typeof name === 'string' ? name : name[language]));
  expect(names.filter((name) => !read(file).includes(name))).toEqual([]);
});

test.each(READMES)('%s names the service of AWS or Kubernetes in every row of its table of parts', (file) => {
  const parts = matches(read(file), /^\| ([^|]+) \| [^|]+ \| [^|]+ \| \[[\w-]+\.ts\]/gm);
  expect(parts.length).toBe(readdirSync('lib/constructs').length);
  const services = /VPC|ECR|ALB|S3|ECS|EC2|EKS|Lambda|CloudWatch|API Gateway|DynamoDB|IAM|KMS|SNS|Budgets|Kubernetes/;
  expect(parts.filter((part) => !services.test(part))).toEqual([]);
});

test.each(READMES)(
  '%s has a row for each command of ops/, each workflow but the tests, and what has no construct',
  (file) => {
    const { scripts } = JSON.parse(read('package.json'));
    const commands = Object.keys(scripts).filter((name) => / ops\/\S+$/.test(scripts[name]));
    const workflows = readdirSync('.github/workflows').filter((name) => name !== 'ci.yml');
    const used = [
      ...commands.map((name) => `\`npm run ${name}\``),
      ...workflows.map((name) => `(.github/workflows/${name})`),
      ...['`services[].tracing`', 'cdk bootstrap --cloudformation-execution-policies'],
    ];
    expect(commands.length).toBeGreaterThan(3);
    const rows = matches(read(file), /^\| [^|]+ \| ([^|]+) \| \[[^|]+\) \|$/gm);
    expect(used.filter((each) => !rows.some((row) => row.includes(each)))).toEqual([]);
  },
);

test.each(READMES)('%s names the version of aws-cdk-lib that the constructs are tested with', (file) => {
  const { dependencies } = JSON.parse(read('package.json'));
  expect(read(file)).toContain(`aws-cdk-lib ${dependencies['aws-cdk-lib']}`);
});

// A folder that a reader adds, as services/ for further containers, turns no test red.
test.each(READMES)('%s lists every folder of Kumiki in its layout, and none that does not exist', (file) => {
  const [layout = ''] = blocks(file, '').filter((block) => block.startsWith('bin/'));
  const listed = matches(layout, /(?:^|(?<=^\w+\/ ))(\w+)\//gm);
  expect(FOLDERS.filter((folder) => !listed.includes(folder))).toEqual([]);
  expect(listed.filter((folder) => !existsSync(folder))).toEqual([]);
});

test.each(READMES)('%s says below the picture of the recorded run how the run ends', (file) => {
  const numbers = (text = '') => text.match(/\d+/g);
  const [result = '', ...others] = matches(read(file), /^((?:The result is|結果は、合格).*)$/gm);
  expect(others).toEqual([]);
  expect(numbers(result)).toEqual(numbers(matches(read('docs/pictures/start.svg'), /(\d+ passed, [^<]*)/g).join()));
});

test.each(READMES)('%s promises as many passed checks as the recorded run has', (file) => {
  const [recorded] = matches(read('docs/pictures/start.svg'), /(\d+) passed, 0 failed/g);
  expect(matches(read(file), /(\d+) (?:checks passed|項目の検証に合格)/g)).toEqual([recorded]);
});
