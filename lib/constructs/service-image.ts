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
  /** Where the image is pushed to, or has been. */
  readonly repository: ecr.IRepository;

  /**
   * Where the image comes from: a folder with a Dockerfile, built and pushed during the deployment
   * by CodeBuild in this account, or the digest of an image that the repository holds already.
   *
   * @throws if the digest is missing or is not `sha256:` and 64 hexadecimal digits
   */
  readonly source: { readonly directory: string } | { readonly digest: string | undefined };

  /**
   * Architecture that the image is built for. Give the service `serviceImage.architecture`, so that both are always one.
   *
   * @default ecs.CpuArchitecture.ARM64
   */
  readonly architecture?: ecs.CpuArchitecture;
}

/** An image, as the tasks and pods that run it need to know it. */
export interface IServiceImage extends IConstruct {
  /** For the container of an ECS task definition; it grants the task's execution role to pull. */
  readonly image: ecs.ContainerImage;
  /** `<repository>:<tag>` or `<repository>@<digest>`. */
  readonly uri: string;
  /** The architecture that the task has to have. */
  readonly architecture: ecs.CpuArchitecture;
}

/**
 * The image that a service runs, built from source or promoted by digest, never by a tag that moves.
 *
 * A build needs no Docker on the laptop. Whoever uses `image` or `uri` waits until the image has been pushed, because both
 * carry the tag that the build returns: a service never starts on an empty repository.
 *
 * Create it in the stack of the service. Each build has a tag of its own (a hash of the source as tag would be refused by
 * immutable tags as soon as a change is reverted), known at deploy time only. The template of another stack does not
 * change with it, and `cdk deploy` skips a stack whose template did not change: the service would keep the old image.
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

  constructor(scope: Construct, id: string, props: ServiceImageProps) {
    super(scope, id);
    const { repository, source } = props;
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
        'Give the image to run, as in -c imageDigest=sha256:…; this lists what a repository holds, newest last: ' +
        'aws ecr describe-images --repository-name NAME --query "sort_by(imageDetails,&imagePushedAt)[].imageDigest"',
    );
  }
  return digest;
}

/**
 * The project and the handler of the build are one a stack, next to it. This gives each its log group, in place of the one
 * that CodeBuild and Lambda would make on their own, that never expires and that no stack deletes.
 */
function ownLogs(build: ContainerImageBuild): void {
  for (const owner of Stack.of(build).node.children) {
    const logGroupName = logGroupNameOf(owner);
    if (logGroupName === undefined) continue;
    const logGroup = owner.node.tryFindChild('LogGroup') ?? new logs.LogGroup(owner, 'LogGroup', { logGroupName });
    // Before the first build, and until after the handler has been called for the last time.
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

/** A build that dies before its first command never answers, and CloudFormation would wait for an hour. One takes 2 to 4 minutes. */
function limitWait(build: ContainerImageBuild, seconds: number): void {
  const resource = build.node.findChild('Resource').node.defaultChild;
  if (resource instanceof CfnResource) resource.addPropertyOverride('ServiceTimeout', `${seconds}`);
}
