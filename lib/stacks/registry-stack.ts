import { CfnOutput, RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ImageRepository } from '../constructs/image-repository';
import { ServiceImage } from '../constructs/service-image';
import { EnvironmentConfig } from '../environments';

export interface RegistryStackProps extends StackProps {
  readonly config: EnvironmentConfig;
  /** Folder with the Dockerfile, for an image that is built from source. */
  readonly containerDirectory: string;
}

export class RegistryStack extends Stack {
  readonly image: ServiceImage;

  constructor(scope: Construct, id: string, props: RegistryStackProps) {
    super(scope, id, props);
    const { config } = props;
    const { repository } = new ImageRepository(this, 'Images', {
      removalPolicy: config.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    this.image = new ServiceImage(this, 'ServiceImage', {
      repository,
      source:
        config.image.from === 'source' ? { directory: props.containerDirectory } : { digest: config.image.digest },
    });

    new CfnOutput(this, 'RepositoryName', { value: repository.repositoryName, description: 'Image repository' });
    new CfnOutput(this, 'RepositoryUri', { value: repository.repositoryUri, description: 'docker push goes here' });
    new CfnOutput(this, 'ImageUri', { value: this.image.uri, description: 'Image that the container service runs' });
  }
}
