import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface ImageRepositoryProps {
  /**
   * Images that are kept; the oldest beyond them expire, whether something still runs them or not. Keep more than are
   * pushed between two deployments of the slowest environment that pulls from here.
   *
   * @default 30
   * @throws unless it is a whole number of at least 1
   */
  readonly keepImages?: number;

  /**
   * Key that encrypts the images; changing it replaces the repository.
   *
   * @default AES-256 with keys that Amazon S3 manages, at no cost
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * What becomes of the repository when the stack goes. With DESTROY it is emptied first: otherwise it could not be deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A registry for the images of one service: a tag names one image for ever, each push is scanned, old images expire.
 *
 * Immutable tags make a deployment repeatable: what was tested under a tag is what runs. They also refuse a second push
 * under a tag, so whoever pushes needs a new tag for each push.
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
        `keepImages: must be a whole number of at least 1, got ${keepImages}. Leave it out to keep 30 images`,
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
        // A rule for any image has to have the lowest precedence, which is the highest number.
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
