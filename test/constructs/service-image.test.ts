import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { ServiceImage, ServiceImageProps } from '../../lib/constructs/service-image';

const directory = mkdtempSync(join(tmpdir(), 'service-image-'));
writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch\n');
afterAll(() => rmSync(directory, { recursive: true }));

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const FLAGS = {
  '@aws-cdk/core:defaultCrossStackReferences': 'weak',
  '@aws-cdk/aws-lambda:useCdkManagedLogGroup': true,
};

interface Options extends Partial<ServiceImageProps> {
  readonly flags?: Record<string, unknown>;
  readonly sameStack?: boolean;
}

/** A registry stack, and a stack with the image and a task that runs it. */
function create({ flags = FLAGS, sameStack = false, ...props }: Options = {}) {
  const app = new App({ context: flags });
  const stack = new Stack(app, 'Test');
  const repository = new ecr.Repository(sameStack ? stack : new Stack(app, 'Registry'), 'Repository');
  const image = new ServiceImage(stack, 'Image', { repository, source: { directory }, ...props });
  const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Task', {
    runtimePlatform: { cpuArchitecture: image.architecture },
  });
  taskDefinition.addContainer('Container', { image: image.image });
  return { stack, image };
}

function synthesize(options?: Options): Template {
  return Template.fromStack(create(options).stack);
}

/** The image of the task's container, resolved: a Fn::Join of strings and references. */
function imageOf(template: Template): string {
  const [task] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
  return JSON.stringify(task?.Properties.ContainerDefinitions[0].Image);
}

test.each([true, false])(
  'starts a task only after the image has been pushed, one stack for both: %p [F1]',
  (sameStack) => {
    const template = synthesize({ sameStack });
    const [build] = Object.keys(template.findResources('Custom::CDKContainerImageBuild'));
    expect(imageOf(template)).toContain(`":",{"Fn::GetAtt":["${build}","ImageTag"]}`);
  },
);

test('names an image by the tag of its build or by its digest, never latest [F1]', () => {
  expect(imageOf(synthesize())).not.toContain('latest');
  expect(imageOf(synthesize({ source: { digest: DIGEST } }))).toContain(`"@${DIGEST}"`);
});

test('gives each build a new tag, because a repository with immutable tags refuses the second push of a reverted change [F8]', () => {
  synthesize().hasResourceProperties('Custom::CDKContainerImageBuild', { imageTag: Match.absent() });
});

test('fails after 20 minutes instead of an hour if a build never answers [F1]', () => {
  synthesize().hasResourceProperties('Custom::CDKContainerImageBuild', { ServiceTimeout: '1200' });
});

test.each([
  [undefined, 'linux/arm64', 'ARM_CONTAINER', 'ARM64'],
  [ecs.CpuArchitecture.X86_64, 'linux/amd64', 'LINUX_CONTAINER', 'X86_64'],
])('builds and runs for one architecture, %p [F4]', (architecture, platform, builder, cpuArchitecture) => {
  const template = synthesize({ architecture });
  template.hasResourceProperties('Custom::CDKContainerImageBuild', {
    buildCommand: Match.stringLikeRegexp(`--platform ${platform} `),
  });
  template.hasResourceProperties('AWS::CodeBuild::Project', { Environment: { Type: builder } });
  template.hasResourceProperties('AWS::ECS::TaskDefinition', { RuntimePlatform: { CpuArchitecture: cpuArchitecture } });
});

test('lets the execution role of the task pull from this repository only [F3]', () => {
  synthesize({ sameStack: true }).hasResourceProperties('AWS::IAM::Policy', {
    Roles: [{ Ref: Match.stringLikeRegexp('^TaskExecutionRole') }],
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
          Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Repository'), 'Arn'] },
        }),
      ]),
    },
  });
});

test.each([
  ['with the log group that a feature flag creates', FLAGS],
  ['without', {}],
])('owns the log groups of builder and handler, %s [P6]', (_, flags) => {
  const template = synthesize({ flags });
  const logGroups = template.findResources('AWS::Logs::LogGroup');
  const names = Object.values(logGroups).map(({ Properties }) => JSON.stringify(Properties.LogGroupName));
  expect(names).toEqual([
    expect.stringMatching(/"\/aws\/lambda\/",{"Ref":"DeployTimeBuild/),
    expect.stringMatching(/"\/aws\/codebuild\/",{"Ref":"ContainerImageBuild/),
  ]);
  // The log groups exist before the first build and until after the last call of the handler.
  const [build] = Object.values(template.findResources('Custom::CDKContainerImageBuild'));
  expect(build?.DependsOn).toEqual(expect.arrayContaining(Object.keys(logGroups)));
});

test('builds a second image of a stack with the same project and log groups', () => {
  const { stack } = create();
  const repository = new ecr.Repository(stack, 'Other');
  new ServiceImage(stack, 'Second', { repository, source: { directory } });
  const template = Template.fromStack(stack);
  template.resourceCountIs('Custom::CDKContainerImageBuild', 2);
  template.resourceCountIs('AWS::CodeBuild::Project', 1);
  template.resourceCountIs('AWS::Logs::LogGroup', 2);
});

test('creates no build resources for a promoted image', () => {
  const template = synthesize({ source: { digest: DIGEST } });
  template.resourceCountIs('AWS::CodeBuild::Project', 0);
  template.resourceCountIs('AWS::Lambda::Function', 0);
  template.resourceCountIs('AWS::Logs::LogGroup', 0);
});

test.each([
  [undefined, 'got none'],
  ['latest', 'got "latest"'],
  ['sha256:abc', 'got "sha256:abc"'],
  [DIGEST.toUpperCase(), `got "${DIGEST.toUpperCase()}"`],
  [`${DIGEST}\n`, 'got "sha256:'],
])('fails for the digest %p with the command that lists digests', (digest, got) => {
  const synthesized = () => synthesize({ source: { digest } });
  expect(synthesized).toThrow(`source.digest: must be "sha256:" and 64 hexadecimal digits, ${got}`);
  expect(synthesized).toThrow('-c imageDigest=sha256:…');
  expect(synthesized).toThrow('aws ecr describe-images');
});
