import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import { ImageRepository, ImageRepositoryProps } from '../../lib/constructs/image-repository';

function synthesize(props?: ImageRepositoryProps, stack = new Stack(new App(), 'Test')): Template {
  new ImageRepository(stack, 'Images', props);
  return Template.fromStack(stack);
}

const lifecycleRules = (template: Template) =>
  Object.values(template.findResources('AWS::ECR::Repository')).flatMap(
    ({ Properties }) => JSON.parse(Properties.LifecyclePolicy.LifecyclePolicyText).rules,
  );

test('has immutable tags, and scans each push [F8]', () => {
  synthesize().hasResourceProperties('AWS::ECR::Repository', {
    ImageTagMutability: 'IMMUTABLE',
    ImageScanningConfiguration: { ScanOnPush: true },
  });
});

test('expires untagged images after a week first, then all but the newest 30 [F8]', () => {
  const untagged = { tagStatus: 'untagged', countType: 'sinceImagePushed', countNumber: 7, countUnit: 'days' };
  const any = { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 30 };
  expect(lifecycleRules(synthesize())).toMatchObject([
    { rulePriority: 1, selection: untagged, action: { type: 'expire' } },
    { rulePriority: 2, selection: any, action: { type: 'expire' } },
  ]);
});

test('keeps the given number of images', () => {
  expect(lifecycleRules(synthesize({ keepImages: 5 }))[1]).toMatchObject({ selection: { countNumber: 5 } });
});

test.each([0, -1, 1.5, Number.NaN])('fails to keep %p images', (keepImages) => {
  expect(() => synthesize({ keepImages })).toThrow(
    `keepImages: must be a whole number of at least 1, got ${keepImages}. Leave keepImages out to keep 30 images`,
  );
});

test('keeps the repository and its images by default', () => {
  synthesize().hasResource('AWS::ECR::Repository', {
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: { EmptyOnDelete: false },
  });
});

test('deletes its images before it is deleted with its stack [F8]', () => {
  synthesize({ removalPolicy: RemovalPolicy.DESTROY }).hasResource('AWS::ECR::Repository', {
    DeletionPolicy: 'Delete',
    Properties: { EmptyOnDelete: true },
  });
});

test('encrypts with the given key, or with keys of Amazon S3', () => {
  synthesize().hasResourceProperties('AWS::ECR::Repository', { EncryptionConfiguration: Match.absent() });
  const stack = new Stack(new App(), 'Test');
  synthesize({ encryptionKey: new kms.Key(stack, 'Key') }, stack).hasResourceProperties('AWS::ECR::Repository', {
    EncryptionConfiguration: {
      EncryptionType: 'KMS',
      KmsKey: { 'Fn::GetAtt': [Match.stringLikeRegexp('Key'), 'Arn'] },
    },
  });
});
