import { DescribeImageScanFindingsCommand, DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr';
import { EnvironmentConfig } from '../../lib/environment-config';
import { idPrefix, serviceGroups } from '../../lib/services';
import { clientOptions } from '../kit/client';
import type { Deployed } from './deployed';
import { messages } from './messages';
import type { Outcome } from './outcome';
import type { Plan } from './plan';
import { flagsOf } from './stacks';

/** An image that the environment runs by its digest. */
export interface PromotedImage {
  readonly service: string;
  readonly digest: string;
  /** Stack with the repository. */
  readonly stack: string;
  /** Name of the repository; undefined where the stack does not exist yet. */
  readonly repository?: string;
}

/** What ECR says about an image. */
export interface FoundImage {
  readonly exists: boolean;
  /** State of the scan; undefined where the image was not scanned. */
  readonly scan?: string;
  /** Findings by severity. */
  readonly findings?: Readonly<Record<string, number>>;
}

/** The images that the environment names by their digests. */
export function promotedImages({ id, services }: EnvironmentConfig, plan: Plan, deployed: Deployed): PromotedImage[] {
  return serviceGroups(services).flatMap(({ suffix, services: members }) =>
    members.flatMap(({ name, image }) => {
      if (image.from !== 'digest' || image.digest === undefined) return [];
      const stack = `Kumiki-${id}-Registry${suffix}`;
      const logicalId = refIn(plan.templates[stack]?.Outputs?.[`${idPrefix(name)}RepositoryName`]?.Value);
      const repository = deployed.resources.find((found) => found.stack === stack && found.logicalId === logicalId);
      return [{ service: name, digest: image.digest, stack, repository: repository?.physicalId }];
    }),
  );
}

function refIn(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && 'Ref' in value ? String(value.Ref) : undefined;
}

export async function askImage(region: string, repositoryName: string, imageDigest: string): Promise<FoundImage> {
  const client = new ECRClient(clientOptions(region));
  try {
    await client.send(new DescribeImagesCommand({ repositoryName, imageIds: [{ imageDigest }] }));
  } catch (error) {
    if (error instanceof Error && /ImageNotFound|RepositoryNotFound/.test(error.name)) return { exists: false };
    throw error;
  }
  try {
    const { imageScanStatus, imageScanFindings } = await client.send(
      new DescribeImageScanFindingsCommand({ repositoryName, imageId: { imageDigest } }),
    );
    return { exists: true, scan: imageScanStatus?.status, findings: imageScanFindings?.findingSeverityCounts };
  } catch (error) {
    if (error instanceof Error && error.name === 'ScanNotFoundException') return { exists: true };
    throw error;
  }
}

/** Checks that the repository of the environment has the image, and what the scan found in it. */
export function promoted(config: EnvironmentConfig, image: PromotedImage, found?: FoundImage): Outcome {
  const { service, digest, stack, repository } = image;
  const needed = messages.imageNeeded({ service, digest: `${digest.slice(0, 'sha256:'.length + 12)}…` });
  if (repository === undefined || found === undefined) {
    const path = stack.replace(/^Kumiki-(.+)-(\w+)$/, '$1/$2');
    const command = `npx cdk deploy ${path} ${flagsOf(config)}`;
    return {
      verdict: 'problem',
      needed,
      there: messages.noRepository({ stack }),
      todo: messages.deployRegistry({ command }),
    };
  }
  if (!found.exists) {
    return { verdict: 'problem', needed, there: messages.noImage({ repository }), todo: messages.promote };
  }
  const { scan, findings = {} } = found;
  if (scan !== 'COMPLETE' && scan !== 'ACTIVE') {
    const there = messages.notScanned({ repository, status: scan ?? messages.noScan });
    return { verdict: 'warning', needed, there, todo: messages.waitForScan };
  }
  const serious = ['CRITICAL', 'HIGH'].filter((severity) => (findings[severity] ?? 0) > 0);
  const counts = Object.entries(findings).map(([severity, number]) => `${severity} ${number}`);
  const there =
    counts.length === 0
      ? messages.noFindings({ repository })
      : messages.findings({ repository, findings: counts.join(', ') });
  if (serious.length === 0) return { verdict: 'pass', needed, there };
  const command = `aws ecr describe-image-scan-findings --region ${config.region} --repository-name ${repository} --image-id imageDigest=${digest}`;
  return { verdict: 'warning', needed, there, todo: messages.readFindings({ command }) };
}
