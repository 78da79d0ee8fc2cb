// Kumiki 0.1.0, service-image.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { ContainerImageBuild } from '@cdklabs/deploy-time-build';
import { CfnResource, Stack } from 'aws-cdk-lib';
import * as codebuild from 'aws-cdk-lib/aws-codebuild';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';

export interface ServiceImageProps {
  /** Repository of the image. */
  readonly repository: ecr.IRepository;

  /**
   * Source of the image: a folder with a Dockerfile, from which CodeBuild builds and pushes the image during the deployment, or
   * the digest of an image in the repository.
   *
   * @throws if the digest is missing or is not `sha256:` and 64 hexadecimal digits
   */
  readonly source: { readonly directory: string } | { readonly digest: string | undefined };

  /**
   * Architecture that the image is built for. Give the service `serviceImage.architecture`, so that both are always the same.
   *
   * @default ecs.CpuArchitecture.ARM64
   */
  readonly architecture?: ecs.CpuArchitecture;
}

/** An image: the properties that tasks and pods need to run it. */
export interface IServiceImage extends IConstruct {
  /** Image for the container of an ECS task definition. It grants the task's execution role to pull. */
  readonly image: ecs.ContainerImage;
  /** `<repository>:<tag>` or `<repository>@<digest>`. */
  readonly uri: string;
  /** Architecture of the tasks and pods that run the image. */
  readonly architecture: ecs.CpuArchitecture;
  /** Source that the image was given. */
  readonly source: ServiceImageProps['source'];
}

/**
 * The image of a service, built from source or promoted by digest, never named by a mutable tag.
 *
 * A build needs no Docker on the laptop. Resources that use `image` or `uri` wait until the image was pushed, because both
 * contain the tag that the build returns: a service never starts with an empty repository.
 *
 * Create the image in the stack of the service. Each build has a new tag, which is known at deploy time only. In another stack,
 * the template of the service would not change with the tag, and `cdk deploy` skips a stack whose template did not change, so
 * the service would keep the old image. A hash of the source is no alternative as a tag: after a revert, the same hash would be
 * pushed again, and a repository with immutable tags refuses a second push of a tag.
 *
 * @example
 * ```ts
 * const digest = 'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';
 * const built = new ServiceImage(this, 'Image', { repository, source: { digest } });
 * const cpuArchitecture = built.architecture;
 * const task = new ecs.FargateTaskDefinition(this, 'Task', { runtimePlatform: { cpuArchitecture } });
 * task.addContainer('Service', { image: built.image });
 * ```
 *
 * @see https://github.com/cdklabs/deploy-time-build
 */
export class ServiceImage extends Construct implements IServiceImage {
  readonly image: ecs.ContainerImage;
  readonly uri: string;
  readonly architecture: ecs.CpuArchitecture;
  readonly source: ServiceImageProps['source'];

  constructor(scope: Construct, id: string, props: ServiceImageProps) {
    super(scope, id);
    const { repository, source } = props;
    this.source = source;
    this.architecture = props.architecture ?? ecs.CpuArchitecture.ARM64;

    if ('directory' in source) {
      const build = new ContainerImageBuild(this, 'Build', {
        repository,
        directory: source.directory,
        platform: this.architecture === ecs.CpuArchitecture.ARM64 ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64,
      });
      ownLogs(build);
      limitWait(build, 1_200);
      this.image = build.toEcsDockerImageCode();
      this.uri = build.imageUri;
    } else {
      const digest = checkedDigest(source.digest);
      this.image = ecs.ContainerImage.fromEcrRepository(repository, digest);
      this.uri = repository.repositoryUriForDigest(digest);
    }
  }
}

function checkedDigest(digest: string | undefined): string {
  if (digest === undefined || !/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new Error(
      `source.digest: must be "sha256:" and 64 hexadecimal digits, got ${digest === undefined ? 'none' : `"${digest}"`}. ` +
        'Give the digest of the image to run, as in -c imageDigest=sha256:…; this lists the digests of a repository, newest last: ' +
        'aws ecr describe-images --repository-name NAME --query "sort_by(imageDetails,&imagePushedAt)[].imageDigest"',
    );
  }
  return digest;
}

/**
 * Creates the log groups of the build's project and handler, which all builds of a stack share as children of the stack.
 * Otherwise CodeBuild and Lambda would create log groups that never expire and that no stack deletes.
 */
function ownLogs(build: ContainerImageBuild): void {
  for (const owner of Stack.of(build).node.children) {
    const logGroupName = logGroupNameOf(owner);
    if (logGroupName === undefined) continue;
    const logGroup = owner.node.tryFindChild('LogGroup') ?? new logs.LogGroup(owner, 'LogGroup', { logGroupName });
    // The log group exists before the first build and until after the last call of the handler.
    build.node.findChild('Resource').node.addDependency(logGroup);
  }
}

function logGroupNameOf(owner: IConstruct): string | undefined {
  if (owner instanceof codebuild.Project && owner.node.id.startsWith('ContainerImageBuild')) {
    return `/aws/codebuild/${owner.projectName}`;
  }
  if (owner instanceof lambda.Function && owner.node.id.startsWith('DeployTimeBuildCustomResourceHandler')) {
    return `/aws/lambda/${owner.functionName}`;
  }
  return undefined;
}

/**
 * Limits the time that CloudFormation waits for a build. A build that fails before its first command never answers, and the
 * default limit is an hour. A build takes 2 to 4 minutes.
 */
function limitWait(build: ContainerImageBuild, seconds: number): void {
  const resource = build.node.findChild('Resource').node.defaultChild;
  if (resource instanceof CfnResource) resource.addPropertyOverride('ServiceTimeout', `${seconds}`);
}
