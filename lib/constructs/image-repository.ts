// Kumiki 0.1.0, image-repository.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface ImageRepositoryProps {
  /**
   * Number of images that the repository keeps. Older images expire, even if a task still runs them. Keep more images than are
   * pushed between two deployments of the slowest environment that pulls from this repository.
   *
   * @default 30
   * @throws unless it is a whole number of at least 1
   */
  readonly keepImages?: number;

  /**
   * Key that encrypts the images. A change of the key replaces the repository.
   *
   * @default AES-256 with keys that Amazon S3 manages, at no cost
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Removal policy of the repository. With DESTROY, the images are deleted first, because a repository with images cannot be
   * deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A repository for the images of one service. Tags are immutable, each push is scanned, and old images expire.
 *
 * Immutable tags make a deployment repeatable, because the image that runs under a tag is the image that was tested. The
 * repository refuses a second push of the same tag, so each push needs a new tag.
 *
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
 *
 * @example
 * ```ts
 * const images = new ImageRepository(this, 'Images', { keepImages: 50 });
 * images.repository.grantPull(new iam.AccountPrincipal('111122223333'));
 * ```
 */
export class ImageRepository extends Construct {
  readonly repository: ecr.Repository;

  constructor(scope: Construct, id: string, props: ImageRepositoryProps = {}) {
    super(scope, id);
    const { keepImages = 30, encryptionKey, removalPolicy = RemovalPolicy.RETAIN } = props;
    if (!(Number.isInteger(keepImages) && keepImages >= 1)) {
      throw new Error(
        `keepImages: must be a whole number of at least 1, got ${keepImages}. Leave keepImages out to keep 30 images`,
      );
    }

    this.repository = new ecr.Repository(this, 'Repository', {
      imageTagMutability: ecr.TagMutability.IMMUTABLE,
      imageScanOnPush: true,
      encryption: encryptionKey ? ecr.RepositoryEncryption.KMS : ecr.RepositoryEncryption.AES_256,
      encryptionKey,
      removalPolicy,
      emptyOnDelete: removalPolicy === RemovalPolicy.DESTROY,
      lifecycleRules: [
        {
          rulePriority: 1,
          description: 'Layers of abandoned pushes',
          tagStatus: ecr.TagStatus.UNTAGGED,
          maxImageAge: Duration.days(7),
        },
        // ECR requires the lowest precedence, which is the highest number, for a rule about any image.
        {
          rulePriority: 2,
          description: `All but the newest ${keepImages}`,
          tagStatus: ecr.TagStatus.ANY,
          maxImageCount: keepImages,
        },
      ],
    });
  }
}
