import { createHash } from 'node:crypto';
import {
  BatchCheckLayerAvailabilityCommand,
  BatchGetImageCommand,
  CompleteLayerUploadCommand,
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  ECRClient,
  GetDownloadUrlForLayerCommand,
  InitiateLayerUploadCommand,
  PutImageCommand,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr';
import { Failure } from '../kit/language';
import { messages } from './messages';

/** A repository and the client of its region. */
export interface Repository {
  readonly client: ECRClient;
  readonly name: string;
}

const INDEXES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
] as const;
const MANIFESTS = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

interface Descriptor {
  readonly digest: string;
  readonly platform?: { readonly architecture?: string };
}

/** An image or, for several architectures, an index of images. */
interface Manifest {
  readonly digest: string;
  readonly mediaType: string;
  /** As stored: its hash is the digest. */
  readonly text: string;
  /** Layers, with the configuration of the image. */
  readonly layers: readonly string[];
  readonly images: readonly string[];
  /** Images without attestations, which builders add for the platform "unknown", and which ECR cannot scan. */
  readonly scannable: readonly string[];
}

/** Tells whether the repository holds an image with the digest. */
export async function holds({ client, name }: Repository, digest: string): Promise<boolean> {
  try {
    const command = new DescribeImagesCommand({ repositoryName: name, imageIds: [{ imageDigest: digest }] });
    return ((await client.send(command)).imageDetails ?? []).length > 0;
  } catch (error) {
    if (error instanceof Error && error.name === 'ImageNotFoundException') return false;
    throw error;
  }
}

/** Digest of the image with a tag. */
export async function digestOfTag({ client, name }: Repository, tag: string): Promise<string | undefined> {
  try {
    const command = new DescribeImagesCommand({ repositoryName: name, imageIds: [{ imageTag: tag }] });
    return (await client.send(command)).imageDetails?.[0]?.imageDigest;
  } catch (error) {
    if (error instanceof Error && error.name === 'ImageNotFoundException') return undefined;
    throw error;
  }
}

