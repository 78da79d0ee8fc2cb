import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { Construct } from 'constructs';
import { ImageRepository } from '../constructs/image-repository';
import { EnvironmentStackProps, ServiceConfig } from '../environment-config';
import { idPrefix } from '../services';

export interface RegistryStackProps extends EnvironmentStackProps {
  readonly services: readonly ServiceConfig[];
}

/**
 * The image repositories of services. The stack that runs an image builds or chooses the image, so that a new image changes
 * the template of that stack.
 */
export class RegistryStack extends Stack {
  /** Services with their repositories. */
  readonly services: readonly { readonly config: ServiceConfig; readonly repository: ecr.IRepository }[];

  constructor(scope: Construct, id: string, props: RegistryStackProps) {
    super(scope, id, props);
    this.services = props.services.map((config) => {
      const prefix = idPrefix(config.name);
      const { repository } = new ImageRepository(this, `${prefix}Images`, {
        removalPolicy: props.removalPolicy,
        encryptionKey: props.encryptionKey,
      });
      for (const [name, value, description] of [
        ['RepositoryName', repository.repositoryName, `Image repository of the service ${config.name}`],
        ['RepositoryUri', repository.repositoryUri, `docker push of the service ${config.name} goes here`],
      ] as const) {
        new CfnOutput(this, `${prefix}${name}`, { value, description });
      }
      return { config, repository };
    });
  }
}