export interface Scan {
  readonly status: string;
  readonly done: boolean;
  /** Findings by severity. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Findings of the scan of an image. For an index, ECR scans its images.
 *
 * @see https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html
 */
export async function scanOf(repository: Repository, digest: string): Promise<Scan> {
  const { images } = await manifestOf(repository, digest);
  const scans = await Promise.all(
    (images.length === 0 ? [digest] : images).map((each) => scanOfImage(repository, each)),
  );
  // An index may have an attestation beside the image, for which ECR has no scan.
  const finished = scans.filter(({ done }) => done);
  const counts: Record<string, number> = {};
  for (const scan of finished) {
    for (const [severity, count] of Object.entries(scan.counts)) counts[severity] = (counts[severity] ?? 0) + count;
  }
  const pending = scans.find(({ status }) => status === 'IN_PROGRESS' || status === 'PENDING');
  const status = (pending ?? finished[0] ?? scans[0])?.status ?? 'none';
  return { status, done: pending === undefined && finished.length > 0, counts };
}

async function scanOfImage({ client, name }: Repository, imageDigest: string): Promise<Scan> {
  try {
    const { imageScanStatus, imageScanFindings } = await client.send(
      new DescribeImageScanFindingsCommand({ repositoryName: name, imageId: { imageDigest }, maxResults: 1 }),
    );
    const status = imageScanStatus?.status ?? 'none';
    // Basic scanning ends with COMPLETE. Enhanced scanning by Amazon Inspector goes on, and is ACTIVE.
    const done = status === 'COMPLETE' || status === 'ACTIVE';
    return { status, done, counts: imageScanFindings?.findingSeverityCounts ?? {} };
  } catch (error) {
    if (error instanceof Error && error.name === 'ScanNotFoundException')
      return { status: 'none', done: false, counts: {} };
    throw error;
  }
}

/** Tells whether the image is the digest itself or one of an index. */
export async function contains(repository: Repository, digest: string, image: string): Promise<boolean> {
  return digest === image || (await manifestOf(repository, digest)).images.includes(image);
}

/**
 * Copies an image, or an index with its images, without Docker. Content that the other repository has is not copied again, so
 * an interrupted copy goes on where it ended. The digest stays the same, because the manifest is copied byte by byte.
 *
 * @param tag protects the image from the lifecycle rule that deletes untagged images
 * @param signal ends the copy before the next layer or image
 * @see https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html
 */
export async function copy(
  from: Repository,
  to: Repository,
  digest: string,
  { tag, signal }: { readonly tag: string; readonly signal: AbortSignal },
): Promise<{ layers: number; uploaded: number }> {
  const manifest = await manifestOf(from, digest);
  const counts = { layers: 0, uploaded: 0 };
  // ECR accepts an index only when it has the images, and an image only when it has the layers.
  for (const image of manifest.images) {
    await copyImage(from, to, await manifestOf(from, image), { counts, signal });
  }
  await copyImage(from, to, manifest, { counts, signal, imageTag: tag });
  return counts;
}

async function copyImage(
  from: Repository,
  to: Repository,
  manifest: Manifest,
  {
    counts,
    signal,
    imageTag,
  }: {
    readonly counts: { layers: number; uploaded: number };
    readonly signal: AbortSignal;
    readonly imageTag?: string;
  },
): Promise<void> {
  for (const layer of manifest.layers) {
    signal.throwIfAborted();
    counts.layers += 1;
    if (await hasLayer(to, layer)) continue;
    await upload(to, layer, await download(from, layer));
    counts.uploaded += 1;
  }
  signal.throwIfAborted();
  const { digest: imageDigest, text: imageManifest, mediaType: imageManifestMediaType } = manifest;
  try {
    const put = new PutImageCommand({
      repositoryName: to.name,
      imageManifest,
      imageManifestMediaType,
      imageDigest,
      imageTag,
    });
    const found = (await to.client.send(put)).image?.imageId?.imageDigest;
    if (found !== imageDigest) throw new Failure(messages.wrongDigest({ digest: imageDigest, found: found ?? '?' }));
  } catch (error) {
    // The repository holds this image with this tag.
    if (!(error instanceof Error && error.name === 'ImageAlreadyExistsException')) throw error;
  }
}

async function manifestOf({ client, name }: Repository, digest: string): Promise<Manifest> {
  const { images: found = [], failures = [] } = await client.send(
    new BatchGetImageCommand({
      repositoryName: name,
      imageIds: [{ imageDigest: digest }],
      acceptedMediaTypes: [...INDEXES, ...MANIFESTS],
    }),
  );
  const [image] = found;
  if (image?.imageManifest === undefined) {
    if (failures.some(({ failureCode }) => failureCode !== 'ImageNotFound')) {
      throw new Failure(messages.unknownManifest({ digest, type: failures[0]?.failureReason ?? '?' }));
    }
    throw new Failure(messages.notHeld({ repository: name, digest, command: listCommand(name) }));
  }
  const text = image.imageManifest;
  const hash = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  if (hash !== digest) throw new Failure(messages.wrongDigest({ digest, found: hash }));
  const parsed: { mediaType?: string; config?: Descriptor; layers?: Descriptor[]; manifests?: Descriptor[] } =
    JSON.parse(text);
  const mediaType = image.imageManifestMediaType ?? parsed.mediaType ?? '?';
  const isIndex = INDEXES.some((known) => known === mediaType);
  if (!isIndex && !MANIFESTS.some((known) => known === mediaType)) {
    throw new Failure(messages.unknownManifest({ digest, type: mediaType }));
  }
  const layers = isIndex ? [] : [...(parsed.layers ?? []), ...(parsed.config ? [parsed.config] : [])];
  const images = isIndex ? (parsed.manifests ?? []) : [];
  const scannable = images.filter(({ platform }) => platform?.architecture !== 'unknown');
  return {
    digest,
    mediaType,
    text,
    layers: [...new Set(layers.map((layer) => layer.digest))],
    images: images.map((each) => each.digest),
    scannable: isIndex ? scannable.map((each) => each.digest) : [digest],
  };
}

async function hasLayer({ client, name }: Repository, digest: string): Promise<boolean> {
  const { layers = [] } = await client.send(
    new BatchCheckLayerAvailabilityCommand({ repositoryName: name, layerDigests: [digest] }),
  );
  return layers.some(({ layerAvailability }) => layerAvailability === 'AVAILABLE');
}

async function download({ client, name }: Repository, digest: string): Promise<Buffer> {
  const { downloadUrl = '' } = await client.send(
    new GetDownloadUrlForLayerCommand({ repositoryName: name, layerDigest: digest }),
  );
  const response = await fetch(downloadUrl);
  if (!response.ok) throw new Failure(messages.notDownloaded({ repository: name, status: response.status }));
  const content = Buffer.from(await response.arrayBuffer());
  const found = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  if (found !== digest) throw new Failure(messages.wrongDigest({ digest, found }));
  return content;
}

async function upload({ client, name }: Repository, digest: string, content: Buffer): Promise<void> {
  const { uploadId, partSize = content.length } = await client.send(
    new InitiateLayerUploadCommand({ repositoryName: name }),
  );
  for (let first = 0; first < content.length; first += partSize) {
    const last = Math.min(first + partSize, content.length);
    await client.send(
      new UploadLayerPartCommand({
        repositoryName: name,
        uploadId,
        partFirstByte: first,
        partLastByte: last - 1,
        layerPartBlob: content.subarray(first, last),
      }),
    );
  }
  try {
    await client.send(new CompleteLayerUploadCommand({ repositoryName: name, uploadId, layerDigests: [digest] }));
  } catch (error) {
    if (!(error instanceof Error && error.name === 'LayerAlreadyExistsException')) throw error;
  }
}

/** The command that lists the digests of a repository, newest last. */
export function listCommand(repository: string): string {
  return (
    `aws ecr describe-images --repository-name ${repository} ` +
    '--query "sort_by(imageDetails,&imagePushedAt)[].imageDigest"'
  );
}
